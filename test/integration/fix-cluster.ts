/** A real cluster, and what leaves slots in it half moved: the raw commands of a move that was cut. */
import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import { slotOfKey } from '../../src/lib/kernel/slot.js';
import { RedisLinks } from '../../src/lib/client/redis-links.js';
import { diagnose } from '../../src/lib/cluster/diagnose.js';
import { observe } from '../../src/lib/execute/observe.js';
import { countForeignKeys } from '../../src/lib/execute/slot-keys.js';
import { runTrib, tribJson } from '../cli/run-trib.js';
import { type RealServer, redisCli } from '../support/real-server.js';
import { type ServerPool, addressOf, idOf } from './real-cluster.js';

export interface FixCluster {
  readonly entry: string;
  /** Primaries in the order of their slots, as far as they still are primaries. */
  readonly servers: readonly RealServer[];
  readonly ids: readonly string[];
}

/** Some keys of one slot, by a tag that hashes there. */
export function keysOf(slot: number, count: number): readonly string[] {
  let tag = 0;
  while (slotOfKey(String(tag)) !== slot) tag++;
  return Array.from({ length: count }, (_, at) => `{${tag}}:${at}`);
}

export async function makeFixCluster(pool: ServerPool, count = 3): Promise<FixCluster> {
  const servers = await pool.start(count, { nodeTimeoutMs: 2_000 });
  const { status, stderr } = await runTrib(['create', '--yes', ...servers.map(addressOf)]);
  expect(status, stderr).to.equal(0);
  return { entry: addressOf(servers[0]!), servers, ids: servers.map(idOf) };
}

/** Many commands, one process: a redis-cli for each would take most of a test's time. */
export function pipe(server: RealServer, commands: readonly string[]): readonly string[] {
  const input = commands.map((command) => `${command}\n`).join('');
  const said = execFileSync('redis-cli', ['-p', String(server.port)], { input, encoding: 'utf8' });
  return said.trimEnd().split('\n');
}

function allOk(replies: readonly string[]): void {
  expect(replies.filter((reply) => reply !== 'OK')).to.deep.equal([]);
}

export function setSlot(server: RealServer, slot: number, ...state: readonly string[]): void {
  setSlots(server, [slot], ...state);
}

export function setSlots(
  server: RealServer,
  slots: readonly number[],
  ...state: readonly string[]
): void {
  allOk(
    pipe(
      server,
      slots.map((slot) => `CLUSTER SETSLOT ${slot} ${state.join(' ')}`),
    ),
  );
}

export function write(server: RealServer, keys: readonly string[], value = 'value'): void {
  allOk(
    pipe(
      server,
      keys.map((key) => `SET ${key} ${value}`),
    ),
  );
}

/** As a client that was sent here by ASK: the slot must be open. */
export function writeAsking(server: RealServer, keys: readonly string[], value = 'value'): void {
  allOk(
    pipe(
      server,
      keys.flatMap((key) => ['ASKING', `SET ${key} ${value}`]),
    ),
  );
}

export function migrate(source: RealServer, target: RealServer, keys: readonly string[]): void {
  const { host, port } = target;
  const args = ['MIGRATE', host, String(port), '', '0', '5000', 'KEYS', ...keys];
  expect(redisCli(source.port, ...args)).to.equal('OK');
}

export function countOf(server: RealServer, slot: number): number {
  return countsOf(server, [slot])[0]!;
}

export function countsOf(server: RealServer, slots: readonly number[]): readonly number[] {
  return pipe(
    server,
    slots.map((slot) => `CLUSTER COUNTKEYSINSLOT ${slot}`),
  ).map(Number);
}

/** Keys of the slot over all nodes. */
export function countAll({ servers }: FixCluster, slot: number): number {
  return servers.reduce((sum, server) => sum + countOf(server, slot), 0);
}

/** All nodes say so. */
export function ownerOf(cluster: FixCluster, slot: number): number {
  const owners = ownersOf(cluster, slot);
  expect(new Set(owners).size, `owners of ${slot}: ${owners.join()}`).to.equal(1);
  return owners[0]!;
}

/** As each node sees it; -1 for nobody. */
export function ownersOf({ servers, ids }: FixCluster, slot: number): readonly number[] {
  return servers.map((server) => {
    for (const line of pipe(server, ['CLUSTER NODES'])) {
      const [id, , , , , , , , ...words] = line.split(' ');
      for (const word of words) {
        const [first, last = first] = word.split('-').map(Number);
        if (!word.startsWith('[') && first! <= slot && slot <= last!) return ids.indexOf(id!);
      }
    }
    return -1;
  });
}

export interface Outcome {
  readonly status: number;
  readonly document: any;
}

/** `fix` has done it when a check, with a search for stray keys, finds nothing any more. */
export async function fixed(cluster: FixCluster, args: readonly string[] = []): Promise<Outcome> {
  const outcome = await tribJson(['fix', cluster.entry, '--yes', ...args]);
  expect(outcome.status, JSON.stringify(outcome.document, null, 1)).to.equal(0);
  expect(await errorsIn(cluster)).to.deep.equal([]);
  return outcome;
}

export async function errorsIn({ servers }: FixCluster): Promise<readonly string[]> {
  const links = new RedisLinks({});
  try {
    const { host, port } = servers[0]!;
    const view = await observe(links, { host, port });
    const findings = diagnose(view, await countForeignKeys(links, view));
    return findings.filter(({ severity }) => severity === 'error').map(({ message }) => message);
  } finally {
    links.closeAll();
  }
}

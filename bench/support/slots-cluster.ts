/**
 * Clusters of real servers full of keys, for those who move slots: fresh and alike for every tool, and judged
 * alike afterwards: every key counted, every slot owned, all nodes agreed.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { RedisLinks } from '../../src/lib/client/redis-links.js';
import type { NodeAddress } from '../../src/lib/cluster/model.js';
import { membersOf, type Member } from '../../src/lib/cluster/view.js';
import { observe } from '../../src/lib/execute/observe.js';
import { countSlots, slotsIn } from '../../src/lib/kernel/ranges.js';
import { SLOT_COUNT, slotOfKey } from '../../src/lib/kernel/slot.js';
import { formCluster } from '../../src/lib/lab/form.js';
import { findFreePorts } from '../../src/lib/lab/ports.js';
import { RawClient } from './raw-client.js';
import { startFreshServers, waitWhole } from './real-cluster.js';

const HOST = '127.0.0.1';
const VALUE = 'x'.repeat(100);
const FORM_DEADLINE_MS = 120_000;
/** A new port travels with pings, one every half node timeout between two nodes at the latest. */
const ANNOUNCE_DEADLINE_MS = 120_000;

/** The keys of a filled cluster, from 0. */
export const keyAt = (at: number): string => `key:${at}`;

export interface SlotsClusterOptions {
  readonly primaries: number;
  readonly replicasEach?: number;
  readonly keys: number;
  /** Every client port stands behind a proxy that holds each direction back for so long. */
  readonly delayMs?: number;
}

export class SlotsCluster {
  readonly entry: string;
  readonly #entry: NodeAddress;
  readonly #size: number;
  /** Where servers listen themselves, past any proxy. */
  readonly #direct: ReadonlyMap<number, number>;

  constructor(entry: NodeAddress, size: number, direct: ReadonlyMap<number, number>) {
    this.#entry = entry;
    this.entry = `${entry.host}:${entry.port}`;
    this.#size = size;
    this.#direct = direct;
  }

  /** In the order of their slots; those without come last. */
  async primaries(): Promise<readonly Member[]> {
    const links = new RedisLinks();
    try {
      const members = membersOf(await observe(links, this.#entry));
      const first = ({ slots }: Member): number => slots[0]?.first ?? SLOT_COUNT;
      return members
        .filter(({ role }) => role === 'primary')
        .sort((one, other) => first(one) - first(other));
    } finally {
      links.closeAll();
    }
  }

  portOf({ address }: Member): number {
    return this.#direct.get(address.port) ?? address.port;
  }

  /** All keys, counted at the primaries. */
  async countKeys(): Promise<number> {
    let sum = 0;
    for (const primary of await this.primaries()) {
      sum += Number((await this.call(primary, 'DBSIZE')).slice(1));
    }
    return sum;
  }

  async call(member: Member, ...argv: string[]): Promise<string> {
    const client = await RawClient.open(HOST, this.portOf(member));
    try {
      return await client.call(...argv);
    } finally {
      client.close();
    }
  }

  /** Commands that are all answered with OK. */
  async pipeline(member: Member, requests: readonly (readonly string[])[]): Promise<void> {
    const client = await RawClient.open(HOST, this.portOf(member));
    await client.pipeline(requests);
    client.close();
  }

  /** @throws when a key is lost or twice there, a slot is nobody's, or nodes differ. */
  async verify(keys: number): Promise<void> {
    await waitWhole(this.#entry, this.#size);
    const primaries = await this.primaries();
    const slots = primaries.reduce((sum, member) => sum + countSlots(member.slots), 0);
    if (slots !== SLOT_COUNT) throw new Error(`${slots} slots are owned`);
    const open = primaries.filter(
      ({ record }) => record.migrating.size + record.importing.size > 0,
    );
    if (open.length > 0) throw new Error('slots were left open');
    const counted = await this.countKeys();
    if (counted !== keys) throw new Error(`${counted} of ${keys} keys are there`);
  }

  async fill(keys: number): Promise<void> {
    const requests = new Map<Member, string[][]>();
    const owners: Member[] = [];
    for (const primary of await this.primaries()) {
      for (const slot of slotsIn(primary.slots)) owners[slot] = primary;
      requests.set(primary, []);
    }
    for (let at = 0; at < keys; at++) {
      const key = keyAt(at);
      requests.get(owners[slotOfKey(key)]!)!.push(['SET', key, VALUE]);
    }
    await Promise.all([...requests].map(([member, all]) => this.pipeline(member, all)));
  }
}

export async function withSlotsCluster<T>(
  { primaries, replicasEach = 0, keys, delayMs = 0 }: SlotsClusterOptions,
  use: (cluster: SlotsCluster) => Promise<T>,
): Promise<T> {
  const size = primaries * (1 + replicasEach);
  const servers = await startFreshServers(size);
  let proxies: ChildProcess | undefined;
  try {
    const options = { replicasPerPrimary: replicasEach, deadlineMs: FORM_DEADLINE_MS };
    await formCluster(servers.addresses, options);
    const direct = new Map<number, number>();
    let entry = servers.addresses[0]!;
    if (delayMs > 0) {
      const ports = await findFreePorts(HOST, size);
      ports.forEach((port, at) => direct.set(port, servers.addresses[at]!.port));
      proxies = await startProxies(servers.addresses, ports, delayMs);
      await announceProxies(servers.addresses, ports);
      entry = { host: HOST, port: ports[0]! };
    }
    const cluster = new SlotsCluster(entry, size, direct);
    await waitWhole(entry, size);
    await cluster.fill(keys);
    return await use(cluster);
  } finally {
    proxies?.disconnect();
    await servers.stop();
  }
}

export async function startProxies(
  targets: readonly NodeAddress[],
  ports: readonly number[],
  delayMs: number,
): Promise<ChildProcess> {
  const script = fileURLToPath(new URL('../children/proxies.ts', import.meta.url));
  const pairs = targets.map(({ port }, index) => `${ports[index]!}:${port}`);
  const child = fork(script, [String(delayMs), ...pairs], {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  await once(child.stdout!, 'data');
  return child;
}

/** Until every node tells every other node's new port: until then a tool would take the short way. */
export async function announceProxies(
  nodes: readonly NodeAddress[],
  ports: readonly number[],
): Promise<void> {
  const links = new RedisLinks();
  const giveUpAt = Date.now() + ANNOUNCE_DEADLINE_MS;
  const wanted = ports.map((port) => `${HOST}:${port}@`);
  try {
    await Promise.all(
      nodes.map(async (node, index) => {
        const link = links.to(node);
        await link.call(['CONFIG', 'SET', 'cluster-announce-bus-port', node.port + 10_000]);
        await link.call(['CONFIG', 'SET', 'cluster-announce-port', ports[index]!]);
      }),
    );
    for (const node of nodes) {
      for (;;) {
        const told = String(await links.to(node).call(['CLUSTER', 'NODES']));
        if (wanted.every((address) => told.includes(address))) break;
        if (Date.now() > giveUpAt) throw new Error('the proxies are not known everywhere');
        await delay(100);
      }
    }
  } finally {
    links.closeAll();
  }
}

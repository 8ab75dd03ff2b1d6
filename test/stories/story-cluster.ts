/** A cluster of real servers made by trib, and what its nodes say of each other: the ground of a story. */
import { expect } from 'chai';
import { slotOfKey } from '../../src/lib/kernel/slot.js';
import { runTrib } from '../cli/run-trib.js';
import { type ServerPool, addressOf, clusterInfo, idOf } from '../integration/real-cluster.js';
import { type RealServer, type RealServerOptions, redisCli } from '../support/real-server.js';
import { waitUntil } from '../support/wait.js';

/** Primaries first, in the order of their slots; then one replica of each, in the same order. */
export interface StoryCluster {
  readonly servers: readonly RealServer[];
  readonly entry: string;
}

export async function makeCluster(
  pool: ServerPool,
  count: number,
  options: RealServerOptions = {},
): Promise<StoryCluster> {
  const started = await pool.start(count, { nodeTimeoutMs: 2_000, ...options });
  const replicas = count >= 6 ? ['--replicas', '1'] : [];
  const { status, stderr } = await runTrib([
    ...['create', '--yes', ...replicas],
    ...started.map(addressOf),
  ]);
  expect(status, stderr).to.equal(0);
  const primaries = started.slice(0, 3);
  const followers = primaries.flatMap((primary) => replicasOf(primary, started));
  return { servers: [...primaries, ...followers], entry: addressOf(primaries[0]!) };
}

export function replicasOf(primary: RealServer, among: readonly RealServer[]): RealServer[] {
  const id = idOf(primary);
  return among.filter((server) => lineAt(primary, idOf(server))?.split(' ')[3] === id);
}

/** What one node says of another: the line of CLUSTER NODES, or undefined. */
export function lineAt({ port }: RealServer, id: string): string | undefined {
  return redisCli(port, 'CLUSTER', 'NODES')
    .split('\n')
    .find((line) => line.startsWith(id));
}

export async function heldForDead(id: string, by: readonly RealServer[]): Promise<void> {
  await waitUntil(`${id} is held for dead`, () =>
    by.every((server) => lineAt(server, id)?.includes(',fail ') === true),
  );
}

export async function serves(server: RealServer): Promise<void> {
  await waitUntil('the node serves', () => clusterInfo(server, 'cluster_state') === 'ok');
}

/** Writes a key that belongs to this primary and waits for its replica: it has something to lose. */
export function writeTo(primary: RealServer, firstSlot: number): string {
  let candidate = 0;
  while (
    slotOfKey(String(candidate)) < firstSlot ||
    slotOfKey(String(candidate)) > firstSlot + 5_000
  )
    candidate++;
  redisCli(primary.port, 'SET', String(candidate), 'value');
  expect(Number(redisCli(primary.port, 'WAIT', '1', '5000'))).to.be.at.least(1);
  return String(candidate);
}

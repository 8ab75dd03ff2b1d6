/** A thousand slots left half open, each with its keys on both sides, and what it takes to close them. */
import { slotsIn } from '../../src/lib/kernel/ranges.js';
import { type Figure, timeSuccess } from '../support/measure.js';
import { withSlotsCluster, type SlotsCluster } from '../support/slots-cluster.js';
import { TRIB } from '../support/trib.js';

const OPEN_SLOTS = 1_000;

/** As after a move that was cut: the source migrating, the target importing, one key gone already. */
async function leaveOpen(cluster: SlotsCluster): Promise<void> {
  const [source, target] = await cluster.primaries();
  if (!source || !target) throw new Error('two primaries are needed');
  for (const slot of [...slotsIn(source.slots)].slice(0, OPEN_SLOTS)) {
    const state = ['CLUSTER', 'SETSLOT', String(slot)];
    await cluster.call(target, ...state, 'IMPORTING', source.id);
    await cluster.call(source, ...state, 'MIGRATING', target.id);
    const reply = await cluster.call(source, 'CLUSTER', 'GETKEYSINSLOT', String(slot), '1');
    const key = reply.split('\r\n')[2];
    if (!key) continue;
    const { host, port } = target.address;
    await cluster.call(source, 'MIGRATE', host, String(port), key, '0', '5000');
  }
}

async function fixMs(
  keys: number,
  telling: (entry: string) => readonly [string, readonly string[]],
): Promise<number> {
  return withSlotsCluster({ primaries: 3, replicasEach: 1, keys }, async (cluster) => {
    await leaveOpen(cluster);
    const [file, words] = telling(cluster.entry);
    const ms = await timeSuccess(file, words);
    await cluster.verify(keys);
    return ms;
  });
}

export async function benchFix(keys: number, runs: number): Promise<Figure[]> {
  const trib: number[] = [];
  const other: number[] = [];
  for (let run = 0; run < runs; run++) {
    trib.push(await fixMs(keys, (entry) => [process.execPath, [TRIB, 'fix', entry, '--yes']]));
    other.push(
      await fixMs(keys, (entry) => ['redis-cli', ['--cluster', 'fix', entry, '--cluster-yes']]),
    );
  }
  return [
    {
      what: `fix of ${OPEN_SLOTS} half-open slots, ${keys} keys in all`,
      unit: 'ms',
      trib,
      other: { name: 'redis-cli', samples: other },
      wanted: { kind: 'times faster', factor: 5 },
    },
  ];
}

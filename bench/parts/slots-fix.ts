/** A thousand slots left half open by a move that was cut, and what it takes to finish it. */
import { slotsIn } from '../../src/lib/kernel/ranges.js';
import { type Figure, timeSuccess } from '../support/measure.js';
import { withSlotsCluster, type SlotsCluster } from '../support/slots-cluster.js';
import { TRIB } from '../support/trib.js';

const OPEN_SLOTS = 1_000;

/**
 * As after a move that was cut before its keys went. With keys on both sides redis-cli 7.0 names the one with
 * more keys the owner, which takes the cluster down for a moment, and ends with CLUSTERDOWN: no time to compare.
 */
async function leaveOpen(cluster: SlotsCluster): Promise<void> {
  const [source, target] = await cluster.primaries();
  if (!source || !target) throw new Error('two primaries are needed');
  const slots = [...slotsIn(source.slots)].slice(0, OPEN_SLOTS);
  const mark = (slot: number, state: string, peer: string): string[] => [
    ...['CLUSTER', 'SETSLOT', String(slot), state, peer],
  ];
  await cluster.pipeline(
    target,
    slots.map((slot) => mark(slot, 'IMPORTING', source.id)),
  );
  await cluster.pipeline(
    source,
    slots.map((slot) => mark(slot, 'MIGRATING', target.id)),
  );
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
      limitedBy:
        'All slots have one source, which moves one batch at a time whoever asks for it: a thousand MIGRATEs in a row are most of the time of both.',
    },
  ];
}

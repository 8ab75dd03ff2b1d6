/** A thousand slots left half open by a move that was cut, and what it takes to finish it. */
import { slotsIn } from '../../src/lib/kernel/ranges.js';
import { slotOfKey } from '../../src/lib/kernel/slot.js';
import { type Figure, timeSuccess } from '../support/measure.js';
import { keyAt, withSlotsCluster, type SlotsCluster } from '../support/slots-cluster.js';
import { TRIB } from '../support/trib.js';

const OPEN_SLOTS = 1_000;

/**
 * As after a move that was cut before its keys went, or when one key of each slot had gone. With keys on both sides
 * redis-cli 7.0 names the one with more keys the owner, which takes the cluster down for a moment, and ends with
 * CLUSTERDOWN: no time to compare.
 */
async function leaveOpen(cluster: SlotsCluster, keys: number, isBegun: boolean): Promise<void> {
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
  if (!isBegun) return;
  const { host, port } = target.address;
  const first = firstKeys(new Set(slots), keys);
  await cluster.pipeline(
    source,
    first.map((key) => ['MIGRATE', host, String(port), key, '0', '5000']),
  );
}

/** One key of each of these slots. */
function firstKeys(slots: Set<number>, keys: number): readonly string[] {
  const found: string[] = [];
  for (let at = 0; at < keys && slots.size > 0; at++) {
    const key = keyAt(at);
    if (slots.delete(slotOfKey(key))) found.push(key);
  }
  return found;
}

async function fixMs(
  keys: number,
  isBegun: boolean,
  telling: (entry: string) => readonly [string, readonly string[]],
): Promise<number> {
  return withSlotsCluster({ primaries: 3, replicasEach: 1, keys }, async (cluster) => {
    await leaveOpen(cluster, keys, isBegun);
    const [file, words] = telling(cluster.entry);
    const ms = await timeSuccess(file, words);
    await cluster.verify(keys);
    return ms;
  });
}

/** Both tools end with the same: no slot open, every key there. What nothing has left, trib closes; redis-cli moves it. */
export async function benchFix(keys: number, runs: number): Promise<Figure[]> {
  const trib: number[] = [];
  const begun: number[] = [];
  const other: number[] = [];
  const fix = (entry: string): readonly [string, readonly string[]] => [
    process.execPath,
    [TRIB, 'fix', entry, '--yes'],
  ];
  for (let run = 0; run < runs; run++) {
    trib.push(await fixMs(keys, false, fix));
    other.push(
      await fixMs(keys, false, (entry) => [
        'redis-cli',
        ['--cluster', 'fix', entry, '--cluster-yes'],
      ]),
    );
    begun.push(await fixMs(keys, true, fix));
  }
  return [
    {
      what: `fix of ${OPEN_SLOTS} half-open slots, ${keys} keys in all`,
      unit: 'ms',
      trib,
      other: { name: 'redis-cli', samples: other },
      wanted: { kind: 'times faster', factor: 5 },
    },
    {
      what: `fix of ${OPEN_SLOTS} slots of which one key each has gone: moved on`,
      unit: 'ms',
      trib: begun,
      wanted: { kind: 'shown' },
    },
  ];
}

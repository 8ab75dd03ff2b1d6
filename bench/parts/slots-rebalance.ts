/** Three primaries full of keys become six: members join empty, then each tool spreads the slots. */
import { type Figure, timeSuccess } from '../support/measure.js';
import { withSlotsCluster } from '../support/slots-cluster.js';
import { TRIB } from '../support/trib.js';

/** Six primaries, of which the last three have given their slots away again before there was a key. */
async function rebalanceMs(
  keys: number,
  telling: (entry: string) => readonly [string, readonly string[]],
): Promise<number> {
  return withSlotsCluster({ primaries: 6, keys: 0 }, async (cluster) => {
    const all = await cluster.primaries();
    for (const member of all)
      await cluster.call(member, 'CONFIG', 'SET', 'cluster-allow-replica-migration', 'no');
    const [full, empty] = [all.slice(0, 3), all.slice(3)];
    for (const [at, member] of empty.entries()) {
      const slots = member.slots.map(({ first, last }) => `${first}-${last}`).join(',');
      const to = full[at]!.id;
      await timeSuccess(process.execPath, [
        TRIB,
        'move-slots',
        cluster.entry,
        slots,
        '--to',
        to,
        '--yes',
      ]);
    }
    await cluster.fill(keys);
    const [file, words] = telling(cluster.entry);
    const ms = await timeSuccess(file, words);
    await cluster.verify(keys);
    return ms;
  });
}

export async function benchRebalance(keys: number, runs: number): Promise<Figure[]> {
  const trib: number[] = [];
  const other: number[] = [];
  for (let run = 0; run < runs; run++) {
    trib.push(
      await rebalanceMs(keys, (entry) => [
        process.execPath,
        [TRIB, 'rebalance', entry, '--use-empty-masters', '--yes'],
      ]),
    );
    other.push(
      await rebalanceMs(keys, (entry) => [
        'redis-cli',
        ['--cluster', 'rebalance', entry, '--cluster-use-empty-masters', '--cluster-yes'],
      ]),
    );
  }
  return [
    {
      what: `rebalance from 3 to 6 primaries, ${keys} keys`,
      unit: 'ms',
      trib,
      other: { name: 'redis-cli', samples: other },
      wanted: { kind: 'times faster', factor: 2.5 },
    },
  ];
}

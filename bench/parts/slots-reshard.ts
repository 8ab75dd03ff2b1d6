/** 2000 slots with their keys to one of three primaries, by each tool on a fresh cluster of its own. */
import { type Figure, timeSuccess } from '../support/measure.js';
import { withSlotsCluster, type SlotsClusterOptions } from '../support/slots-cluster.js';
import { TRIB } from '../support/trib.js';

/** How a tool is told: `[program, words]`. */
type Telling = (wish: {
  readonly entry: string;
  readonly to: string;
  readonly slots: number;
}) => readonly [string, readonly string[]];

const WITH_TRIB: Telling = ({ entry, to, slots }) => [
  process.execPath,
  [TRIB, 'reshard', entry, '--from', 'all', '--to', to, '--slots', String(slots), '--yes'],
];

const withRedisCli =
  (...more: readonly string[]): Telling =>
  ({ entry, to, slots }) => [
    'redis-cli',
    [
      ...['--cluster', 'reshard', entry, '--cluster-from', 'all', '--cluster-to', to],
      ...['--cluster-slots', String(slots), '--cluster-yes', ...more],
    ],
  ];

const withRedisTrib =
  (script: string): Telling =>
  ({ entry, to, slots }) => [
    'ruby',
    [script, 'reshard', '--from', 'all', '--to', to, '--slots', String(slots), '--yes', entry],
  ];

async function reshardMs(
  cluster: SlotsClusterOptions,
  slots: number,
  telling: Telling,
): Promise<number> {
  return withSlotsCluster(cluster, async (made) => {
    const last = (await made.primaries()).at(-1)!;
    const [file, words] = telling({ entry: made.entry, to: last.id, slots });
    const ms = await timeSuccess(file, words);
    await made.verify(cluster.keys);
    return ms;
  });
}

/** The keys of 2000 slots are 73,000 where 600,000 are spread over all of them. */
export async function benchReshard(keys: number, runs: number): Promise<Figure[]> {
  const cluster: SlotsClusterOptions = { primaries: 3, replicasEach: 1, keys };
  const slots = 2_000;
  const script = process.env['REDIS_TRIB'];
  const tools: readonly [string, number | undefined, Telling][] = [
    ['redis-cli', 2.5, withRedisCli()],
    ['redis-cli, pipeline 100', 1.8, withRedisCli('--cluster-pipeline', '100')],
    ...(script === undefined
      ? []
      : [['redis-trib.rb', undefined, withRedisTrib(script)] as [string, undefined, Telling]]),
  ];
  const trib: number[] = [];
  const others = tools.map(() => [] as number[]);
  for (let run = 0; run < runs; run++) {
    trib.push(await reshardMs(cluster, slots, WITH_TRIB));
    for (const [at, [, , telling]] of tools.entries()) {
      others[at]!.push(await reshardMs(cluster, slots, telling));
    }
  }
  const moved = Math.round((keys * slots) / 16_384);
  return tools.map(([name, factor], at) => ({
    what: `reshard of ${slots} slots with ${moved} keys, beside ${name}`,
    unit: 'ms',
    trib,
    other: { name, samples: others[at]! },
    wanted: factor === undefined ? { kind: 'shown' } : { kind: 'times faster', factor },
    limitedBy:
      'A quarter of a second is the start of Node and the look at the cluster; the rest is the servers: MIGRATE keeps a source waiting for its target, and six servers share two cores with the tool. The mover alone takes 0.9 to 1.3 s of it.',
  }));
}

const FAR_MS = 1;

export async function benchFarReshard(keys: number, runs: number): Promise<Figure[]> {
  const cluster: SlotsClusterOptions = { primaries: 3, replicasEach: 1, keys, delayMs: FAR_MS };
  const slots = 500;
  const trib: number[] = [];
  const other: number[] = [];
  for (let run = 0; run < runs; run++) {
    trib.push(await reshardMs(cluster, slots, WITH_TRIB));
    other.push(await reshardMs(cluster, slots, withRedisCli()));
  }
  return [
    {
      what: `reshard of ${slots} slots, ${FAR_MS} ms away each way`,
      unit: 'ms',
      trib,
      other: { name: 'redis-cli', samples: other },
      wanted: { kind: 'times faster', factor: 10 },
      limitedBy:
        'Every slot with keys costs its source one round trip to the target, during which it does nothing else: 250 of them at 2 ms, and what the timers of the proxies add, are more than half of the time.',
    },
  ];
}

/**
 * The node under redis-benchmark's own tests, beside redis-server: both run all the time, and are measured in
 * turns, so that what else the machine does falls upon both.
 */
import { type Figure, median, timeSuccess, timeProgram } from '../support/measure.js';
import { type Kind, KINDS, Server } from '../support/server.js';

const CLIENTS = 50;
/** As redis-benchmark runs them by default; those that answer with hundreds of elements apart. */
const LIGHT =
  'ping_inline,ping_mbulk,set,get,incr,lpush,rpush,lpop,rpop,sadd,hset,spop,zadd,zpopmin,mset';
const HEAVY = 'lrange_100,lrange_300,lrange_500,lrange_600';
/** A long list answers slower by as much. */
const HEAVY_SHARE = 0.1;

const WANTED_MEAN: Readonly<Record<number, number>> = { 1: 0.9, 16: 0.7 };
const WANTED_LEAST = 0.4;
const LIMITED_BY =
  'See "What was tried" below; the ratios of single tests on a crowded machine scatter by a third.';

/** Requests per second by test, one sample per run. */
type Rates = Map<string, number[]>;

export async function benchThroughput(requests: number, runs: number): Promise<Figure[]> {
  const servers = await Promise.all(KINDS.map((kind) => Server.start(kind)));
  try {
    const figures: Figure[] = [await completes(servers)];
    for (const pipeline of [1, 16]) {
      const factor = pipeline === 1 ? 1 : 4;
      await measureAll(servers, pipeline, Math.ceil((requests * factor) / 10), 1);
      const rates = await measureAll(servers, pipeline, requests * factor, runs);
      figures.push(...summary(pipeline, rates), ...each(pipeline, rates));
    }
    return figures;
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

/** The short run people try first. */
async function completes(servers: readonly Server[]): Promise<Figure> {
  const words = ['-q', '-n', '1000', '-c', '10', '-P', '5'];
  const times: number[] = [];
  const names: string[] = [];
  for (const { port } of servers) {
    times.push(await timeSuccess('redis-benchmark', ['-p', String(port), ...words]));
    const { output } = await timeProgram('redis-benchmark', ['-p', String(port), ...words]);
    names.push(
      [...output.matchAll(/([A-Z][^:\r\n]*): [\d.]+ requests/g)].map(([, name]) => name).join(),
    );
  }
  if (names[0] !== names[1]) throw new Error(`not the same tests: ${names.join(' | ')}`);
  return {
    what: `redis-benchmark ${words.join(' ')}: every test, start to end`,
    unit: 'ms',
    trib: [times[0]!],
    other: { name: 'redis-server', samples: [times[1]!] },
    wanted: { kind: 'shown' },
  };
}

async function measureAll(
  servers: readonly Server[],
  pipeline: number,
  requests: number,
  runs: number,
): Promise<Readonly<Record<Kind, Rates>>> {
  const rates = { trib: new Map(), 'redis-server': new Map() } as Record<Kind, Rates>;
  for (let run = 0; run < runs; run++) {
    for (const [tests, count] of [
      ...LIGHT.split(',').map((test) => [test, requests] as const),
      [HEAVY, Math.ceil(requests * HEAVY_SHARE)] as const,
    ]) {
      for (const { kind, port } of servers) {
        const shape = ['-c', String(CLIENTS), '-P', String(pipeline), '-n', String(count)];
        const { output, status } = await timeProgram('redis-benchmark', [
          ...['-p', String(port), '-t', tests, '--csv', ...shape],
        ]);
        if (status !== 0) throw new Error(output);
        for (const [, test, rate] of output.matchAll(/^"([A-Z][^"]*)","([\d.]+)"/gm)) {
          const samples = rates[kind].get(test!) ?? [];
          rates[kind].set(test!, [...samples, Number(rate)]);
        }
      }
    }
    for (const server of servers) await server.call('FLUSHALL');
  }
  return rates;
}

function summary(pipeline: number, rates: Readonly<Record<Kind, Rates>>): Figure[] {
  const tests = [...rates['redis-server'].keys()];
  const runs = rates['redis-server'].get(tests[0]!)!.length;
  const means = Array.from({ length: runs }, (_, run) => {
    const logs = tests.map((test) =>
      Math.log(rates.trib.get(test)![run]! / rates['redis-server'].get(test)![run]!),
    );
    return Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length);
  });
  const ratios = tests.map(
    (test) => median(rates.trib.get(test)!) / median(rates['redis-server'].get(test)!),
  );
  const shape = `${CLIENTS} clients, pipeline ${pipeline}`;
  return [
    {
      what: `rate, share of redis-server's, geometric mean; ${shape}`,
      unit: 'x',
      trib: means,
      wanted: { kind: 'above', limit: WANTED_MEAN[pipeline]! },
      limitedBy: LIMITED_BY,
    },
    {
      what: `the same of the slowest of ${tests.length} tests; ${shape}`,
      unit: 'x',
      trib: [Math.min(...ratios)],
      wanted: { kind: 'above', limit: WANTED_LEAST },
      limitedBy: LIMITED_BY,
    },
  ];
}

function each(pipeline: number, rates: Readonly<Record<Kind, Rates>>): Figure[] {
  return [...rates['redis-server']].map(([test, samples]) => ({
    what: `${test.replace(/ \(first.*| \(needed.*/, '')}, pipeline ${pipeline}`,
    unit: 'k/s',
    trib: rates.trib.get(test)!.map((rate) => rate / 1000),
    other: { name: 'redis-server', samples: samples.map((rate) => rate / 1000) },
    wanted: { kind: 'rate' },
  }));
}

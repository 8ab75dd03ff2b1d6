/**
 * What a client feels while slots move: its 99th percentile under redis-cli, and under trib held to one and a
 * half times redis-cli's speed with the latency guard on. The client asks every primary in turn, one
 * question at a time, and follows no redirection: it asks for its keys where they are, moved or not.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type Figure, timeSuccess } from '../support/measure.js';
import { RawClient } from '../support/raw-client.js';
import { withSlotsCluster, type SlotsCluster } from '../support/slots-cluster.js';
import { TRIB } from '../support/trib.js';

const SLOTS = 2_000;
const SPEED = 1.5;
const GUARD_MS = 1;

interface Felt {
  readonly p99Ms: number;
  readonly tookMs: number;
}

async function feel(
  keys: number,
  telling: (entry: string, to: string) => readonly [string, readonly string[]],
): Promise<Felt> {
  return withSlotsCluster({ primaries: 3, replicasEach: 1, keys }, async (cluster) => {
    const to = (await cluster.primaries()).at(-1)!.id;
    const [file, words] = telling(cluster.entry, to);
    const child = spawn(file, words, { stdio: ['ignore', 'ignore', 'inherit'] });
    const startedAt = performance.now();
    const over = once(child, 'exit');
    let isOver = false;
    void over.then(() => (isOver = true));
    const delays = await askUntil(cluster, () => isOver);
    const tookMs = performance.now() - startedAt;
    const [status] = (await over) as [number];
    if (status !== 0) throw new Error(`${file} ended with ${status}`);
    await cluster.verify(keys);
    delays.sort((a, b) => a - b);
    return { p99Ms: delays[Math.floor(delays.length * 0.99)]!, tookMs };
  });
}

async function askUntil(cluster: SlotsCluster, isOver: () => boolean): Promise<number[]> {
  const primaries = await cluster.primaries();
  const clients = await Promise.all(
    primaries.map((member) => RawClient.open('127.0.0.1', cluster.portOf(member))),
  );
  const delays: number[] = [];
  await Promise.all(
    clients.map(async (client) => {
      for (let at = 0; !isOver(); at++) {
        const askedAt = performance.now();
        await client.call('GET', `key:${at % 1_000}`);
        delays.push(performance.now() - askedAt);
      }
      client.close();
    }),
  );
  return delays;
}

export async function benchGuard(keys: number, runs: number): Promise<Figure[]> {
  const [trib, other]: [number[], number[]] = [[], []];
  const [tribTook, otherTook]: [number[], number[]] = [[], []];
  const moved = Math.round((keys * SLOTS) / 16_384);
  for (let run = 0; run < runs; run++) {
    const theirs = await feel(keys, (entry, to) => [
      'redis-cli',
      [
        ...['--cluster', 'reshard', entry, '--cluster-from', 'all', '--cluster-to', to],
        ...['--cluster-slots', String(SLOTS), '--cluster-yes'],
      ],
    ]);
    const rate = Math.round((moved / (theirs.tookMs / 1_000)) * SPEED);
    const ours = await feel(keys, (entry, to) => [
      process.execPath,
      [
        ...[TRIB, 'reshard', entry, '--from', 'all', '--to', to, '--slots', String(SLOTS)],
        ...['--yes', '--max-rate', `${rate}keys/s`, '--guard', `${GUARD_MS}`],
      ],
    ]);
    trib.push(ours.p99Ms);
    other.push(theirs.p99Ms);
    tribTook.push(ours.tookMs);
    otherTook.push(theirs.tookMs);
  }
  return [
    {
      what: `a client's p99 while ${SLOTS} slots move, at most ${SPEED} times as fast, guarded`,
      unit: 'ms',
      trib,
      other: { name: 'redis-cli', samples: other },
      wanted: { kind: 'times as long', factor: 1 },
      limitedBy:
        'Presumably the tool competes with the servers for two cores, which no run has isolated; smaller batches and one pair at a time did not help.',
    },
    {
      what: `the same moves, from start to end`,
      unit: 'ms',
      trib: tribTook,
      other: { name: 'redis-cli', samples: otherTook },
      wanted: { kind: 'shown' },
    },
  ];
}

/** One hash of five million fields among the keys: refused before anything starts, or moved. */
export async function benchBigKey(fields: number): Promise<Figure[]> {
  return withSlotsCluster({ primaries: 3, keys: 10_000 }, async (cluster) => {
    const [owner] = await cluster.primaries();
    const to = (await cluster.primaries()).at(-1)!.id;
    // `06S` is in slot 0.
    const client = await RawClient.open('127.0.0.1', cluster.portOf(owner!));
    for (let from = 0; from < fields; from += 1_000) {
      const words = Array.from({ length: 1_000 }, (_, at) => [
        `field:${from + at}`,
        'value',
      ]).flat();
      await client.call('HSET', '{06S}', ...words);
    }
    client.close();
    const wish = [TRIB, 'move-slots', cluster.entry, '0-9', '--to', to, '--yes'];
    const refused = await timeFailure(process.execPath, wish);
    await cluster.verify(10_001);
    const moved = await timeSuccess(process.execPath, [...wish, '--on-big-key', 'move']);
    await cluster.verify(10_001);
    return [
      {
        what: `a hash of ${fields} fields among ten slots: refused before anything was changed`,
        unit: 'ms',
        trib: [refused],
        wanted: { kind: 'shown' },
      },
      {
        what: `the same hash moved (--on-big-key move)`,
        unit: 'ms',
        trib: [moved],
        wanted: { kind: 'shown' },
      },
    ];
  });
}

async function timeFailure(file: string, args: readonly string[]): Promise<number> {
  const startedAt = performance.now();
  const child = spawn(file, args, { stdio: 'ignore' });
  const [status] = (await once(child, 'exit')) as [number];
  if (status === 0) throw new Error('it was not refused');
  return performance.now() - startedAt;
}

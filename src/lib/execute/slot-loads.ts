/**
 * Asks what the slots of a cluster weigh. Keys and bytes can be had from any server, the bytes by a sample
 * of each slot; time and traffic only from those that count them (CLUSTER SLOT-STATS), and since they count
from their start, it takes two looks to know what goes on now.
 */
import { formatAddress } from '../cluster/address.js';
import { TribError } from '../kernel/errors.js';
import { CONCURRENT_NODES_MAX } from '../kernel/limits.js';
import type { NodeId } from '../kernel/node-id.js';
import { slotsIn } from '../kernel/ranges.js';
import { SLOT_COUNT } from '../kernel/slot.js';
import type { LoadQuestion, Measure, SlotLoads } from '../plan/slots/slot-loads.js';
import type { BinaryReply, CallOptions, Link, Links } from './links.js';
import { mapBounded } from './map-bounded.js';
import { pause, throwIfInterrupted } from './wait.js';

/** As for `countForeignKeys`: one packet to us, and no long silence for the server's other clients. */
const QUESTIONS_MAX = 4_096;
/** Of one slot: its keys mostly hold things of one kind. */
const SAMPLE_KEYS = 8;

type Stats = ReadonlyMap<number, ReadonlyMap<string, number>>;

export interface LoadOptions extends CallOptions {
  /** Between the two looks at what only ever grows: time and traffic. */
  readonly intervalMs: number;
}

/**
 * Time and traffic per second, keys and bytes as they are.
 * @throws TribError REFUSED naming the servers that cannot tell; NODE_UNREACHABLE, DEADLINE, INTERRUPTED
 */
export async function askLoads(
  links: Links,
  questions: readonly LoadQuestion[],
  measure: Measure,
  options: LoadOptions,
): Promise<SlotLoads> {
  const first = await lookAtAll(links, questions, measure, options);
  if (measure === 'keys' || measure === 'memory') return { measure, of: first.of };
  await pause(options.intervalMs, options.signal);
  throwIfInterrupted(options.signal, 'while the load was measured');
  const second = await lookAtAll(links, questions, measure, options);
  const of = new Float64Array(SLOT_COUNT);
  for (const { id, slots } of questions) {
    const seconds = (second.at.get(id)! - first.at.get(id)!) / 1_000;
    for (const slot of slotsIn(slots))
      of[slot] = grownBy(first.of[slot]!, second.of[slot]!) / seconds;
  }
  return { measure, of };
}

/** CONFIG RESETSTAT in between begins anew. */
const grownBy = (before: number, after: number): number =>
  after >= before ? after - before : after;

interface Looked {
  readonly of: Float64Array;
  /** When each node has answered. */
  readonly at: ReadonlyMap<NodeId, number>;
}

async function lookAtAll(
  links: Links,
  questions: readonly LoadQuestion[],
  measure: Measure,
  options: CallOptions,
): Promise<Looked> {
  const of = new Float64Array(SLOT_COUNT);
  const at = new Map<NodeId, number>();
  const lacking: string[] = [];
  await mapBounded(questions, CONCURRENT_NODES_MAX, async (question) => {
    const link = links.to(question.address);
    const loads = await loadsAt(link, question, measure, options);
    at.set(question.id, performance.now());
    if (!loads) lacking.push(formatAddress(question.address));
    for (const [slot, load] of loads ?? []) of[slot] = load;
  });
  if (lacking.length > 0) throw refusal(measure, lacking.sort());
  return { of, at };
}

/** @returns undefined where the server cannot tell */
async function loadsAt(
  link: Link,
  question: LoadQuestion,
  measure: Measure,
  options: CallOptions,
): Promise<ReadonlyMap<number, number> | undefined> {
  const slots = [...slotsIn(question.slots)];
  const stats = await statsAt(link, question, options);
  switch (measure) {
    case 'keys':
      return pick(stats, slots, ['key-count']) ?? (await countKeys(link, slots, options));
    case 'memory':
      return pick(stats, slots, ['memory-bytes']) ?? (await weighKeys(link, slots, options));
    case 'cpu':
      return pick(stats, slots, ['cpu-usec']);
    case 'net':
      return pick(stats, slots, ['network-bytes-in', 'network-bytes-out']);
  }
}

/** The sum of these metrics by slot; undefined unless all are told. */
function pick(
  stats: Stats | undefined,
  slots: readonly number[],
  metrics: readonly string[],
): ReadonlyMap<number, number> | undefined {
  if (!stats) return undefined;
  const loads = new Map<number, number>();
  for (const slot of slots) {
    const values = metrics.map((metric) => stats.get(slot)?.get(metric));
    if (values.some((value) => value === undefined)) return undefined;
    loads.set(
      slot,
      values.reduce<number>((sum, value) => sum + value!, 0),
    );
  }
  return loads;
}

/** undefined where the server has no such command. */
async function statsAt(
  link: Link,
  { slots }: LoadQuestion,
  options: CallOptions,
): Promise<Stats | undefined> {
  const requests = slots.map(({ first, last }) => [
    ...['CLUSTER', 'SLOT-STATS', 'SLOTSRANGE'],
    ...[String(first), String(last)],
  ]);
  const replies = await link.askBinary(requests, options);
  const stats = new Map<number, ReadonlyMap<string, number>>();
  for (const reply of replies) {
    if (!isList(reply)) return undefined;
    for (const entry of reply) {
      if (!isList(entry) || !isList(entry[1] ?? null)) return undefined;
      stats.set(Number(entry[0]), metricsOf(entry[1] as readonly BinaryReply[]));
    }
  }
  return stats;
}

function metricsOf(words: readonly BinaryReply[]): ReadonlyMap<string, number> {
  const metrics = new Map<string, number>();
  for (let at = 0; at + 1 < words.length; at += 2) {
    metrics.set(String(words[at]), Number(words[at + 1]));
  }
  return metrics;
}

async function countKeys(
  link: Link,
  slots: readonly number[],
  options: CallOptions,
): Promise<ReadonlyMap<number, number>> {
  const requests = slots.map((slot) => ['CLUSTER', 'COUNTKEYSINSLOT', String(slot)]);
  const counts = await askAll(link, requests, options);
  return new Map(slots.map((slot, index) => [slot, Number(counts[index])]));
}

/** Keys of the slot times the mean of a sample. */
async function weighKeys(
  link: Link,
  slots: readonly number[],
  options: CallOptions,
): Promise<ReadonlyMap<number, number>> {
  const counts = await countKeys(link, slots, options);
  const filled = slots.filter((slot) => counts.get(slot)! > 0);
  const lists = await askAll(
    link,
    filled.map((slot) => ['CLUSTER', 'GETKEYSINSLOT', String(slot), String(SAMPLE_KEYS)]),
    options,
  );
  const samples = filled.flatMap((slot, index) => {
    const list = lists[index] ?? null;
    return isList(list) ? list.map((key) => ({ slot, key: String(key) })) : [];
  });
  const sizes = await askAll(
    link,
    samples.map(({ key }) => ['MEMORY', 'USAGE', key]),
    options,
  );
  const sums = new Map<number, { bytes: number; keys: number }>();
  samples.forEach(({ slot }, index) => {
    const bytes = Number(sizes[index]);
    // A key that expired meanwhile weighs nothing and tells nothing of the others.
    if (bytes <= 0) return;
    const sum = sums.get(slot) ?? { bytes: 0, keys: 0 };
    sums.set(slot, { bytes: sum.bytes + bytes, keys: sum.keys + 1 });
  });
  return new Map(
    slots.map((slot) => {
      const { bytes, keys } = sums.get(slot) ?? { bytes: 0, keys: 1 };
      return [slot, (counts.get(slot)! * bytes) / keys];
    }),
  );
}

async function askAll(
  link: Link,
  requests: readonly (readonly string[])[],
  options: CallOptions,
): Promise<readonly BinaryReply[]> {
  const all: BinaryReply[] = [];
  for (let from = 0; from < requests.length; from += QUESTIONS_MAX) {
    const replies = await link.askBinary(requests.slice(from, from + QUESTIONS_MAX), options);
    for (const reply of replies) {
      if (reply instanceof TribError) throw reply;
      all.push(reply);
    }
  }
  return all;
}

const isList = (reply: BinaryReply | TribError): reply is readonly BinaryReply[] =>
  Array.isArray(reply);

function refusal(measure: Measure, addresses: readonly string[]): TribError {
  const what = measure === 'cpu' ? 'processor time' : 'traffic';
  return new TribError('REFUSED', `Not every server counts the ${what} of its slots.`, {
    hint: [
      `Those that do not: ${addresses.join(', ')}`,
      'It takes CLUSTER SLOT-STATS (Valkey 8, Redis 8.2) with cluster-slot-stats-enabled yes.',
      'By keys or memory it goes everywhere: --by keys, --by memory',
    ],
    details: { nodes: addresses },
  });
}

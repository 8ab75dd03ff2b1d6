/**
 * CLUSTER SLOT-STATS: what the slots of this shard hold and cost, a range of them or the first ones by some
 * measure. Without `cluster-slot-stats-enabled` keys are all that is counted.
 */
import { SLOT_COUNT } from '../../../kernel/slot.js';
import { METRICS, type Metric } from '../../ports/slot-traffic.js';
import { primaryOf, type ClusterState } from '../state.js';
import { Refusal, integerFrom, slotFrom, wrongWords, type ClusterCall } from './context.js';

const SYNTAX = 'syntax error';
const LIMIT = 'Limit has to lie in between 1 and 16384 (maximum number of slots).';

export function slotStats(call: ClusterCall): void {
  const { argv } = call;
  const filter = argv[2]!.toLowerCase();
  if (filter === 'slotsrange' && argv.length === 5) byRange(call);
  else if (filter === 'orderby') byMeasure(call);
  else throw wrongWords(call);
}

function byRange({ state, argv, reply }: ClusterCall): void {
  const [first, last] = [slotFrom(argv[3]!), slotFrom(argv[4]!)];
  if (first > last) {
    throw new Refusal(`Start slot number ${first} is greater than end slot number ${last}`);
  }
  const slots = slotsOfShard(state).filter((slot) => slot >= first && slot <= last);
  reply.array(slots.length);
  for (const slot of slots) write({ state, reply }, slot);
}

function byMeasure({ state, argv, reply }: ClusterCall): void {
  const measure = measureFrom(state, argv[3]!.toLowerCase());
  const { limit, isAscending } = orderFrom(argv.slice(4));
  const sign = isAscending ? 1 : -1;
  const slots = slotsOfShard(state)
    .map((slot) => ({ slot, value: measure(slot) }))
    .sort((a, b) => sign * (a.value - b.value) || a.slot - b.slot)
    .slice(0, limit);
  reply.array(slots.length);
  for (const { slot } of slots) write({ state, reply }, slot);
}

function measureFrom(state: ClusterState, name: string): (slot: number) => number {
  const { surroundings, traffic } = state;
  if (name === 'key-count') return (slot) => surroundings.countKeysInSlot(slot);
  const metric = METRICS.find((one) => one === name);
  if (metric === undefined || traffic === undefined) {
    throw new Refusal('Unrecognized sort metric for ORDERBY.');
  }
  return (slot) => traffic.sum(metric, slot);
}

function orderFrom(words: readonly string[]): { limit: number; isAscending: boolean } {
  let limit: number | undefined;
  let isAscending: boolean | undefined;
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!.toLowerCase();
    const isLimit = word === 'limit' && at + 1 < words.length;
    if (!isLimit && word !== 'asc' && word !== 'desc') throw new Refusal(SYNTAX);
    if ((isLimit ? limit : isAscending) !== undefined) {
      throw new Refusal('Multiple filters of the same type are disallowed.');
    }
    if (!isLimit) {
      isAscending = word === 'asc';
      continue;
    }
    limit = integerFrom(words[++at]!, LIMIT);
    if (limit < 1 || limit > SLOT_COUNT) throw new Refusal(LIMIT);
  }
  return { limit: limit ?? SLOT_COUNT, isAscending: isAscending ?? false };
}

function slotsOfShard({ owners, myself }: ClusterState): readonly number[] {
  const primary = primaryOf(myself);
  const slots: number[] = [];
  for (let slot = 0; slot < SLOT_COUNT; slot++) {
    if (owners[slot] !== undefined && owners[slot] === primary) slots.push(slot);
  }
  return slots;
}

function write({ state, reply }: Pick<ClusterCall, 'state' | 'reply'>, slot: number): void {
  const { surroundings, traffic } = state;
  const metrics: readonly Metric[] = traffic === undefined ? [] : METRICS;
  reply.array(2);
  reply.integer(slot);
  reply.map(1 + metrics.length);
  reply.bulk('key-count');
  reply.integer(surroundings.countKeysInSlot(slot));
  for (const metric of metrics) {
    reply.bulk(metric);
    reply.integer(traffic!.sum(metric, slot));
  }
}

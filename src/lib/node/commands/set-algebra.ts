/** Intersection, union and difference of sets, answered or stored. */
import { SetValue } from '../store/set-value.js';
import { integer, SYNTAX_ERROR } from './arguments.js';
import type { StoreCall } from './store-call.js';
import { storeNothing, storeResult } from './store-result.js';
import { readValue } from './value-access.js';

/** A key that is not there counts as an empty set. */
type Operand = SetValue | undefined;

/** Members of the result, each once, in no order that matters. */
type Operation = (operands: readonly Operand[]) => Iterable<string>;

export function smembers(call: StoreCall): void {
  const set = readValue(call, call.argv[1]!, 'set');
  if (set === null) return;
  call.reply.set(set?.size ?? 0);
  if (set !== undefined) for (const member of set) call.reply.bulk(member);
}

export function sinter(call: StoreCall): void {
  answer(call, intersection);
}

export function sunion(call: StoreCall): void {
  answer(call, union);
}

export function sdiff(call: StoreCall): void {
  answer(call, difference);
}

export function sinterstore(call: StoreCall): void {
  store(call, intersection, 'sinterstore');
}

export function sunionstore(call: StoreCall): void {
  store(call, union, 'sunionstore');
}

export function sdiffstore(call: StoreCall): void {
  store(call, difference, 'sdiffstore');
}

function answer(call: StoreCall, operation: Operation): void {
  const operands = readSets(call, call.argv.slice(1));
  if (operands === undefined) return;
  const members = [...operation(operands)];
  call.reply.set(members.length);
  for (const member of members) call.reply.bulk(member);
}

function store(call: StoreCall, operation: Operation, event: string): void {
  const { argv, db, reply } = call;
  const operands = readSets(call, argv.slice(2));
  if (operands === undefined) return;
  const result = new SetValue(db.layout);
  for (const member of operation(operands)) result.add(member);
  if (result.size > 0) storeResult(call, argv[1]!, result, ['set', event]);
  else storeNothing(call, argv[1]!);
  reply.integer(result.size);
}

/** undefined: one of them is no set, and the client has been told. */
function readSets(call: StoreCall, keys: readonly string[]): Operand[] | undefined {
  const sets: Operand[] = [];
  for (const key of keys) {
    const set = readValue(call, key, 'set');
    if (set === null) return undefined;
    sets.push(set);
  }
  return sets;
}

export function sintercard(call: StoreCall): void {
  const { argv, reply } = call;
  const number = integer(argv[1]!);
  if (number === undefined || number < 1) {
    reply.error('ERR numkeys should be greater than 0');
    return;
  }
  if (number > argv.length - 2) {
    reply.error("ERR Number of keys can't be greater than number of args");
    return;
  }
  const limit = limitFrom(call, number + 2);
  if (limit === undefined) return;
  const operands = readSets(call, argv.slice(2, number + 2));
  if (operands === undefined) return;
  let count = 0;
  for (const _ of intersection(operands)) if (++count === limit) break;
  reply.integer(count);
}

/** `LIMIT limit`, as often as anybody likes; the last one counts, 0 is no limit. */
function limitFrom(call: StoreCall, from: number): number | undefined {
  const { argv, reply } = call;
  let limit = 0;
  for (let at = from; at < argv.length; at += 2) {
    if (argv[at]!.toLowerCase() !== 'limit' || at + 1 >= argv.length) {
      reply.error(SYNTAX_ERROR);
      return undefined;
    }
    const given = integer(argv[at + 1]!);
    if (given === undefined || given < 0) {
      reply.error("ERR LIMIT can't be negative");
      return undefined;
    }
    limit = given;
  }
  return limit;
}

function* intersection(operands: readonly Operand[]): Generator<string> {
  const sets: SetValue[] = [];
  for (const operand of operands) {
    if (operand === undefined) return;
    sets.push(operand);
  }
  // The smallest set bounds the work.
  sets.sort((a, b) => a.size - b.size);
  const [smallest, ...others] = sets;
  for (const member of smallest!) {
    if (others.every((set) => set.has(member))) yield member;
  }
}

function union(operands: readonly Operand[]): Iterable<string> {
  const members = new Set<string>();
  for (const operand of operands) {
    if (operand !== undefined) for (const member of operand) members.add(member);
  }
  return members;
}

function* difference([first, ...others]: readonly Operand[]): Generator<string> {
  if (first === undefined) return;
  for (const member of first) {
    if (!others.some((set) => set?.has(member) === true)) yield member;
  }
}

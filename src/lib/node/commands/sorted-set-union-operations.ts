/**
 * What the commands about several sorted sets do; plain sets count as sorted sets whose scores are all one.
 * Their table is in `sorted-set-unions.ts`.
 *
 * Sums of doubles depend on the order of adding. As in real servers that is from the smallest set to the
 * largest, so that a primary and a replica of different make come to the same digits.
 */
import { err, ok, type Result } from '../../kernel/result.js';
import type { SetValue } from '../store/set-value.js';
import { fitsListpack, SortedSetValue } from '../store/sorted-set-value.js';
import { integer, NOT_AN_INTEGER, SYNTAX_ERROR } from './arguments.js';
import { parseDouble } from './doubles.js';
import { MemberReply } from './sorted-set-reply.js';
import { storeNothing, storeResult } from './store-result.js';
import type { StoreCall } from './store-call.js';
import { readAny, WRONG_TYPE } from './value-access.js';

type Operation = 'union' | 'inter' | 'diff';
type Input = SortedSetValue | SetValue | undefined;
type Combine = (a: number, b: number) => number;

interface Form {
  readonly operation: Operation;
  /** In lower case, as errors quote it. */
  readonly command: string;
  /** Where the number of keys stands. */
  readonly numberAt: number;
  readonly answers: 'members' | 'count' | 'stored';
}

interface Source {
  readonly value: Input;
  readonly weight: number;
}

interface Wish {
  readonly sources: readonly Source[];
  readonly combine: Combine;
  readonly withScores: boolean;
  /** 0: no limit. */
  readonly limit: number;
}

export function zunion(call: StoreCall): void {
  combine(call, { operation: 'union', command: 'zunion', numberAt: 1, answers: 'members' });
}

export function zinter(call: StoreCall): void {
  combine(call, { operation: 'inter', command: 'zinter', numberAt: 1, answers: 'members' });
}

export function zdiff(call: StoreCall): void {
  combine(call, { operation: 'diff', command: 'zdiff', numberAt: 1, answers: 'members' });
}

export function zintercard(call: StoreCall): void {
  combine(call, { operation: 'inter', command: 'zintercard', numberAt: 1, answers: 'count' });
}

export function zunionstore(call: StoreCall): void {
  combine(call, { operation: 'union', command: 'zunionstore', numberAt: 2, answers: 'stored' });
}

export function zinterstore(call: StoreCall): void {
  combine(call, { operation: 'inter', command: 'zinterstore', numberAt: 2, answers: 'stored' });
}

export function zdiffstore(call: StoreCall): void {
  combine(call, { operation: 'diff', command: 'zdiffstore', numberAt: 2, answers: 'stored' });
}

function combine(call: StoreCall, form: Form): void {
  const read = readWish(call, form);
  if (!read.ok) {
    call.reply.error(read.error);
    return;
  }
  const wish = read.value;
  if (form.answers === 'count') {
    call.reply.integer(countCommon(wish));
    return;
  }
  const result = resultOf(call, form.operation, wish);
  if (form.answers === 'members') {
    const members = new MemberReply(call.reply, wish.withScores);
    members.begin(result.size);
    result.forEach(members.add);
    return;
  }
  const target = call.argv[1]!;
  if (result.size === 0) storeNothing(call, target);
  else storeResult(call, target, result, ['zset', form.command]);
  call.reply.integer(result.size);
}

// --- reading the words ------------------------------------------------------

function readWish(call: StoreCall, form: Form): Result<Wish> {
  const { argv } = call;
  const number = integer(argv[form.numberAt]!);
  if (number === undefined) return err(NOT_AN_INTEGER);
  if (number < 1) return err(`ERR at least 1 input key is needed for '${form.command}' command`);
  const optionsAt = form.numberAt + 1 + number;
  if (optionsAt > argv.length) return err(SYNTAX_ERROR);
  const inputs: Input[] = [];
  for (let at = form.numberAt + 1; at < optionsAt; at++) {
    const value = readAny(call, argv[at]!);
    if (value !== undefined && (typeof value === 'string' || !isInput(value))) {
      return err(WRONG_TYPE);
    }
    inputs.push(value);
  }
  const options = readOptions(call, form, optionsAt, number);
  if (!options.ok) return options;
  const { weights, ...rest } = options.value;
  const sources = inputs.map((value, at) => ({ value, weight: weights?.[at] ?? 1 }));
  return ok({ ...rest, sources });
}

function isInput(value: { readonly kind: string }): value is SortedSetValue | SetValue {
  return value.kind === 'zset' || value.kind === 'set';
}

interface Options {
  weights: readonly number[] | undefined;
  combine: Combine;
  withScores: boolean;
  limit: number;
}

function readOptions(call: StoreCall, form: Form, from: number, keys: number): Result<Options> {
  const { argv } = call;
  const isCount = form.answers === 'count';
  const combines = form.operation !== 'diff' && !isCount;
  const options: Options = { weights: undefined, combine: sum, withScores: false, limit: 0 };
  for (let at = from; at < argv.length; at++) {
    const word = argv[at]!.toLowerCase();
    const left = argv.length - at - 1;
    if (word === 'weights' && combines && left >= keys) {
      const weights = argv.slice(at + 1, at + 1 + keys).map(parseDouble);
      if (!weights.every((weight) => weight !== undefined)) {
        return err('ERR weight value is not a float');
      }
      options.weights = weights;
      at += keys;
    } else if (word === 'aggregate' && combines && left >= 1) {
      const combineBy = COMBINE.get(argv[++at]!.toLowerCase());
      if (combineBy === undefined) return err(SYNTAX_ERROR);
      options.combine = combineBy;
    } else if (word === 'withscores' && form.answers === 'members') options.withScores = true;
    else if (word === 'limit' && isCount && left >= 1) {
      const limit = integer(argv[++at]!);
      if (limit === undefined || limit < 0) return err("ERR LIMIT can't be negative");
      options.limit = limit;
    } else return err(SYNTAX_ERROR);
  }
  return ok(options);
}

// --- scores -----------------------------------------------------------------

/** Opposite infinities add up to nothing. */
const sum: Combine = (a, b) => zeroIfNaN(a + b);
const COMBINE: ReadonlyMap<string, Combine> = new Map<string, Combine>([
  ['sum', sum],
  ['min', (a, b) => (b < a ? b : a)],
  ['max', (a, b) => (b > a ? b : a)],
]);

/** Infinity times zero is nothing, too. */
function zeroIfNaN(score: number): number {
  return Number.isNaN(score) ? 0 : score;
}

function sizeOf(value: Input): number {
  return value?.size ?? 0;
}

function scoreIn(value: Input, member: string): number | undefined {
  if (value === undefined) return undefined;
  if (value.kind === 'zset') return value.score(member);
  return value.has(member) ? 1 : undefined;
}

function forEachIn(value: Input, visit: (member: string, score: number) => void): void {
  if (value === undefined) return;
  if (value.kind === 'zset') value.forEach(visit);
  else for (const member of value) visit(member, 1);
}

/** The smallest first; equal ones as they came. */
function bySize(sources: readonly Source[]): Source[] {
  return [...sources].sort((a, b) => sizeOf(a.value) - sizeOf(b.value));
}

// --- combining --------------------------------------------------------------

function resultOf(call: StoreCall, operation: Operation, wish: Wish): SortedSetValue {
  const scores = { union, inter, diff }[operation](wish);
  const { layout } = call.db;
  const isListpack = [...scores.keys()].every((member) =>
    fitsListpack(layout, scores.size, member),
  );
  const result = new SortedSetValue(layout, isListpack);
  for (const [member, score] of scores) result.set(member, score);
  return result;
}

function union({ sources, combine: combineBy }: Wish): Map<string, number> {
  const scores = new Map<string, number>();
  for (const { value, weight } of bySize(sources)) {
    forEachIn(value, (member, given) => {
      const score = zeroIfNaN(given * weight);
      const before = scores.get(member);
      scores.set(member, before === undefined ? score : combineBy(before, score));
    });
  }
  return scores;
}

function inter({ sources, combine: combineBy }: Wish): Map<string, number> {
  const scores = new Map<string, number>();
  const [smallest, ...others] = bySize(sources);
  forEachIn(smallest!.value, (member, given) => {
    let score = zeroIfNaN(given * smallest!.weight);
    for (const { value, weight } of others) {
      const other = scoreIn(value, member);
      if (other === undefined) return;
      score = combineBy(score, other * weight);
    }
    scores.set(member, score);
  });
  return scores;
}

function countCommon({ sources, limit }: Wish): number {
  const [smallest, ...others] = bySize(sources);
  let common = 0;
  forEachIn(smallest!.value, (member) => {
    if (others.every(({ value }) => scoreIn(value, member) !== undefined)) common++;
  });
  return limit > 0 ? Math.min(limit, common) : common;
}

function diff({ sources }: Wish): Map<string, number> {
  const scores = new Map<string, number>();
  const [first, ...others] = sources;
  forEachIn(first!.value, (member, score) => {
    if (others.every(({ value }) => scoreIn(value, member) === undefined))
      scores.set(member, score);
  });
  return scores;
}

/**
 * What the commands about ranges of a sorted set do. Their table is in `sorted-set-ranges.ts`. However a range
 * is given (ranks, scores, names), it comes down to ranks; what is done with it knows nothing of the rest.
 */
import { fitsListpack, SortedSetValue } from '../store/sorted-set-value.js';
import { integer, NOT_AN_INTEGER, SYNTAX_ERROR } from './arguments.js';
import { lexRange, type Range, rankRange, scoreRange, type Span } from './sorted-set-bounds.js';
import { noteRemoved } from './sorted-set-operations.js';
import { MemberReply } from './sorted-set-reply.js';
import { storeNothing, storeResult } from './store-result.js';
import type { StoreCall } from './store-call.js';
import { entryForWriting, readValue } from './value-access.js';

type RangeKind = 'rank' | 'score' | 'lex';

const RANGES = {
  rank: { read: rankRange, error: NOT_AN_INTEGER },
  score: { read: scoreRange, error: 'ERR min or max is not a float' },
  lex: { read: lexRange, error: 'ERR min or max not valid string range item' },
} as const;

/** What the command's name says already; the words say the rest. */
interface RangeForm {
  readonly kind?: RangeKind;
  readonly isReverse?: boolean;
  /** ZRANGESTORE: the key before the source. */
  readonly target?: string;
}

interface RangeWish {
  readonly kind: RangeKind;
  readonly isReverse: boolean;
  readonly withScores: boolean;
  readonly offset: number;
  /** Negative: no limit. */
  readonly limit: number;
}

export function zrange(call: StoreCall): void {
  findRange(call, {});
}

export function zrangestore(call: StoreCall): void {
  findRange(call, { target: call.argv[1]! });
}

export function zrevrange(call: StoreCall): void {
  findRange(call, { kind: 'rank', isReverse: true });
}

export function zrangebyscore(call: StoreCall): void {
  findRange(call, { kind: 'score', isReverse: false });
}

export function zrevrangebyscore(call: StoreCall): void {
  findRange(call, { kind: 'score', isReverse: true });
}

export function zrangebylex(call: StoreCall): void {
  findRange(call, { kind: 'lex', isReverse: false });
}

export function zrevrangebylex(call: StoreCall): void {
  findRange(call, { kind: 'lex', isReverse: true });
}

function findRange(call: StoreCall, form: RangeForm): void {
  const { argv } = call;
  const sourceAt = form.target === undefined ? 1 : 2;
  const wish = readWish(call, sourceAt + 3, form);
  if (wish === undefined) return;
  const first = argv[sourceAt + 1]!;
  const second = argv[sourceAt + 2]!;
  // Downwards, scores and names are given from the upper bound to the lower one.
  const range =
    wish.isReverse && wish.kind !== 'rank'
      ? readRange(call, wish.kind, second, first)
      : readRange(call, wish.kind, first, second);
  if (range === undefined) return;
  const value = readValue(call, argv[sourceAt]!, 'zset');
  if (value === null) return;
  const part = value === undefined ? { rank: 0, count: 0 } : partOf(value, range(value), wish);
  if (form.target !== undefined) storePart(call, form.target, value, part, wish);
  else replyPart(call, value, part, wish);
}

/** Members to walk over: from a rank on, in the direction wished for. */
interface Part {
  readonly rank: number;
  readonly count: number;
}

function partOf(value: SortedSetValue, span: Span, wish: RangeWish): Part {
  const { isReverse, kind, offset } = wish;
  // Ranks count from the end that the command begins with.
  const { from, to } =
    isReverse && kind === 'rank'
      ? { from: value.size - span.to, to: value.size - span.from }
      : span;
  const left = offset < 0 ? 0 : Math.max(0, to - from - offset);
  const count = wish.limit < 0 ? left : Math.min(left, wish.limit);
  return { rank: isReverse ? to - 1 - offset : from + offset, count };
}

function readWish(call: StoreCall, from: number, form: RangeForm): RangeWish | undefined {
  const { argv, reply } = call;
  let { kind, isReverse } = form;
  let withScores = false;
  let offset = 0;
  let limit = -1;
  for (let at = from; at < argv.length; at++) {
    const word = argv[at]!.toLowerCase();
    if (word === 'withscores' && form.target === undefined) withScores = true;
    else if (word === 'limit' && at + 2 < argv.length) {
      const given = [integer(argv[at + 1]!), integer(argv[at + 2]!)] as const;
      if (given[0] === undefined || given[1] === undefined) {
        reply.error(NOT_AN_INTEGER);
        return undefined;
      }
      [offset, limit] = [given[0], given[1]];
      at += 2;
    } else if (word === 'rev' && isReverse === undefined) isReverse = true;
    else if (word === 'bylex' && kind === undefined) kind = 'lex';
    else if (word === 'byscore' && kind === undefined) kind = 'score';
    else {
      reply.error(SYNTAX_ERROR);
      return undefined;
    }
  }
  const wish = { kind: kind ?? 'rank', isReverse: isReverse ?? false, withScores, offset, limit };
  const error = contradictionIn(wish);
  // Ranks have no limit; one of -1 is let pass, and so means nothing.
  if (error === undefined) return wish.kind === 'rank' ? { ...wish, offset: 0 } : wish;
  reply.error(error);
  return undefined;
}

function contradictionIn({ kind, limit, withScores }: RangeWish): string | undefined {
  if (kind === 'rank' && limit !== -1) {
    return 'ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX';
  }
  if (kind === 'lex' && withScores) {
    return 'ERR syntax error, WITHSCORES not supported in combination with BYLEX';
  }
  return undefined;
}

function readRange(call: StoreCall, kind: RangeKind, min: string, max: string): Range | undefined {
  const { read, error } = RANGES[kind];
  const range = read(min, max);
  if (range === undefined) call.reply.error(error);
  return range;
}

function walk(
  value: SortedSetValue,
  { rank, count }: Part,
  isReverse: boolean,
  visit: (member: string, score: number) => void,
): void {
  if (isReverse) value.descend(rank, count, visit);
  else value.ascend(rank, count, visit);
}

function replyPart(
  call: StoreCall,
  value: SortedSetValue | undefined,
  part: Part,
  wish: RangeWish,
): void {
  const members = new MemberReply(call.reply, wish.withScores);
  members.begin(part.count);
  if (value !== undefined) walk(value, part, wish.isReverse, members.add);
}

function storePart(
  call: StoreCall,
  target: string,
  value: SortedSetValue | undefined,
  part: Part,
  wish: RangeWish,
): void {
  call.reply.integer(part.count);
  if (value === undefined || part.count === 0) {
    storeNothing(call, target);
    return;
  }
  const { layout } = call.db;
  const result = new SortedSetValue(layout, fitsListpack(layout, part.count, ''));
  walk(value, part, wish.isReverse, (member, score) => result.set(member, score));
  storeResult(call, target, result, ['zset', 'zrangestore']);
}

// --- counting ---------------------------------------------------------------

export function zcount(call: StoreCall): void {
  countRange(call, 'score');
}

export function zlexcount(call: StoreCall): void {
  countRange(call, 'lex');
}

function countRange(call: StoreCall, kind: RangeKind): void {
  const { argv, reply } = call;
  const range = readRange(call, kind, argv[2]!, argv[3]!);
  if (range === undefined) return;
  const value = readValue(call, argv[1]!, 'zset');
  if (value === null) return;
  const { from, to } = value === undefined ? { from: 0, to: 0 } : range(value);
  reply.integer(to - from);
}

// --- removing ---------------------------------------------------------------

export function zremrangebyrank(call: StoreCall): void {
  removeRange(call, 'rank', 'zremrangebyrank');
}

export function zremrangebyscore(call: StoreCall): void {
  removeRange(call, 'score', 'zremrangebyscore');
}

export function zremrangebylex(call: StoreCall): void {
  removeRange(call, 'lex', 'zremrangebylex');
}

function removeRange(call: StoreCall, kind: RangeKind, event: string): void {
  const { argv, db } = call;
  const range = readRange(call, kind, argv[2]!, argv[3]!);
  if (range === undefined) return;
  const entry = entryForWriting(call, argv[1]!, 'zset');
  if (entry === null) return;
  const { from, to } = entry === undefined ? { from: 0, to: 0 } : range(entry.value);
  call.reply.integer(to - from);
  if (entry === undefined || from === to) return;
  db.willChange(entry);
  const members: string[] = [];
  entry.value.ascend(from, to - from, (member) => members.push(member));
  for (const member of members) entry.value.delete(member);
  noteRemoved(call, entry, event);
}

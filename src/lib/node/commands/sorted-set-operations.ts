/** What the commands about single members of a sorted set do. Their table is in `sorted-sets.ts`. */
import { RANDOM_ELEMENTS_MAX } from '../../kernel/limits.js';
import { formatDouble } from '../../wire/resp/double.js';
import { INT64_MAX, INT64_MIN } from '../store/integers.js';
import { SortedSetValue } from '../store/sorted-set-value.js';
import { integer, NOT_AN_INTEGER, SYNTAX_ERROR } from './arguments.js';
import { parseDouble } from './doubles.js';
import { scanCursor, scanOptions } from './scan-options.js';
import { MemberReply } from './sorted-set-reply.js';
import type { StoreCall } from './store-call.js';
import { changed, entryForWriting, type EntryOf, readValue } from './value-access.js';

const NOT_A_FLOAT = 'ERR value is not a valid float';
/** The smallest int64 has no positive counterpart. */
const OUT_OF_RANGE_64 = `ERR value is out of range, value must between ${-INT64_MAX} and ${INT64_MAX}`;

// --- adding -----------------------------------------------------------------

type AddFlag = 'nx' | 'xx' | 'gt' | 'lt' | 'ch' | 'incr';
type AddFlags = ReadonlySet<AddFlag>;

interface Addition {
  readonly member: string;
  readonly score: number;
}

/** What became of one addition: `none` when a condition forbade it. */
type Outcome = 'added' | 'moved' | 'same' | 'none';

export function zadd(call: StoreCall): void {
  add(call, false);
}

export function zincrby(call: StoreCall): void {
  add(call, true);
}

function add(call: StoreCall, isIncrement: boolean): void {
  const { argv, db } = call;
  const flags = new Set<AddFlag>(isIncrement ? ['incr'] : []);
  let at = 2;
  for (let flag = argv[at]!.toLowerCase(); isAddFlag(flag); flag = argv[at]?.toLowerCase() ?? '') {
    flags.add(flag);
    at++;
  }
  const additions = additionsFrom(call, at, flags);
  if (additions === undefined) return;
  const key = argv[1]!;
  const entry = entryForWriting(call, key, 'zset');
  if (entry === null) return;
  if (entry !== undefined) db.willChange(entry);
  const value = entry?.value ?? new SortedSetValue(db.layout);
  // The answer to INCR; what is kept differs from it where -0 grows by 0.
  const grown = flags.has('incr') ? sumOf(value, additions[0]!) : 0;
  const counts: Record<Outcome, number> = { added: 0, moved: 0, same: 0, none: 0 };
  for (const addition of additions) {
    const outcome = addOne(value, addition, flags);
    if (outcome === undefined) {
      call.reply.error('ERR resulting score is not a number (NaN)');
      return;
    }
    counts[outcome]++;
  }
  const changes = counts.added + counts.moved;
  if (flags.has('incr')) {
    if (counts.none > 0) call.reply.null();
    else call.reply.double(grown);
  } else call.reply.integer(flags.has('ch') ? changes : counts.added);
  if (changes === 0) return;
  if (entry === undefined) db.set(key, value, call.nowMs);
  else db.touch(key);
  db.notify('zset', flags.has('incr') ? 'zincr' : 'zadd', key);
}

function isAddFlag(word: string): word is AddFlag {
  switch (word) {
    case 'nx':
    case 'xx':
    case 'gt':
    case 'lt':
    case 'ch':
    case 'incr':
      return true;
    default:
      return false;
  }
}

/** The pairs of score and member; undefined with the error written. */
function additionsFrom(call: StoreCall, from: number, flags: AddFlags): Addition[] | undefined {
  const { argv, reply } = call;
  const words = argv.length - from;
  const error = words === 0 || words % 2 === 1 ? SYNTAX_ERROR : contradictionIn(flags, words / 2);
  if (error !== undefined) {
    reply.error(error);
    return undefined;
  }
  const additions: Addition[] = [];
  for (let at = from; at < argv.length; at += 2) {
    const score = parseDouble(argv[at]!);
    if (score === undefined) {
      reply.error(NOT_A_FLOAT);
      return undefined;
    }
    additions.push({ member: argv[at + 1]!, score });
  }
  return additions;
}

function contradictionIn(flags: AddFlags, pairs: number): string | undefined {
  if (flags.has('nx') && flags.has('xx')) {
    return 'ERR XX and NX options at the same time are not compatible';
  }
  const comparing = Number(flags.has('gt')) + Number(flags.has('lt'));
  if (comparing + Number(flags.has('nx')) > 1) {
    return 'ERR GT, LT, and/or NX options at the same time are not compatible';
  }
  if (flags.has('incr') && pairs > 1) {
    return 'ERR INCR option supports a single increment-element pair';
  }
  return undefined;
}

function sumOf(value: SortedSetValue, { member, score }: Addition): number {
  const before = value.score(member);
  return before === undefined ? score : before + score;
}

/** undefined: the sum is no number. */
function addOne(
  value: SortedSetValue,
  { member, score: given }: Addition,
  flags: AddFlags,
): Outcome | undefined {
  const before = value.score(member);
  if (before === undefined) {
    if (flags.has('xx')) return 'none';
    value.set(member, given);
    return 'added';
  }
  if (flags.has('nx')) return 'none';
  const score = flags.has('incr') ? before + given : given;
  if (Number.isNaN(score)) return undefined;
  if ((flags.has('gt') && score <= before) || (flags.has('lt') && score >= before)) return 'none';
  if (score === before) return 'same';
  value.set(member, score);
  return 'moved';
}

// --- removing ---------------------------------------------------------------

export function zrem(call: StoreCall): void {
  const { argv } = call;
  const entry = entryForWriting(call, argv[1]!, 'zset');
  if (entry === null) return;
  let removed = 0;
  if (entry !== undefined) {
    call.db.willChange(entry);
    for (let at = 2; at < argv.length; at++) if (entry.value.delete(argv[at]!)) removed++;
  }
  call.reply.integer(removed);
  if (removed > 0) noteRemoved(call, entry!, 'zrem');
}

/** Members have gone; the key goes with the last of them. */
export function noteRemoved(call: StoreCall, entry: EntryOf<'zset'>, event: string): void {
  call.db.notify('zset', event, entry.key);
  changed(call, entry);
}

// --- asking -----------------------------------------------------------------

export function zcard(call: StoreCall): void {
  const value = readValue(call, call.argv[1]!, 'zset');
  if (value !== null) call.reply.integer(value?.size ?? 0);
}

export function zscore(call: StoreCall): void {
  const value = readValue(call, call.argv[1]!, 'zset');
  if (value !== null) replyScore(call, value?.score(call.argv[2]!));
}

export function zmscore(call: StoreCall): void {
  const { argv } = call;
  const value = readValue(call, argv[1]!, 'zset');
  if (value === null) return;
  call.reply.array(argv.length - 2);
  for (let at = 2; at < argv.length; at++) replyScore(call, value?.score(argv[at]!));
}

function replyScore(call: StoreCall, score: number | undefined): void {
  if (score === undefined) call.reply.null();
  else call.reply.double(score);
}

export function zrank(call: StoreCall): void {
  const value = readValue(call, call.argv[1]!, 'zset');
  if (value === null) return;
  const rank = value?.rank(call.argv[2]!);
  if (rank === undefined) call.reply.null();
  else call.reply.integer(rank);
}

export function zrevrank(call: StoreCall): void {
  const value = readValue(call, call.argv[1]!, 'zset');
  if (value === null) return;
  const rank = value?.rank(call.argv[2]!);
  if (rank === undefined) call.reply.null();
  else call.reply.integer(value!.size - 1 - rank);
}

// --- chance -----------------------------------------------------------------

export function zrandmember(call: StoreCall): void {
  const { argv, prng, reply } = call;
  if (argv.length > 2) {
    randomMembers(call);
    return;
  }
  const value = readValue(call, argv[1]!, 'zset');
  if (value === undefined) reply.null();
  else if (value !== null) value.ascend(prng.below(value.size), 1, (member) => reply.bulk(member));
}

function randomMembers(call: StoreCall): void {
  const { argv, reply } = call;
  const count = integer(argv[2]!);
  if (count === undefined || argv[2] === String(INT64_MIN)) {
    reply.error(count === undefined ? NOT_AN_INTEGER : OUT_OF_RANGE_64);
    return;
  }
  const withScores = argv.length > 3;
  if (argv.length > 4 || (withScores && argv[3]!.toLowerCase() !== 'withscores')) {
    reply.error(SYNTAX_ERROR);
    return;
  }
  if (count < -RANDOM_ELEMENTS_MAX || (withScores && Math.abs(count) > 2 ** 62)) {
    reply.error('ERR value is out of range');
    return;
  }
  const value = readValue(call, argv[1]!, 'zset');
  if (value === null) return;
  if (value === undefined || count === 0) reply.array(0);
  else drawMembers(call, value, count, withScores);
}

/** Negative: so many, the same ones again and again if chance wants so. */
function drawMembers(
  call: StoreCall,
  value: SortedSetValue,
  count: number,
  withScores: boolean,
): void {
  const { prng } = call;
  const { size } = value;
  const members = new MemberReply(call.reply, withScores);
  if (count >= size) {
    members.begin(size);
    value.descend(size - 1, size, members.add);
  } else if (count < 0) {
    members.begin(-count);
    for (let drawn = 0; drawn < -count; drawn++) value.ascend(prng.below(size), 1, members.add);
  } else {
    members.begin(count);
    // A shuffle of all ranks that stops after the first `count`; only ranks that have moved are kept.
    const moved = new Map<number, number>();
    for (let at = 0; at < count; at++) {
      const from = at + prng.below(size - at);
      value.ascend(moved.get(from) ?? from, 1, members.add);
      moved.set(from, moved.get(at) ?? at);
    }
  }
}

// --- scanning ---------------------------------------------------------------

export function zscan(call: StoreCall): void {
  const { argv } = call;
  const from = scanCursor(call, argv[2]!);
  if (from === undefined) return;
  const value = readValue(call, argv[1]!, 'zset');
  if (value === null) return;
  if (value === undefined) {
    replyScan(call, 0, []);
    return;
  }
  const options = scanOptions(call, 3);
  if (options === undefined) return;
  const found: string[] = [];
  const scoreText = value.encoding === 'listpack' ? listpackScore : formatDouble;
  const cursor = value.scan(from, options.count, (member, score) => {
    if (options.matches(member)) found.push(member, scoreText(score));
  });
  replyScan(call, cursor, found);
}

function replyScan({ reply }: StoreCall, cursor: number, items: readonly string[]): void {
  reply.array(2);
  reply.bulk(String(cursor));
  reply.array(items.length);
  for (const item of items) reply.bulk(item);
}

/** In a listpack a score that is an integer is kept as one, up to half of what an int64 holds. */
function listpackScore(score: number): string {
  const isKeptAsInteger = Number.isInteger(score) && Math.abs(score) <= 2 ** 62;
  return isKeptAsInteger ? BigInt(score).toString() : formatDouble(score);
}

/**
 * Sorted sets as queues: commands that take the lowest or the highest members off one of several sorted sets,
 * at once or when there are some. What waited travels as the command that would not have waited.
 */
import type { ReplySink } from '../../wire/resp/reply-sink.js';
import { integer, SYNTAX_ERROR } from './arguments.js';
import { blockTimeoutMs } from './block-timeout.js';
import { noteRemoved } from './sorted-set-operations.js';
import { MemberReply } from './sorted-set-reply.js';
import type { StoreCall } from './store-call.js';
import { entryForWriting, type EntryOf, type Found } from './value-access.js';

type End = 'min' | 'max';

const POP_WORD = { min: 'ZPOPMIN', max: 'ZPOPMAX' } as const;
const POP_EVENT = { min: 'zpopmin', max: 'zpopmax' } as const;

interface Member {
  readonly member: string;
  readonly score: number;
}

export function zpopmin(call: StoreCall): void {
  pop(call, 'min');
}

export function zpopmax(call: StoreCall): void {
  pop(call, 'max');
}

function pop(call: StoreCall, end: End): void {
  const { argv, reply } = call;
  if (argv.length > 3) {
    reply.error(SYNTAX_ERROR);
    return;
  }
  const count = argv.length === 3 ? integer(argv[2]!) : 1;
  if (count === undefined || count < 0) {
    reply.error('ERR value is out of range, must be positive');
    return;
  }
  const entry = entryForWriting(call, argv[1]!, 'zset');
  if (entry === null) return;
  if (entry === undefined || count === 0) {
    reply.array(0);
    return;
  }
  const taken = takeOff(call, entry, end, count);
  // Only who gives a count gets pairs.
  const members = new MemberReply(reply, true, reply.protocol === 3 && argv.length === 3);
  members.begin(taken.length);
  for (const { member, score } of taken) members.add(member, score);
  noteRemoved(call, entry, POP_EVENT[end]);
}

/** Nobody is told yet: `noteRemoved` follows. */
function takeOff(call: StoreCall, entry: EntryOf<'zset'>, end: End, count: number): Member[] {
  const { value } = entry;
  call.db.willChange(entry);
  const taken: Member[] = [];
  const visit = (member: string, score: number): void => void taken.push({ member, score });
  if (end === 'min') value.ascend(0, count, visit);
  else value.descend(value.size - 1, count, visit);
  for (const { member } of taken) value.delete(member);
  return taken;
}

// --- off one of several -----------------------------------------------------

/** Takes members off a sorted set, answers and says what travels. */
type Take = (call: StoreCall, entry: EntryOf<'zset'>) => void;

export function bzpopmin(call: StoreCall): void {
  popOrWait(call, 'min');
}

export function bzpopmax(call: StoreCall): void {
  popOrWait(call, 'max');
}

function popOrWait(call: StoreCall, end: End): void {
  const { argv } = call;
  const timeoutMs = blockTimeoutMs(call, argv.at(-1)!);
  if (timeoutMs === undefined) return;
  takeOrWait(call, argv.slice(1, -1), timeoutMs, (later, entry) => {
    const { key } = entry;
    const { member, score } = takeOff(later, entry, end, 1)[0]!;
    later.reply.array(3);
    later.reply.bulk(key);
    later.reply.bulk(member);
    later.reply.double(score);
    noteRemoved(later, entry, POP_EVENT[end]);
    later.propagate(POP_WORD[end], key);
  });
}

interface MultiPop {
  readonly keys: readonly string[];
  readonly take: Take;
}

export function zmpop(call: StoreCall): void {
  const wish = multiPop(call, 1);
  if (wish === undefined) return;
  if (takeFromFirst(call, wish.keys, wish.take) === undefined) call.reply.nullArray();
}

export function bzmpop(call: StoreCall): void {
  const wish = multiPop(call, 2);
  const timeoutMs = wish === undefined ? undefined : blockTimeoutMs(call, call.argv[1]!);
  if (wish === undefined || timeoutMs === undefined) return;
  takeOrWait(call, wish.keys, timeoutMs, wish.take);
}

/** `numkeys key [key ...] MIN|MAX [COUNT count]` from the word `numberAt` on. */
function multiPop(call: StoreCall, numberAt: number): MultiPop | undefined {
  const { argv, reply } = call;
  const number = integer(argv[numberAt]!);
  if (number === undefined || number < 1) {
    reply.error('ERR numkeys should be greater than 0');
    return undefined;
  }
  const endsAt = numberAt + number + 1;
  const end = argv[endsAt]?.toLowerCase();
  if (end !== 'min' && end !== 'max') {
    reply.error(SYNTAX_ERROR);
    return undefined;
  }
  const count = countAfter(call, endsAt + 1);
  if (count === undefined) return undefined;
  const take: Take = (later, entry) => {
    const { key } = entry;
    const taken = takeOff(later, entry, end, count);
    later.reply.array(2);
    later.reply.bulk(key);
    const members = new MemberReply(later.reply, true, true);
    members.begin(taken.length);
    for (const { member, score } of taken) members.add(member, score);
    noteRemoved(later, entry, POP_EVENT[end]);
    later.propagate(POP_WORD[end], key, String(taken.length));
  };
  return { keys: argv.slice(numberAt + 1, endsAt), take };
}

/** Nothing, or `COUNT count` and then nothing. */
function countAfter(call: StoreCall, at: number): number | undefined {
  const { argv, reply } = call;
  if (at === argv.length) return 1;
  if (argv[at]!.toLowerCase() !== 'count' || at + 2 > argv.length) {
    reply.error(SYNTAX_ERROR);
    return undefined;
  }
  const count = integer(argv[at + 1]!);
  if (count === undefined || count < 1) {
    reply.error('ERR count should be greater than 0');
    return undefined;
  }
  if (at + 2 === argv.length) return count;
  reply.error(SYNTAX_ERROR);
  return undefined;
}

/** From the first of the sorted sets that is there. undefined: none is. null: an error, and it has been told. */
function takeFromFirst(call: StoreCall, keys: readonly string[], take: Take): Found<true> {
  for (const key of keys) {
    const entry = entryForWriting(call, key, 'zset');
    if (entry === null) return null;
    if (entry === undefined) continue;
    take(call, entry);
    return true;
  }
  return undefined;
}

function takeOrWait(call: StoreCall, keys: readonly string[], timeoutMs: number, take: Take): void {
  if (takeFromFirst(call, keys, take) !== undefined) return;
  call.block({
    keys,
    type: 'zset',
    timeoutMs,
    serve: (later, key) => takeFromFirst(later, [key], take) !== undefined,
    writeTimeout,
  });
}

function writeTimeout(reply: ReplySink): void {
  reply.nullArray();
}

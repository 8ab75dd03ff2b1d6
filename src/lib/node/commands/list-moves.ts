/**
 * Lists as queues: commands that take elements off one of several lists, or move them to another, at once or
 * when there are some. What waited travels as the command that would have done the same without waiting.
 */
import type { ReplySink } from '../../wire/resp/reply-sink.js';
import { integer, SYNTAX_ERROR } from './arguments.js';
import { blockTimeoutMs } from './block-timeout.js';
import { type End, noteRemoved, popMany, popOne, pushOne, takeOff } from './list-operations.js';
import type { BlockRequest, StoreCall } from './store-call.js';
import { entryForWriting, type EntryOf, type Found } from './value-access.js';

const POP_WORD = { head: 'LPOP', tail: 'RPOP' } as const;
/** As real servers write them for clients that waited. */
const END_WORD = { head: 'left', tail: 'right' } as const;

/** LEFT or RIGHT. undefined: neither, and the client has been told. */
function endAt(call: StoreCall, at: number): End | undefined {
  const word = call.argv[at]!.toLowerCase();
  if (word === 'left') return 'head';
  if (word === 'right') return 'tail';
  call.reply.error(SYNTAX_ERROR);
  return undefined;
}

// --- to another list --------------------------------------------------------

interface Move {
  readonly source: string;
  readonly target: string;
  readonly from: End;
  readonly to: End;
  /** What is said to replicas; nothing when the command itself says it. */
  readonly travelsAs: readonly string[] | undefined;
}

export function lmove(call: StoreCall): void {
  const { argv } = call;
  const from = endAt(call, 3);
  const to = from === undefined ? undefined : endAt(call, 4);
  if (from === undefined || to === undefined) return;
  const move = { source: argv[1]!, target: argv[2]!, from, to, travelsAs: undefined };
  if (tryMove(call, move) === 'nothing') call.reply.null();
}

export function rpoplpush(call: StoreCall): void {
  const { argv } = call;
  const move: Move = {
    source: argv[1]!,
    target: argv[2]!,
    from: 'tail',
    to: 'head',
    travelsAs: undefined,
  };
  if (tryMove(call, move) === 'nothing') call.reply.null();
}

export function blmove(call: StoreCall): void {
  const { argv } = call;
  const from = endAt(call, 3);
  const to = from === undefined ? undefined : endAt(call, 4);
  if (from === undefined || to === undefined) return;
  const timeoutMs = blockTimeoutMs(call, argv[5]!);
  if (timeoutMs === undefined) return;
  const source = argv[1]!;
  const target = argv[2]!;
  const move = { source, target, from, to };
  moveOrWait(
    call,
    { ...move, travelsAs: ['LMOVE', source, target, argv[3]!, argv[4]!] },
    { ...move, travelsAs: ['LMOVE', source, target, END_WORD[from], END_WORD[to]] },
    timeoutMs,
  );
}

export function brpoplpush(call: StoreCall): void {
  const { argv } = call;
  const timeoutMs = blockTimeoutMs(call, argv[3]!);
  if (timeoutMs === undefined) return;
  const source = argv[1]!;
  const target = argv[2]!;
  const travelsAs = ['RPOPLPUSH', source, target];
  const move: Move = { source, target, from: 'tail', to: 'head', travelsAs };
  moveOrWait(call, move, move, timeoutMs);
}

/** `nothing`: the source is empty, and nobody has been told. Errors are told. */
function tryMove(call: StoreCall, move: Move): 'nothing' | 'answered' {
  const source = entryForWriting(call, move.source, 'list');
  if (source === undefined) return 'nothing';
  if (source === null || entryForWriting(call, move.target, 'list') === null) return 'answered';
  call.db.willChange(source);
  const element = takeOff(source.value, move.from);
  pushOne(call, move.target, element, move.to);
  call.reply.bulk(element);
  noteRemoved(call, source, move.from);
  if (move.travelsAs !== undefined) call.propagate(...move.travelsAs);
  return 'answered';
}

function moveOrWait(call: StoreCall, now: Move, later: Move, timeoutMs: number): void {
  if (tryMove(call, now) === 'answered') return;
  if (!call.maySuspend) {
    // A time that is over answers with a null array; that there is no time, with a null.
    call.reply.null();
    return;
  }
  call.block({
    keys: [later.source],
    type: 'list',
    timeoutMs,
    serve: (turn) => tryMove(turn, later) === 'answered',
    writeTimeout,
  });
}

// --- off one of several lists -----------------------------------------------

/** Takes elements off a list, answers and says what travels. */
type Take = (call: StoreCall, entry: EntryOf<'list'>) => void;

export function blpop(call: StoreCall): void {
  popOrWait(call, 'head');
}

export function brpop(call: StoreCall): void {
  popOrWait(call, 'tail');
}

function popOrWait(call: StoreCall, end: End): void {
  const { argv } = call;
  const timeoutMs = blockTimeoutMs(call, argv.at(-1)!);
  if (timeoutMs === undefined) return;
  takeOrWait(call, argv.slice(1, -1), timeoutMs, (later, entry) => {
    later.reply.array(2);
    later.reply.bulk(entry.key);
    later.reply.bulk(popOne(later, entry, end));
    later.propagate(POP_WORD[end], entry.key);
  });
}

interface MultiPop {
  readonly keys: readonly string[];
  readonly take: Take;
}

export function lmpop(call: StoreCall): void {
  const wish = multiPop(call, 1);
  if (wish === undefined) return;
  if (takeFromFirst(call, wish.keys, wish.take) === undefined) call.reply.nullArray();
}

export function blmpop(call: StoreCall): void {
  const wish = multiPop(call, 2);
  const timeoutMs = wish === undefined ? undefined : blockTimeoutMs(call, call.argv[1]!);
  if (wish === undefined || timeoutMs === undefined) return;
  takeOrWait(call, wish.keys, timeoutMs, wish.take);
}

/** `numkeys key [key ...] LEFT|RIGHT [COUNT count]` from the word `numberAt` on. */
function multiPop(call: StoreCall, numberAt: number): MultiPop | undefined {
  const { argv, reply } = call;
  const number = integer(argv[numberAt]!);
  if (number === undefined || number < 1) {
    reply.error('ERR numkeys should be greater than 0');
    return undefined;
  }
  const endsAt = numberAt + number + 1;
  if (endsAt >= argv.length) {
    reply.error(SYNTAX_ERROR);
    return undefined;
  }
  const end = endAt(call, endsAt);
  if (end === undefined) return undefined;
  const count = countAfter(call, endsAt + 1);
  if (count === undefined) return undefined;
  const take: Take = (later, entry) => {
    const { key } = entry;
    later.reply.array(2);
    later.reply.bulk(key);
    const taken = popMany(later, entry, count, end);
    later.propagate(POP_WORD[end], key, String(taken));
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

/** From the first of the lists that is there. undefined: none is. null: an error, and it has been told. */
function takeFromFirst(call: StoreCall, keys: readonly string[], take: Take): Found<true> {
  for (const key of keys) {
    const entry = entryForWriting(call, key, 'list');
    if (entry === null) return null;
    if (entry === undefined) continue;
    take(call, entry);
    return true;
  }
  return undefined;
}

function takeOrWait(call: StoreCall, keys: readonly string[], timeoutMs: number, take: Take): void {
  if (takeFromFirst(call, keys, take) !== undefined) return;
  const serve: BlockRequest['serve'] = (later, key) =>
    takeFromFirst(later, [key], take) !== undefined;
  call.block({ keys, type: 'list', timeoutMs, serve, writeTimeout });
}

function writeTimeout(reply: ReplySink): void {
  reply.nullArray();
}

/**
 * Lists as queues: commands that take elements off one of several lists, or move them to another, at once or
 * when there are some. What waited travels as the command that would have done the same without waiting.
 */
import { SYNTAX_ERROR } from './arguments.js';
import { blockTimeoutMs } from './block-timeout.js';
import {
  multiPop,
  type Take,
  takeOrNothing,
  takeOrWait,
  type Taking,
  writeTimeout,
} from './first-of-several.js';
import { type End, noteRemoved, popMany, popOne, pushOne, takeOff } from './list-operations.js';
import type { StoreCall } from './store-call.js';
import { entryForWriting } from './value-access.js';

const POP_WORD = { head: 'LPOP', tail: 'RPOP' } as const;
/** As real servers write them for clients that waited. */
const END_WORD = { head: 'left', tail: 'right' } as const;
const END_OF_WORD: ReadonlyMap<string, End> = new Map([
  ['left', 'head'],
  ['right', 'tail'],
]);

/** LEFT or RIGHT. undefined: neither, and the client has been told. */
function endAt(call: StoreCall, at: number): End | undefined {
  const end = END_OF_WORD.get(call.argv[at]!.toLowerCase());
  if (end === undefined) call.reply.error(SYNTAX_ERROR);
  return end;
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

export function blpop(call: StoreCall): void {
  popOrWait(call, 'head');
}

export function brpop(call: StoreCall): void {
  popOrWait(call, 'tail');
}

function popOrWait(call: StoreCall, end: End): void {
  const take: Take<'list'> = (later, entry) => {
    later.reply.array(2);
    later.reply.bulk(entry.key);
    later.reply.bulk(popOne(later, entry, end));
    later.propagate(POP_WORD[end], entry.key);
  };
  const { argv } = call;
  takeOrWait(call, { type: 'list', keys: argv.slice(1, -1), take }, argv.length - 1);
}

export function lmpop(call: StoreCall): void {
  takeOrNothing(call, manyTaken(call, 1));
}

export function blmpop(call: StoreCall): void {
  takeOrWait(call, manyTaken(call, 2), 1);
}

function manyTaken(call: StoreCall, numberAt: number): Taking<'list'> | undefined {
  const pop = multiPop(call, numberAt, END_OF_WORD);
  if (pop === undefined) return undefined;
  const { keys, end, count } = pop;
  const take: Take<'list'> = (later, entry) => {
    const { key } = entry;
    later.reply.array(2);
    later.reply.bulk(key);
    const taken = popMany(later, entry, count, end);
    later.propagate(POP_WORD[end], key, String(taken));
  };
  return { type: 'list', keys, take };
}

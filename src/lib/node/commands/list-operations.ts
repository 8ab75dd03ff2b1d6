/** What the commands about one list do. Those that move elements and those that wait are in `list-moves.ts`. */
import { INT64_MIN } from '../store/integers.js';
import { ListValue } from '../store/list-value.js';
import { integer, NO_SUCH_KEY, NOT_AN_INTEGER, SYNTAX_ERROR } from './arguments.js';
import type { StoreCall } from './store-call.js';
import { changed, entryForWriting, type EntryOf, readValue } from './value-access.js';

/** Which end of a list. */
export type End = 'head' | 'tail';

const PUSH_EVENT = { head: 'lpush', tail: 'rpush' } as const;
const POP_EVENT = { head: 'lpop', tail: 'rpop' } as const;

export function lpush(call: StoreCall): void {
  push(call, 'head', false);
}

export function rpush(call: StoreCall): void {
  push(call, 'tail', false);
}

export function lpushx(call: StoreCall): void {
  push(call, 'head', true);
}

export function rpushx(call: StoreCall): void {
  push(call, 'tail', true);
}

function push(call: StoreCall, end: End, onlyIfPresent: boolean): void {
  const { argv, db } = call;
  const key = argv[1]!;
  const entry = entryForWriting(call, key, 'list');
  if (entry === null) return;
  if (entry === undefined && onlyIfPresent) {
    call.reply.integer(0);
    return;
  }
  if (entry !== undefined) db.willChange(entry);
  const list = entry === undefined ? new ListValue() : entry.value;
  if (end === 'head') for (let at = 2; at < argv.length; at++) list.pushHead(argv[at]!);
  else for (let at = 2; at < argv.length; at++) list.pushTail(argv[at]!);
  if (entry === undefined) db.set(key, list, call.nowMs);
  else db.touch(key);
  call.reply.integer(list.length);
  db.notify('list', PUSH_EVENT[end], key);
}

/** One element to one end of a list that need not be there. */
export function pushOne(call: StoreCall, key: string, element: string, end: End): void {
  const { db } = call;
  const entry = db.lookup(key, call.nowMs) as EntryOf<'list'> | undefined;
  if (entry !== undefined) db.willChange(entry);
  const list = entry === undefined ? new ListValue() : entry.value;
  if (end === 'head') list.pushHead(element);
  else list.pushTail(element);
  if (entry === undefined) db.set(key, list, call.nowMs);
  else db.touch(key);
  db.notify('list', PUSH_EVENT[end], key);
}

export function lpop(call: StoreCall): void {
  pop(call, 'head', 'lpop');
}

export function rpop(call: StoreCall): void {
  pop(call, 'tail', 'rpop');
}

function pop(call: StoreCall, end: End, command: string): void {
  const { argv, reply } = call;
  if (argv.length > 3) {
    reply.error(`ERR wrong number of arguments for '${command}' command`);
    return;
  }
  let count: number | undefined;
  if (argv.length === 3) {
    count = integer(argv[2]!);
    if (count === undefined || count < 0) {
      reply.error('ERR value is out of range, must be positive');
      return;
    }
  }
  const entry = entryForWriting(call, argv[1]!, 'list');
  if (entry === null) return;
  if (entry === undefined) {
    if (count === undefined) reply.null();
    else reply.nullArray();
  } else if (count === undefined) reply.bulk(popOne(call, entry, end));
  else if (count === 0) reply.array(0);
  else popMany(call, entry, count, end);
}

/** Takes one element off a list, which goes with its last one. */
export function popOne(call: StoreCall, entry: EntryOf<'list'>, end: End): string {
  call.db.willChange(entry);
  const element = takeOff(entry.value, end);
  noteRemoved(call, entry, end);
  return element;
}

/** Takes up to `count` elements off a list and answers them. @returns how many. */
export function popMany(call: StoreCall, entry: EntryOf<'list'>, count: number, end: End): number {
  const { reply } = call;
  const list = entry.value;
  const taken = Math.min(count, list.length);
  call.db.willChange(entry);
  reply.array(taken);
  for (let at = 0; at < taken; at++) reply.bulk(takeOff(list, end));
  noteRemoved(call, entry, end);
  return taken;
}

export function takeOff(list: ListValue, end: End): string {
  return (end === 'head' ? list.popHead() : list.popTail())!;
}

/** Elements were taken off one end. */
export function noteRemoved(call: StoreCall, entry: EntryOf<'list'>, end: End): void {
  call.db.notify('list', POP_EVENT[end], entry.key);
  changed(call, entry);
}

export function llen(call: StoreCall): void {
  const list = readValue(call, call.argv[1]!, 'list');
  if (list !== null) call.reply.integer(list?.length ?? 0);
}

export function lrange(call: StoreCall): void {
  const { argv, reply } = call;
  const from = integer(argv[2]!);
  const to = integer(argv[3]!);
  if (from === undefined || to === undefined) {
    reply.error(NOT_AN_INTEGER);
    return;
  }
  const list = readValue(call, argv[1]!, 'list');
  if (list === null) return;
  const length = list?.length ?? 0;
  const first = from < 0 ? Math.max(0, length + from) : from;
  const last = Math.min(to < 0 ? length + to : to, length - 1);
  if (list === undefined || first > last) {
    reply.array(0);
    return;
  }
  reply.array(last - first + 1);
  list.forRange(first, last - first + 1, (element) => reply.bulk(element));
}

export function lindex(call: StoreCall): void {
  const { argv, reply } = call;
  const list = readValue(call, argv[1]!, 'list');
  if (list === null) return;
  if (list === undefined) {
    reply.null();
    return;
  }
  const given = integer(argv[2]!);
  if (given === undefined) {
    reply.error(NOT_AN_INTEGER);
    return;
  }
  const index = indexIn(list, given);
  if (index === undefined) reply.null();
  else reply.bulk(list.at(index));
}

/** Counted from the end when negative; undefined outside of the list. */
function indexIn(list: ListValue, given: number): number | undefined {
  const index = given < 0 ? list.length + given : given;
  return index >= 0 && index < list.length ? index : undefined;
}

export function lset(call: StoreCall): void {
  const { argv, db, reply } = call;
  const key = argv[1]!;
  const entry = entryForWriting(call, key, 'list');
  if (entry === null) return;
  if (entry === undefined) {
    reply.error(NO_SUCH_KEY);
    return;
  }
  const given = integer(argv[2]!);
  const index = given === undefined ? undefined : indexIn(entry.value, given);
  if (index === undefined) {
    reply.error(given === undefined ? NOT_AN_INTEGER : 'ERR index out of range');
    return;
  }
  db.willChange(entry);
  entry.value.replace(index, argv[3]!);
  db.touch(key);
  reply.status('OK');
  db.notify('list', 'lset', key);
}

export function linsert(call: StoreCall): void {
  const { argv, db, reply } = call;
  const key = argv[1]!;
  const where = argv[2]!.toLowerCase();
  if (where !== 'before' && where !== 'after') {
    reply.error(SYNTAX_ERROR);
    return;
  }
  const entry = entryForWriting(call, key, 'list');
  if (entry === null) return;
  const pivotAt = entry?.value.indexOf(argv[3]!) ?? -1;
  if (entry === undefined || pivotAt < 0) {
    reply.integer(entry === undefined ? 0 : -1);
    return;
  }
  db.willChange(entry);
  entry.value.insert(where === 'before' ? pivotAt : pivotAt + 1, argv[4]!);
  db.touch(key);
  db.notify('list', 'linsert', key);
  reply.integer(entry.value.length);
}

export function lrem(call: StoreCall): void {
  const { argv, db, reply } = call;
  const key = argv[1]!;
  const count = integer(argv[2]!);
  if (count === undefined) {
    reply.error(NOT_AN_INTEGER);
    return;
  }
  const entry = entryForWriting(call, key, 'list');
  if (entry === null) return;
  if (entry === undefined) {
    reply.integer(0);
    return;
  }
  db.willChange(entry);
  const limit = count === 0 ? Infinity : Math.abs(count);
  const removed = entry.value.remove(argv[3]!, limit, count < 0 ? 'tail' : 'head');
  if (removed > 0) {
    db.notify('list', 'lrem', key);
    changed(call, entry);
  }
  reply.integer(removed);
}

export function ltrim(call: StoreCall): void {
  const { argv, db, reply } = call;
  const key = argv[1]!;
  const from = integer(argv[2]!);
  const to = integer(argv[3]!);
  if (from === undefined || to === undefined) {
    reply.error(NOT_AN_INTEGER);
    return;
  }
  const entry = entryForWriting(call, key, 'list');
  if (entry === null) return;
  if (entry !== undefined) {
    const list = entry.value;
    const { length } = list;
    const first = from < 0 ? Math.max(0, length + from) : from;
    const last = Math.min(to < 0 ? length + to : to, length - 1);
    db.willChange(entry);
    if (first > last) list.trim(length, 0);
    else list.trim(first, last - first + 1);
    db.notify('list', 'ltrim', key);
    changed(call, entry);
    // Watchers take notice of a trim that took nothing off, replicas need not.
    if (list.length === length) call.propagateNothing();
  }
  reply.status('OK');
}

interface LposOptions {
  readonly rank: number;
  /** undefined: the first match, and no array. */
  readonly count: number | undefined;
  /** Elements to compare; 0 is all. */
  readonly lengthMax: number;
}

export function lpos(call: StoreCall): void {
  const { argv, reply } = call;
  const options = lposOptions(call);
  if (options === undefined) return;
  const list = readValue(call, argv[1]!, 'list');
  if (list === null) return;
  const found = list === undefined ? [] : positions(list, argv[2]!, options);
  if (options.count !== undefined) {
    reply.array(found.length);
    for (const index of found) reply.integer(index);
  } else if (found[0] === undefined) reply.null();
  else reply.integer(found[0]);
}

function positions(list: ListValue, element: string, options: LposOptions): number[] {
  const { rank, count = 1, lengthMax } = options;
  const isBackwards = rank < 0;
  const found: number[] = [];
  let toSkip = Math.abs(rank) - 1;
  let compared = 0;
  for (const one of isBackwards ? list.backwards() : list) {
    if (lengthMax > 0 && compared === lengthMax) break;
    if (one === element && toSkip-- <= 0) {
      found.push(isBackwards ? list.length - 1 - compared : compared);
      if (found.length === count) break;
    }
    compared++;
  }
  return found;
}

function lposOptions(call: StoreCall): LposOptions | undefined {
  const { argv, reply } = call;
  let rank = 1;
  let count: number | undefined;
  let lengthMax = 0;
  for (let at = 3; at < argv.length; at += 2) {
    const word = argv[at]!.toLowerCase();
    const text = argv[at + 1];
    if (text === undefined || (word !== 'rank' && word !== 'count' && word !== 'maxlen')) {
      reply.error(SYNTAX_ERROR);
      return undefined;
    }
    const given = integer(text);
    if (word === 'rank') {
      if (given === undefined || given === 0) {
        reply.error(given === undefined ? NOT_AN_INTEGER : RANK_IS_ZERO);
        return undefined;
      }
      // The smallest int64 has no positive counterpart; real servers come out at the last match.
      rank = text === String(INT64_MIN) ? -1 : given;
      continue;
    }
    if (given === undefined || given < 0) {
      reply.error(`ERR ${word.toUpperCase()} can't be negative`);
      return undefined;
    }
    if (word === 'count') count = given;
    else lengthMax = given;
  }
  return { rank, count, lengthMax };
}

const RANK_IS_ZERO =
  "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... " +
  'or use negative to start from the end of the list';

/** What the commands about single members of a set do. Those about several sets are in `set-algebra.ts`. */
import { SetValue } from '../store/set-value.js';
import { integer, SYNTAX_ERROR } from './arguments.js';
import { drawPlaces, randomCount } from './random-places.js';
import { scanCursor, scanOptions } from './scan-options.js';
import type { StoreCall } from './store-call.js';
import { changed, entryForWriting, type EntryOf, readValue } from './value-access.js';

export function sadd(call: StoreCall): void {
  const { argv, db } = call;
  const key = argv[1]!;
  const entry = entryForWriting(call, key, 'set');
  if (entry === null) return;
  if (entry !== undefined) db.willChange(entry);
  const set = entry === undefined ? new SetValue(db.layout) : entry.value;
  let added = 0;
  for (let at = 2; at < argv.length; at++) if (set.add(argv[at]!)) added++;
  if (entry === undefined) db.set(key, set, call.nowMs);
  else if (added > 0) db.touch(key);
  if (added > 0) db.notify('set', 'sadd', key);
  call.reply.integer(added);
}

export function srem(call: StoreCall): void {
  const { argv, db } = call;
  const key = argv[1]!;
  const entry = entryForWriting(call, key, 'set');
  if (entry === null) return;
  let removed = 0;
  if (entry !== undefined) {
    db.willChange(entry);
    for (let at = 2; at < argv.length; at++) if (entry.value.delete(argv[at]!)) removed++;
    if (removed > 0) noteRemoved(call, entry, 'srem');
  }
  call.reply.integer(removed);
}

function noteRemoved(call: StoreCall, entry: EntryOf<'set'>, event: 'srem' | 'spop'): void {
  call.db.notify('set', event, entry.key);
  changed(call, entry);
}

export function smove(call: StoreCall): void {
  const { argv, db, reply } = call;
  const from = argv[1]!;
  const to = argv[2]!;
  const member = argv[3]!;
  const source = entryForWriting(call, from, 'set');
  if (source === null) return;
  if (source === undefined) {
    reply.integer(0);
    return;
  }
  const target = entryForWriting(call, to, 'set');
  if (target === null) return;
  if (source === target || !source.value.has(member)) {
    reply.integer(source.value.has(member) ? 1 : 0);
    return;
  }
  db.willChange(source);
  source.value.delete(member);
  noteRemoved(call, source, 'srem');
  if (target !== undefined) db.willChange(target);
  const set = target === undefined ? new SetValue(db.layout) : target.value;
  const isNew = set.add(member);
  if (target === undefined) db.set(to, set, call.nowMs);
  else if (isNew) db.touch(to);
  if (isNew) db.notify('set', 'sadd', to);
  reply.integer(1);
}

export function sismember(call: StoreCall): void {
  const set = readValue(call, call.argv[1]!, 'set');
  if (set !== null) call.reply.integer(set?.has(call.argv[2]!) === true ? 1 : 0);
}

export function smismember(call: StoreCall): void {
  const { argv, reply } = call;
  const set = readValue(call, argv[1]!, 'set');
  if (set === null) return;
  reply.array(argv.length - 2);
  for (let at = 2; at < argv.length; at++) reply.integer(set?.has(argv[at]!) === true ? 1 : 0);
}

export function scard(call: StoreCall): void {
  const set = readValue(call, call.argv[1]!, 'set');
  if (set !== null) call.reply.integer(set?.size ?? 0);
}

export function spop(call: StoreCall): void {
  const { argv, reply } = call;
  if (argv.length > 2) {
    spopMany(call);
    return;
  }
  const key = argv[1]!;
  const entry = entryForWriting(call, key, 'set');
  if (entry === null) return;
  if (entry === undefined) {
    reply.null();
    return;
  }
  const set = entry.value;
  call.db.willChange(entry);
  const member = set.at(call.prng.below(set.size));
  set.delete(member);
  // Chance is the primary's alone: replicas hear what was drawn.
  call.propagate('SREM', key, member);
  reply.bulk(member);
  noteRemoved(call, entry, 'spop');
}

function spopMany(call: StoreCall): void {
  const { argv, db, reply } = call;
  if (argv.length > 3) {
    reply.error(SYNTAX_ERROR);
    return;
  }
  const count = integer(argv[2]!);
  if (count === undefined || count < 0) {
    reply.error('ERR value is out of range, must be positive');
    return;
  }
  const key = argv[1]!;
  const entry = entryForWriting(call, key, 'set');
  if (entry === null) return;
  if (entry === undefined || count === 0) {
    reply.set(0);
    return;
  }
  const set = entry.value;
  if (count >= set.size) {
    db.notify('set', 'spop', key);
    reply.set(set.size);
    for (const member of set) reply.bulk(member);
    db.delete(key);
    db.notify('generic', 'del', key);
    call.propagate('DEL', key);
    return;
  }
  db.willChange(entry);
  reply.set(count);
  for (let left = count; left > 0; left--) {
    const member = set.at(call.prng.below(set.size));
    set.delete(member);
    reply.bulk(member);
    call.propagate('SREM', key, member);
  }
  db.touch(key);
  db.notify('set', 'spop', key);
}

export function srandmember(call: StoreCall): void {
  const { argv, prng, reply } = call;
  if (argv.length > 2) {
    randomMembers(call);
    return;
  }
  const set = readValue(call, argv[1]!, 'set');
  if (set === null) return;
  if (set === undefined) reply.null();
  else reply.bulk(set.at(prng.below(set.size)));
}

function randomMembers(call: StoreCall): void {
  const { argv, prng, reply } = call;
  if (argv.length > 3) {
    reply.error(SYNTAX_ERROR);
    return;
  }
  const count = randomCount(call, argv[2]!);
  if (count === undefined) return;
  const set = readValue(call, argv[1]!, 'set');
  if (set === null) return;
  if (set === undefined) {
    reply.array(0);
  } else if (count >= set.size) {
    // Not by place: integers come sorted.
    reply.array(set.size);
    for (const member of set) reply.bulk(member);
  } else {
    reply.array(Math.abs(count));
    drawPlaces(prng, set.size, count, (place) => reply.bulk(set.at(place)));
  }
}

export function sscan(call: StoreCall): void {
  const { argv, reply } = call;
  const from = scanCursor(call, argv[2]!);
  if (from === undefined) return;
  const set = readValue(call, argv[1]!, 'set');
  if (set === null) return;
  if (set === undefined) {
    reply.array(2);
    reply.bulk('0');
    reply.array(0);
    return;
  }
  const options = scanOptions(call, 3);
  if (options === undefined) return;
  const found: string[] = [];
  const cursor = set.scan(from, options.count, (member) => {
    if (options.matches(member)) found.push(member);
  });
  reply.array(2);
  reply.bulk(String(cursor));
  reply.array(found.length);
  for (const member of found) reply.bulk(member);
}

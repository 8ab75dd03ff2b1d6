/** What the commands about hashes do. Their table is in `hashes.ts`. */
import { HashValue } from '../store/hash-value.js';
import { addInt64, int64, NOT_AN_INTEGER, SYNTAX_ERROR } from './arguments.js';
import { addLongDouble, formatLongDouble, parseLongDouble } from './long-double.js';
import { drawPlaces, randomCount } from './random-places.js';
import { scanCursor, scanOptions } from './scan-options.js';
import type { StoreCall } from './store-call.js';
import { changed, entryForWriting, type EntryOf, readValue } from './value-access.js';

export function hset(call: StoreCall): void {
  const created = setFields(call, 'hset');
  if (created !== undefined) call.reply.integer(created);
}

export function hmset(call: StoreCall): void {
  if (setFields(call, 'hmset') !== undefined) call.reply.status('OK');
}

/** @returns how many fields are new; undefined with the error written. */
function setFields(call: StoreCall, command: string): number | undefined {
  const { argv, db } = call;
  if (argv.length % 2 === 1) {
    call.reply.error(`ERR wrong number of arguments for '${command}' command`);
    return undefined;
  }
  const key = argv[1]!;
  const entry = entryForWriting(call, key, 'hash');
  if (entry === null) return undefined;
  if (entry !== undefined) db.willChange(entry);
  const hash = entry === undefined ? new HashValue(db.layout) : entry.value;
  let created = 0;
  for (let at = 2; at < argv.length; at += 2) if (hash.set(argv[at]!, argv[at + 1]!)) created++;
  if (entry === undefined) db.set(key, hash, call.nowMs);
  else db.touch(key);
  db.notify('hash', 'hset', key);
  return created;
}

export function hsetnx(call: StoreCall): void {
  const { argv } = call;
  const entry = entryForWriting(call, argv[1]!, 'hash');
  if (entry === null) return;
  if (entry?.value.has(argv[2]!) === true) {
    call.reply.integer(0);
    return;
  }
  setField(call, entry, argv[3]!, 'hset');
  call.reply.integer(1);
}

/** The field that the command names, in a hash that need not be there. */
function setField(
  call: StoreCall,
  entry: EntryOf<'hash'> | undefined,
  value: string,
  event: string,
): void {
  const { argv, db } = call;
  const key = argv[1]!;
  if (entry === undefined) {
    const hash = new HashValue(db.layout);
    hash.set(argv[2]!, value);
    db.set(key, hash, call.nowMs);
  } else {
    db.willChange(entry);
    entry.value.set(argv[2]!, value);
    db.touch(key);
  }
  db.notify('hash', event, key);
}

export function hget(call: StoreCall): void {
  const hash = readValue(call, call.argv[1]!, 'hash');
  if (hash !== null) replyField(call, hash?.get(call.argv[2]!));
}

function replyField(call: StoreCall, value: string | undefined): void {
  if (value === undefined) call.reply.null();
  else call.reply.bulk(value);
}

export function hmget(call: StoreCall): void {
  const { argv, reply } = call;
  const hash = readValue(call, argv[1]!, 'hash');
  if (hash === null) return;
  reply.array(argv.length - 2);
  for (let at = 2; at < argv.length; at++) replyField(call, hash?.get(argv[at]!));
}

export function hgetall(call: StoreCall): void {
  const { reply } = call;
  const hash = readValue(call, call.argv[1]!, 'hash');
  if (hash === null) return;
  reply.map(hash?.size ?? 0);
  hash?.forEach((field, value) => {
    reply.bulk(field);
    reply.bulk(value);
  });
}

export function hkeys(call: StoreCall): void {
  const hash = readValue(call, call.argv[1]!, 'hash');
  if (hash !== null) replyAll(call, hash, hash?.fields());
}

export function hvals(call: StoreCall): void {
  const hash = readValue(call, call.argv[1]!, 'hash');
  if (hash !== null) replyAll(call, hash, hash?.values());
}

function replyAll(
  call: StoreCall,
  hash: HashValue | undefined,
  texts: Iterable<string> | undefined,
): void {
  call.reply.array(hash?.size ?? 0);
  if (texts !== undefined) for (const text of texts) call.reply.bulk(text);
}

export function hdel(call: StoreCall): void {
  const { argv, db } = call;
  const entry = entryForWriting(call, argv[1]!, 'hash');
  if (entry === null) return;
  let deleted = 0;
  if (entry !== undefined) {
    db.willChange(entry);
    for (let at = 2; at < argv.length; at++) if (entry.value.delete(argv[at]!)) deleted++;
    if (deleted > 0) {
      db.notify('hash', 'hdel', entry.key);
      changed(call, entry);
    }
  }
  call.reply.integer(deleted);
}

export function hexists(call: StoreCall): void {
  const hash = readValue(call, call.argv[1]!, 'hash');
  if (hash !== null) call.reply.integer(hash?.has(call.argv[2]!) === true ? 1 : 0);
}

export function hlen(call: StoreCall): void {
  const hash = readValue(call, call.argv[1]!, 'hash');
  if (hash !== null) call.reply.integer(hash?.size ?? 0);
}

export function hstrlen(call: StoreCall): void {
  const hash = readValue(call, call.argv[1]!, 'hash');
  if (hash !== null) call.reply.integer(hash?.get(call.argv[2]!)?.length ?? 0);
}

export function hincrby(call: StoreCall): void {
  const { argv, reply } = call;
  const by = int64(argv[3]!);
  if (by === undefined) {
    reply.error(NOT_AN_INTEGER);
    return;
  }
  const entry = entryForWriting(call, argv[1]!, 'hash');
  if (entry === null) return;
  const before = int64(entry?.value.get(argv[2]!) ?? '0');
  if (before === undefined) {
    reply.error('ERR hash value is not an integer');
    return;
  }
  const sum = addInt64(before, by);
  if (sum === undefined) {
    reply.error('ERR increment or decrement would overflow');
    return;
  }
  setField(call, entry, String(sum), 'hincrby');
  reply.integer(sum);
}

export function hincrbyfloat(call: StoreCall): void {
  const { argv, reply } = call;
  const by = parseLongDouble(argv[3]!);
  if (by === undefined || by === 'infinite') {
    reply.error(
      by === undefined ? 'ERR value is not a valid float' : 'ERR value is NaN or Infinity',
    );
    return;
  }
  const entry = entryForWriting(call, argv[1]!, 'hash');
  if (entry === null) return;
  const before = parseLongDouble(entry?.value.get(argv[2]!) ?? '0');
  if (before === undefined || before === 'infinite') {
    reply.error(
      before === undefined
        ? 'ERR hash value is not a float'
        : 'ERR increment would produce NaN or Infinity',
    );
    return;
  }
  const sum = formatLongDouble(addLongDouble(before, by));
  setField(call, entry, sum, 'hincrbyfloat');
  reply.bulk(sum);
  // The sum travels, not the sum's making: rounding may differ elsewhere.
  call.propagate('HSET', argv[1]!, argv[2]!, sum);
}

export function hrandfield(call: StoreCall): void {
  const { argv, prng, reply } = call;
  if (argv.length > 2) {
    randomFields(call);
    return;
  }
  const hash = readValue(call, argv[1]!, 'hash');
  if (hash === null) return;
  if (hash === undefined) reply.null();
  else reply.bulk(hash.fieldAt(prng.below(hash.size)));
}

function randomFields(call: StoreCall): void {
  const { argv, prng, reply } = call;
  const count = randomCount(call, argv[2]!);
  if (count === undefined) return;
  const withValues = argv.length > 3;
  if (argv.length > 4 || (withValues && argv[3]!.toLowerCase() !== 'withvalues')) {
    reply.error(SYNTAX_ERROR);
    return;
  }
  // Twice as many elements must still be countable.
  if (withValues && Math.abs(count) >= 2 ** 62) {
    reply.error('ERR value is out of range');
    return;
  }
  const hash = readValue(call, argv[1]!, 'hash');
  if (hash === null) return;
  const size = hash?.size ?? 0;
  const drawn = count < 0 && size > 0 ? -count : Math.min(Math.max(0, count), size);
  reply.array(withValues && reply.protocol === 2 ? 2 * drawn : drawn);
  if (hash === undefined) return;
  drawPlaces(prng, size, count, (place) => replyPlace(call, hash, place, withValues));
}

/** In RESP3 a field and its value are an array of their own. */
function replyPlace(call: StoreCall, hash: HashValue, place: number, withValue: boolean): void {
  const { reply } = call;
  if (withValue && reply.protocol === 3) reply.array(2);
  reply.bulk(hash.fieldAt(place));
  if (withValue) reply.bulk(hash.valueAt(place));
}

export function hscan(call: StoreCall): void {
  const { argv, reply } = call;
  const from = scanCursor(call, argv[2]!);
  if (from === undefined) return;
  const hash = readValue(call, argv[1]!, 'hash');
  if (hash === null) return;
  if (hash === undefined) {
    reply.array(2);
    reply.bulk('0');
    reply.array(0);
    return;
  }
  const options = scanOptions(call, 3);
  if (options === undefined) return;
  const found: string[] = [];
  const cursor = hash.scan(from, options.count, (field, value) => {
    if (options.matches(field)) found.push(field, value);
  });
  reply.array(2);
  reply.bulk(String(cursor));
  reply.array(found.length);
  for (const text of found) reply.bulk(text);
}

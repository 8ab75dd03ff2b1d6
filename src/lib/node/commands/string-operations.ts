/** What the string commands do. Their table is in `strings.ts`. */
import { NEVER } from '../store/entry.js';
import { addInt64, int64, NOT_AN_INTEGER } from './arguments.js';
import { absoluteExpiry, type ExpiryUnit, stringOptions } from './expire-options.js';
import { addLongDouble, formatLongDouble, parseLongDouble } from './long-double.js';
import { deletionWord } from './deletion-word.js';
import type { StoreCall } from './store-call.js';
import { entryForWriting, type Found, overwrite, readAny, readValue } from './value-access.js';

export function get(call: StoreCall): void {
  replyString(call, readValue(call, call.argv[1]!, 'string'));
}

function replyString(call: StoreCall, value: Found<string>): void {
  if (value === undefined) call.reply.null();
  else if (value !== null) call.reply.bulk(value);
}

/** A new value without the old one's expiry. */
function replace(call: StoreCall, key: string, value: string): void {
  const { db } = call;
  const entry = db.set(key, value, call.nowMs);
  if (entry.expireAtMs !== NEVER) db.setExpiry(entry, NEVER);
  db.notify('string', 'set', key);
}

function setWithExpiry(call: StoreCall, key: string, value: string, expireAtMs: number): void {
  const { db } = call;
  db.setExpiry(db.set(key, value, call.nowMs), expireAtMs);
  db.notify('string', 'set', key);
  db.notify('generic', 'expire', key);
  call.propagate('SET', key, value, 'PXAT', String(expireAtMs));
}

export function set(call: StoreCall): void {
  const { argv, reply } = call;
  const key = argv[1]!;
  const value = argv[2]!;
  if (argv.length === 3) {
    // The old value may be an expired one; its deletion must travel before the new value.
    call.db.lookup(key, call.nowMs);
    replace(call, key, value);
    reply.status('OK');
    return;
  }
  const options = stringOptions(call, 3, 'set');
  if (options === undefined) return;
  let expireAtMs: number | undefined;
  if (options.expiry !== undefined) {
    expireAtMs = absoluteExpiry(call, 'set', options.expiry);
    if (expireAtMs === undefined) return;
  }
  if (options.wantsOld) {
    const old = readValue(call, key, 'string');
    if (old === null) return;
    replyString(call, old);
  }
  const exists = call.db.lookup(key, call.nowMs) !== undefined;
  if ((options.condition === 'nx' && exists) || (options.condition === 'xx' && !exists)) {
    if (!options.wantsOld) reply.null();
    return;
  }
  if (expireAtMs !== undefined) setWithExpiry(call, key, value, expireAtMs);
  else {
    if (options.keepsExpiry) {
      overwrite(call, key, value);
      call.db.notify('string', 'set', key);
    } else replace(call, key, value);
    // GET is of no use to a replica.
    if (options.wantsOld) {
      call.propagate(...argv.filter((word, at) => at < 3 || word.toLowerCase() !== 'get'));
    }
  }
  if (!options.wantsOld) reply.status('OK');
}

export function setnx(call: StoreCall): void {
  const key = call.argv[1]!;
  if (call.db.lookup(key, call.nowMs) !== undefined) {
    call.reply.integer(0);
    return;
  }
  replace(call, key, call.argv[2]!);
  call.reply.integer(1);
}

export function setex(call: StoreCall): void {
  setFor(call, 'setex', 'ex');
}

export function psetex(call: StoreCall): void {
  setFor(call, 'psetex', 'px');
}

function setFor(call: StoreCall, command: string, unit: ExpiryUnit): void {
  const expireAtMs = absoluteExpiry(call, command, { text: call.argv[2]!, unit });
  if (expireAtMs === undefined) return;
  call.db.lookup(call.argv[1]!, call.nowMs);
  setWithExpiry(call, call.argv[1]!, call.argv[3]!, expireAtMs);
  call.reply.status('OK');
}

export function getset(call: StoreCall): void {
  const key = call.argv[1]!;
  const old = readValue(call, key, 'string');
  if (old === null) return;
  replyString(call, old);
  replace(call, key, call.argv[2]!);
  call.propagate('SET', key, call.argv[2]!);
}

export function getdel(call: StoreCall): void {
  const key = call.argv[1]!;
  const value = readValue(call, key, 'string');
  replyString(call, value);
  if (value === undefined || value === null) return;
  call.db.delete(key);
  call.db.notify('generic', 'del', key);
  call.propagate(deletionWord(call.wings.config, 'user-del'), key);
}

export function getex(call: StoreCall): void {
  const options = stringOptions(call, 2, 'getex');
  if (options === undefined) return;
  const { db } = call;
  const key = call.argv[1]!;
  const value = readValue(call, key, 'string');
  if (value === undefined || value === null) {
    replyString(call, value);
    return;
  }
  const entry = db.raw(key)!;
  if (options.expiry !== undefined) {
    const expireAtMs = absoluteExpiry(call, 'getex', options.expiry);
    if (expireAtMs === undefined) return;
    call.reply.bulk(value);
    if (expireAtMs <= call.nowMs && !call.isReplicated) {
      db.delete(key);
      db.notify('generic', 'del', key);
      call.propagate(deletionWord(call.wings.config, 'expire'), key);
      return;
    }
    db.setExpiry(entry, expireAtMs);
    db.touch(key);
    call.propagate('PEXPIREAT', key, String(expireAtMs));
    db.notify('generic', 'expire', key);
    return;
  }
  call.reply.bulk(value);
  if (options.persists && entry.expireAtMs !== NEVER) {
    db.setExpiry(entry, NEVER);
    db.touch(key);
    call.propagate('PERSIST', key);
    db.notify('generic', 'persist', key);
  }
}

export function incr(call: StoreCall): void {
  add(call, 1);
}

export function decr(call: StoreCall): void {
  add(call, -1);
}

export function incrby(call: StoreCall): void {
  const by = int64(call.argv[2]!);
  if (by === undefined) call.reply.error(NOT_AN_INTEGER);
  else add(call, by);
}

export function decrby(call: StoreCall): void {
  const by = int64(call.argv[2]!);
  if (by === undefined) {
    call.reply.error(NOT_AN_INTEGER);
    return;
  }
  const negated = -by;
  // The smallest int64 has no positive counterpart.
  if (typeof negated === 'bigint' && BigInt.asIntN(64, negated) !== negated) {
    call.reply.error('ERR decrement would overflow');
    return;
  }
  add(call, negated);
}

function add(call: StoreCall, by: number | bigint): void {
  const key = call.argv[1]!;
  const entry = entryForWriting(call, key, 'string');
  if (entry === null) return;
  const before = entry === undefined ? 0 : int64(entry.value);
  if (before === undefined) {
    call.reply.error(NOT_AN_INTEGER);
    return;
  }
  const sum = addInt64(before, by);
  if (sum === undefined) {
    call.reply.error('ERR increment or decrement would overflow');
    return;
  }
  overwrite(call, key, String(sum));
  call.db.notify('string', 'incrby', key);
  call.reply.integer(sum);
}

export function incrbyfloat(call: StoreCall): void {
  const { argv, reply } = call;
  const key = argv[1]!;
  const entry = entryForWriting(call, key, 'string');
  if (entry === null) return;
  const before = parseLongDouble(entry === undefined ? '0' : entry.value);
  const by = parseLongDouble(argv[2]!);
  if (before === undefined || by === undefined) {
    reply.error('ERR value is not a valid float');
    return;
  }
  if (before === 'infinite' || by === 'infinite') {
    reply.error('ERR increment would produce NaN or Infinity');
    return;
  }
  const sum = formatLongDouble(addLongDouble(before, by));
  overwrite(call, key, sum).encoding = 'text';
  call.db.notify('string', 'incrbyfloat', key);
  reply.bulk(sum);
  // The sum travels, not the sum's making: rounding may differ elsewhere.
  call.propagate('SET', key, sum, 'KEEPTTL');
}

export function mget(call: StoreCall): void {
  const { argv, reply } = call;
  reply.array(argv.length - 1);
  for (let at = 1; at < argv.length; at++) {
    // A key of another type counts as none here.
    const value = readAny(call, argv[at]!);
    replyString(call, typeof value === 'string' ? value : undefined);
  }
}

export function mset(call: StoreCall): void {
  if (!hasPairs(call, 'mset')) return;
  setPairs(call);
  call.reply.status('OK');
}

export function msetnx(call: StoreCall): void {
  if (!hasPairs(call, 'msetnx')) return;
  for (let at = 1; at < call.argv.length; at += 2) {
    if (call.db.lookup(call.argv[at]!, call.nowMs) !== undefined) {
      call.reply.integer(0);
      return;
    }
  }
  setPairs(call);
  call.reply.integer(1);
}

function hasPairs(call: StoreCall, command: string): boolean {
  if (call.argv.length % 2 === 1) return true;
  call.reply.error(`ERR wrong number of arguments for '${command}' command`);
  return false;
}

function setPairs(call: StoreCall): void {
  const { argv } = call;
  for (let at = 1; at < argv.length; at += 2) {
    call.db.lookup(argv[at]!, call.nowMs);
    replace(call, argv[at]!, argv[at + 1]!);
  }
}

/** What the commands about expiry do. Their table is in `expiry.ts`. */
import { NEVER } from '../store/entry.js';
import { INT64_MAX, INT64_MIN } from '../store/integers.js';
import { int64, NOT_AN_INTEGER, quotable } from './arguments.js';
import { deletionWord } from './deletion-word.js';
import type { StoreCall } from './store-call.js';
import { readEntry } from './value-access.js';

interface TimeForm {
  readonly command: string;
  readonly isSeconds: boolean;
  readonly isRelative: boolean;
}

export function expire(call: StoreCall): void {
  setTime(call, { command: 'expire', isSeconds: true, isRelative: true });
}

export function pexpire(call: StoreCall): void {
  setTime(call, { command: 'pexpire', isSeconds: false, isRelative: true });
}

export function expireat(call: StoreCall): void {
  setTime(call, { command: 'expireat', isSeconds: true, isRelative: false });
}

export function pexpireat(call: StoreCall): void {
  setTime(call, { command: 'pexpireat', isSeconds: false, isRelative: false });
}

function setTime(call: StoreCall, form: TimeForm): void {
  const { argv, db, reply } = call;
  const conditions = readConditions(call);
  if (conditions === undefined) return;
  const expireAtMs = absoluteTime(call, form);
  if (expireAtMs === undefined) return;
  const key = argv[1]!;
  const entry = db.lookup(key, call.nowMs);
  if (entry === undefined || !allows(conditions, entry.expireAtMs, expireAtMs)) {
    reply.integer(0);
    return;
  }
  // A time that has passed deletes, but only where time deletes: replicas wait for the primary's DEL.
  if (expireAtMs <= call.nowMs && !call.isReplicated && call.wings.replication.role === 'primary') {
    db.delete(key);
    db.notify('generic', 'del', key);
    call.propagate(deletionWord(call.wings.config, 'expire'), key);
  } else {
    db.setExpiry(entry, expireAtMs);
    db.touch(key);
    // The conditions travel along: they held here, so they hold wherever the data are the same.
    call.propagate('PEXPIREAT', key, String(expireAtMs), ...argv.slice(3));
    db.notify('generic', 'expire', key);
  }
  reply.integer(1);
}

function absoluteTime(call: StoreCall, form: TimeForm): number | undefined {
  const given = int64(call.argv[2]!);
  if (given === undefined) {
    call.reply.error(NOT_AN_INTEGER);
    return undefined;
  }
  const ms = BigInt(given) * (form.isSeconds ? 1000n : 1n);
  const absolute = ms + (form.isRelative ? BigInt(call.nowMs) : 0n);
  if (ms > INT64_MAX || ms < INT64_MIN || absolute > INT64_MAX) {
    call.reply.error(`ERR invalid expire time in '${form.command}' command`);
    return undefined;
  }
  return Number(absolute);
}

type Condition = 'nx' | 'xx' | 'gt' | 'lt';

function readConditions(call: StoreCall): ReadonlySet<Condition> | undefined {
  const conditions = new Set<Condition>();
  for (const word of call.argv.slice(3)) {
    const condition = word.toLowerCase();
    if (!isCondition(condition)) {
      call.reply.error(`ERR Unsupported option ${quotable(word)}`);
      return undefined;
    }
    conditions.add(condition);
  }
  if (conditions.has('nx') && conditions.size > 1) {
    call.reply.error('ERR NX and XX, GT or LT options at the same time are not compatible');
    return undefined;
  }
  if (conditions.has('gt') && conditions.has('lt')) {
    call.reply.error('ERR GT and LT options at the same time are not compatible');
    return undefined;
  }
  return conditions;
}

function isCondition(word: string): word is Condition {
  return word === 'nx' || word === 'xx' || word === 'gt' || word === 'lt';
}

/** No expiry counts as an infinite one, except for XX, which wants a real one. */
function allows(conditions: ReadonlySet<Condition>, before: number, after: number): boolean {
  if (conditions.has('nx') && before !== NEVER) return false;
  if (conditions.has('xx') && before === NEVER) return false;
  if (conditions.has('gt') && after <= before) return false;
  return !(conditions.has('lt') && after >= before);
}

export function ttl(call: StoreCall): void {
  replyTime(call, (expireAtMs) => Math.floor((remaining(call, expireAtMs) + 500) / 1000));
}

export function pttl(call: StoreCall): void {
  replyTime(call, (expireAtMs) => remaining(call, expireAtMs));
}

export function expiretime(call: StoreCall): void {
  replyTime(call, (expireAtMs) => Math.floor((expireAtMs + 500) / 1000));
}

export function pexpiretime(call: StoreCall): void {
  replyTime(call, (expireAtMs) => expireAtMs);
}

function remaining(call: StoreCall, expireAtMs: number): number {
  return Math.max(0, expireAtMs - call.nowMs);
}

function replyTime(call: StoreCall, form: (expireAtMs: number) => number): void {
  const entry = readEntry(call, call.argv[1]!);
  if (entry === undefined) call.reply.integer(-2);
  else call.reply.integer(entry.expireAtMs === NEVER ? -1 : form(entry.expireAtMs));
}

export function persist(call: StoreCall): void {
  const { db } = call;
  const entry = db.lookup(call.argv[1]!, call.nowMs);
  if (entry === undefined || entry.expireAtMs === NEVER) {
    call.reply.integer(0);
    return;
  }
  db.setExpiry(entry, NEVER);
  db.touch(entry.key);
  db.notify('generic', 'persist', entry.key);
  call.reply.integer(1);
}

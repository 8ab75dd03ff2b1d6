/** DUMP and RESTORE: one value as bytes that every server since 5.0 understands, and back. */
import { err, ok, type Result } from '../../kernel/result.js';
import { type DumpFault, makeDump, parseDump } from '../../wire/rdb/dump.js';
import type { Database } from '../store/database.js';
import { RDB_TYPE_OF, writeRdbBody } from '../store/rdb-body.js';
import { sizeOf, typeName, type Value } from '../store/value.js';
import { ValueBuilder } from '../store/value-builder.js';
import { integer, NOT_AN_INTEGER, SYNTAX_ERROR } from './arguments.js';
import type { StoreCall } from './store-call.js';
import { readAny } from './value-access.js';

const BAD_DATA = 'ERR Bad data format';

export function dump(call: StoreCall): void {
  const value = readAny(call, call.argv[1]!);
  if (value === undefined) {
    call.reply.null();
    return;
  }
  const payload = dumpOf(value);
  if (payload.ok) call.reply.bulk(payload.value);
  else call.reply.error(`ERR ${payload.error}`);
}

/** A value as DUMP answers it and MIGRATE sends it. */
export function dumpOf(value: Value): Result<string> {
  return makeDump(RDB_TYPE_OF[typeName(value)], (body) => writeRdbBody(body, value));
}

interface RestoreOptions {
  readonly replaces: boolean;
  readonly isAbsolute: boolean;
  readonly idleSeconds: number;
  readonly frequency: number | undefined;
}

/** The order of the checks is that of real servers: MIGRATE's caller sees which of two errors comes first. */
export function restore(call: StoreCall): void {
  const { argv, db, nowMs, reply } = call;
  const key = argv[1]!;
  const options = restoreOptions(argv);
  if (!options.ok) {
    reply.error(options.error);
    return;
  }
  const { replaces, isAbsolute, idleSeconds, frequency } = options.value;
  if (!replaces && db.lookup(key, nowMs) !== undefined) {
    reply.error('BUSYKEY Target key name already exists.');
    return;
  }
  const ttl = integer(argv[2]!);
  if (ttl === undefined || ttl < 0) {
    reply.error(ttl === undefined ? NOT_AN_INTEGER : 'ERR Invalid TTL value, must be >= 0');
    return;
  }
  const value = parseValue(argv[3]!, db);
  if (!value.ok) {
    reply.error(value.error);
    return;
  }
  const expireAtMs = isAbsolute || ttl === 0 ? ttl : wrapped(nowMs + ttl);
  const deleted = db.delete(key);
  if (ttl > 0 && expireAtMs <= nowMs && !call.isReplicated) {
    if (deleted) {
      db.notify('generic', 'del', key);
      call.propagate('DEL', key);
    }
    reply.status('OK');
    return;
  }
  const entry = db.set(key, value.value, nowMs);
  if (frequency === undefined) db.setIdle(entry, idleSeconds, nowMs);
  else db.setUses(entry, frequency, nowMs);
  if (ttl > 0) {
    db.setExpiry(entry, expireAtMs);
    // A replica that hears of it later must not grant the key more time.
    if (!isAbsolute) call.propagate(...argv.with(2, String(expireAtMs)), 'ABSTTL');
  }
  reply.status('OK');
  db.notify('generic', 'restore', key);
}

function parseValue(payload: string, db: Database): Result<Value> {
  const builder = new ValueBuilder(db.layout);
  const parsed = parseDump(payload, builder);
  if (!parsed.ok) return err(faultText(parsed.error));
  const { value } = builder;
  // Real servers leave such keys out of what they load; here that would be an answer without a key.
  if (typeof value !== 'string' && sizeOf(value) === 0) return err(BAD_DATA);
  return ok(value);
}

/** Past the end of an int64 lies the distant past, where such a key has expired long ago. */
function wrapped(ms: number): number {
  return ms < 2 ** 63 ? ms : ms - 2 ** 64;
}

function restoreOptions(argv: readonly string[]): Result<RestoreOptions> {
  let replaces = false;
  let isAbsolute = false;
  let idleSeconds: number | undefined;
  let frequency: number | undefined;
  for (let at = 4; at < argv.length; at++) {
    const word = argv[at]!.toLowerCase();
    const hasMore = at + 1 < argv.length;
    if (word === 'replace') replaces = true;
    else if (word === 'absttl') isAbsolute = true;
    else if (word === 'idletime' && hasMore && frequency === undefined) {
      idleSeconds = integer(argv[++at]!);
      if (idleSeconds === undefined) return err(NOT_AN_INTEGER);
      if (idleSeconds < 0) return err('ERR Invalid IDLETIME value, must be >= 0');
    } else if (word === 'freq' && hasMore && idleSeconds === undefined) {
      frequency = integer(argv[++at]!);
      if (frequency === undefined) return err(NOT_AN_INTEGER);
      if (frequency < 0 || frequency > 255) {
        return err('ERR Invalid FREQ value, must be >= 0 and <= 255');
      }
    } else return err(SYNTAX_ERROR);
  }
  return ok({ replaces, isAbsolute, idleSeconds: idleSeconds ?? 0, frequency });
}

function faultText(fault: DumpFault): string {
  switch (fault.kind) {
    case 'footer':
      return 'ERR DUMP payload version or checksum are wrong';
    case 'malformed':
      return BAD_DATA;
    case 'unsupported':
      return `${BAD_DATA}: this is a ${fault.typeName}, which this node does not serve`;
  }
}

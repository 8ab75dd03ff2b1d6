/** What the commands about keys do, whatever the keys hold. Their table is in `keys.ts`. */
import type { Database } from '../store/database.js';
import { type Entry, NEVER } from '../store/entry.js';
import { err, ok, type Result } from '../../kernel/result.js';
import { compileGlob } from '../../kernel/glob.js';
import { isCanonicalInteger } from '../store/integers.js';
import { cloneValue, typeName, type Value } from '../store/value.js';
import { databaseNumber, NO_SUCH_KEY, SYNTAX_ERROR } from './arguments.js';
import { scanCursor, scanOptions } from './scan-options.js';
import type { StoreCall } from './store-call.js';
import { readAny, readEntry } from './value-access.js';

const NO_SUCH_DATABASE = 'ERR DB index is out of range';

export function del(call: StoreCall): void {
  const { argv, db } = call;
  let deleted = 0;
  for (let at = 1; at < argv.length; at++) {
    const key = argv[at]!;
    if (db.lookup(key, call.nowMs) === undefined) continue;
    db.delete(key);
    db.notify('generic', 'del', key);
    deleted++;
  }
  call.reply.integer(deleted);
}

export function exists(call: StoreCall): void {
  const { argv } = call;
  let found = 0;
  for (let at = 1; at < argv.length; at++) {
    if (readEntry(call, argv[at]!) !== undefined) found++;
  }
  call.reply.integer(found);
}

export function touch(call: StoreCall): void {
  const { argv } = call;
  let found = 0;
  for (let at = 1; at < argv.length; at++) {
    if (readAny(call, argv[at]!) !== undefined) found++;
  }
  call.reply.integer(found);
}

export function type(call: StoreCall): void {
  const entry = readEntry(call, call.argv[1]!);
  call.reply.status(entry === undefined ? 'none' : typeName(entry.value));
}

export function keys(call: StoreCall): void {
  const { db, reply } = call;
  const matches = compileGlob(call.argv[1]!);
  const found: string[] = [];
  for (const entry of db) {
    if (matches(entry.key) && db.peek(entry.key, call.nowMs) !== undefined) found.push(entry.key);
  }
  reply.array(found.length);
  for (const key of found) reply.bulk(key);
}

export function scan(call: StoreCall): void {
  const { argv, db, reply } = call;
  const from = scanCursor(call, argv[1]!);
  const options = from === undefined ? undefined : scanOptions(call, 2, true);
  if (from === undefined || options === undefined) return;
  const met: Entry[] = [];
  const cursor = db.scan(from, options.count, (entry) => met.push(entry));
  const found = met.filter(
    (entry) =>
      options.matches(entry.key) &&
      (options.type === undefined || typeName(entry.value) === options.type) &&
      !db.expireIfDue(entry, call.nowMs),
  );
  reply.array(2);
  reply.bulk(String(cursor));
  reply.array(found.length);
  for (const entry of found) reply.bulk(entry.key);
}

/** Replicas only hide expired keys, so a database full of them could be drawn from for ever. */
const DRAWS_MAX = 100;

export function randomkey(call: StoreCall): void {
  const { db, prng, reply } = call;
  for (let draw = 0; draw < DRAWS_MAX; draw++) {
    const entry = db.random((bound) => prng.below(bound));
    if (entry === undefined) break;
    if (db.expireIfDue(entry, call.nowMs)) continue;
    reply.bulk(entry.key);
    return;
  }
  reply.null();
}

export function rename(call: StoreCall): void {
  const moved = moveWithin(call, false);
  if (moved === 'missing') call.reply.error(NO_SUCH_KEY);
  else call.reply.status('OK');
}

export function renamenx(call: StoreCall): void {
  const moved = moveWithin(call, true);
  if (moved === 'missing') call.reply.error(NO_SUCH_KEY);
  else call.reply.integer(moved === 'moved' ? 1 : 0);
}

function moveWithin(call: StoreCall, onlyIfNew: boolean): 'missing' | 'stays' | 'moved' {
  const { db, nowMs } = call;
  const from = call.argv[1]!;
  const to = call.argv[2]!;
  const entry = db.lookup(from, nowMs);
  if (entry === undefined) return 'missing';
  if (from === to) return 'stays';
  const target = db.lookup(to, nowMs);
  if (target !== undefined && onlyIfNew) return 'stays';
  const { expireAtMs } = entry;
  place(db, { key: to, entry, value: entry.value, expireAtMs, nowMs });
  db.delete(from);
  db.notify('generic', 'rename_from', from);
  db.notify('generic', 'rename_to', to);
  return 'moved';
}

interface Placement {
  readonly key: string;
  readonly entry: Entry;
  readonly value: Value;
  readonly expireAtMs: number;
  readonly nowMs: number;
}

/** Puts a value under another key, in place of whatever is there, laid out as that of the entry. */
function place(db: Database, { key, entry, value, expireAtMs, nowMs }: Placement): void {
  db.delete(key);
  const placed = db.set(key, value, nowMs);
  placed.encoding = entry.encoding;
  if (expireAtMs !== NEVER) db.setExpiry(placed, expireAtMs);
}

interface CopyOptions {
  readonly target: Database;
  readonly replaces: boolean;
}

function copyOptions({ argv, db, keyspace, wings }: StoreCall): Result<CopyOptions> {
  let target: Database | undefined = db;
  let replaces = false;
  for (let at = 3; at < argv.length; at++) {
    const word = argv[at]!.toLowerCase();
    if (word === 'replace') replaces = true;
    else if (word === 'db' && at + 1 < argv.length) {
      const index = databaseNumber(argv[++at]!);
      if (!index.ok) return index;
      target = keyspace.databases[index.value];
      // A cluster node with one database says so when all words have been read.
      const isOnly = wings.cluster !== undefined && keyspace.databases.length === 1;
      if (target === undefined && !isOnly) return err(NO_SUCH_DATABASE);
    } else return err(SYNTAX_ERROR);
  }
  if (target !== undefined) return ok({ target, replaces });
  return err('ERR Copying to another database is not allowed in cluster mode');
}

export function copy(call: StoreCall): void {
  const { argv, nowMs, reply } = call;
  const options = copyOptions(call);
  if (!options.ok) {
    reply.error(options.error);
    return;
  }
  const { target, replaces } = options.value;
  const from = argv[1]!;
  const to = argv[2]!;
  if (target === call.db && from === to) {
    reply.error('ERR source and destination objects are the same');
    return;
  }
  const entry = readEntry(call, from);
  if (entry === undefined || (target.lookup(to, nowMs) !== undefined && !replaces)) {
    reply.integer(0);
    return;
  }
  const { expireAtMs } = entry;
  place(target, { key: to, entry, value: cloneValue(entry.value), expireAtMs, nowMs });
  target.notify('generic', 'copy_to', to);
  reply.integer(1);
}

export function move(call: StoreCall): void {
  const { argv, keyspace, nowMs, reply } = call;
  if (call.wings.cluster !== undefined && keyspace.databases.length === 1) {
    reply.error('ERR MOVE is not allowed in cluster mode');
    return;
  }
  const index = databaseNumber(argv[2]!);
  const target = index.ok ? keyspace.databases[index.value] : undefined;
  if (target === undefined) {
    reply.error(index.ok ? NO_SUCH_DATABASE : index.error);
    return;
  }
  if (target === call.db) {
    reply.error('ERR source and destination objects are the same');
    return;
  }
  const key = argv[1]!;
  const entry = call.db.lookup(key, nowMs);
  if (entry === undefined || target.lookup(key, nowMs) !== undefined) {
    reply.integer(0);
    return;
  }
  place(target, { key, entry, value: entry.value, expireAtMs: entry.expireAtMs, nowMs });
  call.db.delete(key);
  call.db.notify('generic', 'move_from', key);
  target.notify('generic', 'move_to', key);
  reply.integer(1);
}

export function swapdb(call: StoreCall): void {
  const { argv, keyspace, reply } = call;
  if (call.wings.cluster !== undefined) {
    reply.error('ERR SWAPDB is not allowed in cluster mode');
    return;
  }
  const first = databaseNumber(argv[1]!);
  const second = databaseNumber(argv[2]!);
  if (!first.ok || !second.ok) {
    reply.error(`ERR invalid ${first.ok ? 'second' : 'first'} DB index`);
    return;
  }
  const exist = [first, second].every(({ value }) => keyspace.databases[value] !== undefined);
  if (!exist) {
    reply.error(NO_SUCH_DATABASE);
    return;
  }
  // Said first: it travels from the database the client has selected, and that one may be about to move.
  call.propagate(...argv);
  keyspace.swap(first.value, second.value);
  reply.status('OK');
}

export function dbsize(call: StoreCall): void {
  call.reply.integer(call.db.size);
}

export function flushall(call: StoreCall): void {
  if (flush(call, call.keyspace.databases)) call.wings.persistence.noteFlush();
}

export function flushdb(call: StoreCall): void {
  flush(call, [call.db]);
}

/** @returns false when the error is written. */
function flush(call: StoreCall, databases: readonly Database[]): boolean {
  const { argv } = call;
  const word = argv[1]?.toLowerCase();
  if (argv.length > 2 || (word !== undefined && word !== 'sync' && word !== 'async')) {
    call.reply.error(SYNTAX_ERROR);
    return false;
  }
  for (const db of databases) db.clear();
  if (!call.isReplicated) call.wings.cluster?.noteFlush();
  // Travels even where there was nothing: a replica may hold what we do not.
  call.propagate(...argv);
  call.reply.status('OK');
  return true;
}

// --- OBJECT -----------------------------------------------------------------

/** Up to this many bytes a real server keeps a string in one allocation with its header. */
const EMBEDDED_BYTES_MAX = 44;
/** Real servers share the objects of these integers; nobody counts their references. */
const SHARED_INTEGERS = 10_000;
const SHARED_REFERENCES = 2_147_483_647;

export function objectEncoding(call: StoreCall): void {
  withEntry(call, (entry) => call.reply.bulk(encodingOf(entry)));
}

export function encodingOf(entry: Entry): string {
  if (typeof entry.value !== 'string') return entry.value.encoding;
  if (entry.encoding === 'raw') return 'raw';
  if (entry.encoding === 'natural' && isCanonicalInteger(entry.value)) return 'int';
  return entry.value.length <= EMBEDDED_BYTES_MAX ? 'embstr' : 'raw';
}

export function objectRefcount(call: StoreCall): void {
  withEntry(call, (entry) => call.reply.integer(referencesOf(entry)));
}

export function referencesOf(entry: Entry): number {
  const value = encodingOf(entry) === 'int' ? Number(entry.value) : -1;
  return value >= 0 && value < SHARED_INTEGERS ? SHARED_REFERENCES : 1;
}

export function objectIdletime(call: StoreCall): void {
  if (isLfu(call)) {
    call.reply.error(
      'ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching ' +
        'between policies at runtime LRU and LFU data will take some time to adjust.',
    );
    return;
  }
  withEntry(call, (entry) => {
    call.reply.integer(Math.floor(call.db.idleMs(entry, call.nowMs) / 1000));
  });
}

export function objectFreq(call: StoreCall): void {
  if (!isLfu(call)) {
    withEntry(call, () => {
      call.reply.error(
        'ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when ' +
          'switching between policies at runtime LRU and LFU data will take some time to adjust.',
      );
    });
    return;
  }
  withEntry(call, (entry) => call.reply.integer(call.db.uses(entry, call.nowMs)));
}

function isLfu(call: StoreCall): boolean {
  return call.wings.config.get('maxmemory-policy')?.endsWith('lfu') ?? false;
}

/** OBJECT looks without touching. */
function withEntry(call: StoreCall, answer: (entry: Entry) => void): void {
  const entry = call.db.lookup(call.argv[2]!, call.nowMs);
  if (entry === undefined) call.reply.null();
  else answer(entry);
}

export function object(call: StoreCall): void {
  call.reply.error("ERR wrong number of arguments for 'object' command");
}

/** How commands reach values: one place that knows about wrong types, hit counters and what a change needs. */
import { STRING_BYTES_MAX } from '../../kernel/limits.js';
import type { Entry } from '../store/entry.js';
import {
  type Collection,
  sizeOf,
  type TypeName,
  type Value,
  type ValueOf,
} from '../store/value.js';
import type { StoreCall } from './store-call.js';

export const WRONG_TYPE = 'WRONGTYPE Operation against a key holding the wrong kind of value';

/** undefined: there is no such key. null: it holds something else, and the client has been told so. */
export type Found<T> = T | undefined | null;

/** An entry whose value is known to be of one type. */
export type EntryOf<T extends TypeName> = Omit<Entry, 'value'> & { value: ValueOf<T> };

/** The value for reading; counts a hit or a miss. */
export function readValue<T extends TypeName>(
  call: StoreCall,
  key: string,
  type: T,
): Found<ValueOf<T>> {
  const value = readAny(call, key);
  if (value === undefined || isOfType(value, type)) return value;
  call.reply.error(WRONG_TYPE);
  return null;
}

/** As `readValue`, of whatever type it is. */
export function readAny(call: StoreCall, key: string): Value | undefined {
  const entry = readEntry(call, key);
  if (entry === undefined) return undefined;
  call.db.noteAccess(entry, call.nowMs);
  return entry.value;
}

/** Looks without using; counts a hit or a miss all the same. */
export function readEntry(call: StoreCall, key: string): Entry | undefined {
  const entry = call.db.lookup(key, call.nowMs);
  const { counters } = call.wings.stats;
  if (entry === undefined) {
    counters.keyspaceMisses++;
    call.db.notify('miss', 'keymiss', key);
    return undefined;
  }
  counters.keyspaceHits++;
  return entry;
}

/** The entry to change. Nothing has been told to anybody: see `willChange` of the database. */
export function entryForWriting<T extends TypeName>(
  call: StoreCall,
  key: string,
  type: T,
): Found<EntryOf<T>> {
  const entry = call.db.lookup(key, call.nowMs);
  if (entry === undefined) return undefined;
  if (!isOfType(entry.value, type)) {
    call.reply.error(WRONG_TYPE);
    return null;
  }
  // A string will be replaced, which is an access of its own.
  if (type !== 'string') call.db.noteAccess(entry, call.nowMs);
  return entry as EntryOf<T>;
}

/** To be called when a collection has been changed in place; an empty one goes, and so tells its watchers. */
export function changed(call: StoreCall, entry: EntryOf<Collection['kind']>): void {
  const { db } = call;
  if (sizeOf(entry.value) > 0) db.touch(entry.key);
  else {
    db.delete(entry.key);
    db.notify('generic', 'del', entry.key);
  }
}

/** Put a new string in place of an old one, keeping the expiry. */
export function overwrite(call: StoreCall, key: string, value: string): Entry {
  return call.db.set(key, value, call.nowMs);
}

/** True, with the error written, when a string would grow past what the protocol can carry. */
export function refusesLength(call: StoreCall, length: number): boolean {
  if (length <= STRING_BYTES_MAX) return false;
  call.reply.error('ERR string exceeds maximum allowed size (proto-max-bulk-len)');
  return true;
}

function isOfType<T extends TypeName>(value: Value, type: T): value is ValueOf<T> & Value {
  return typeof value === 'string' ? type === 'string' : value.kind === type;
}

/** How commands that look at, or change, parts of strings reach them: the whole is not touched. */
import type { Entry } from '../store/entry.js';
import { isString, writeBytes } from '../store/string-bytes.js';
import type { StoreCall } from './store-call.js';
import { type Found, readEntry, WRONG_TYPE } from './value-access.js';

/** The entry of a string for reading; counts a hit or a miss. */
export function readString(call: StoreCall, key: string): Found<Entry> {
  const entry = readEntry(call, key);
  if (entry === undefined) return undefined;
  if (!isString(entry)) return refuse(call);
  call.db.noteAccess(entry, call.nowMs);
  return entry;
}

/** The entry of a string to change. */
export function stringForWriting(call: StoreCall, key: string): Found<Entry> {
  const entry = call.db.lookup(key, call.nowMs);
  return entry === undefined || isString(entry) ? entry : refuse(call);
}

/** Overwrites part of a string, one that is not there yet included. Watchers are told, events are not. */
export function patchString(
  call: StoreCall,
  key: string,
  entry: Entry | undefined,
  offset: number,
  patch: string,
): Entry {
  const { db, nowMs } = call;
  const patched = entry ?? db.set(key, '', nowMs);
  db.willChange(patched);
  writeBytes(patched, offset, patch);
  patched.encoding = 'raw';
  db.noteAccess(patched, nowMs);
  db.touch(key);
  return patched;
}

function refuse(call: StoreCall): null {
  call.reply.error(WRONG_TYPE);
  return null;
}

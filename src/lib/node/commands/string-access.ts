/** How string commands reach the strings: one place that knows about wrong types and hit counters. */
import { STRING_BYTES_MAX } from '../../kernel/limits.js';
import type { Entry } from '../store/entry.js';
import type { StoreCall } from './store-call.js';

/** The value for reading; counts a hit or a miss. */
export function readString(call: StoreCall, key: string): string | undefined {
  const entry = call.db.lookup(key, call.nowMs);
  const { counters } = call.wings.stats;
  if (entry === undefined) {
    counters.keyspaceMisses++;
    return undefined;
  }
  counters.keyspaceHits++;
  entry.accessedAtMs = call.nowMs;
  return entry.value;
}

/** The entry to change. */
export function entryForWriting(call: StoreCall, key: string): Entry | undefined {
  return call.db.lookup(key, call.nowMs);
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

/** How commands that keep their result under a key of its own (ZUNIONSTORE, ZRANGESTORE, BITOP) do so. */
import { type Entry, NEVER } from '../store/entry.js';
import type { EventClass } from '../store/events.js';
import type { Value } from '../store/value.js';
import type { StoreCall } from './store-call.js';

/** Puts the result in place of whatever the key holds, without an expiry. */
export function storeResult(
  call: StoreCall,
  key: string,
  value: Value,
  [kind, event]: readonly [EventClass, string],
): Entry {
  const { db } = call;
  // The old value may be an expired one; its deletion must travel before the new value.
  db.lookup(key, call.nowMs);
  const entry = db.set(key, value, call.nowMs);
  if (entry.expireAtMs !== NEVER) db.setExpiry(entry, NEVER);
  db.notify(kind, event, key);
  return entry;
}

/** An empty result leaves no key. */
export function storeNothing(call: StoreCall, key: string): void {
  const { db } = call;
  if (db.lookup(key, call.nowMs) === undefined) return;
  db.delete(key);
  db.notify('generic', 'del', key);
}

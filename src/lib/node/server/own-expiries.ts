/**
 * Keys to which a writable replica has given a time to live. A replica deletes what its primary tells it to
 * delete; of these no primary knows, so the replica deletes them itself, and tells nobody but its own files.
 */
import type { Database } from '../store/database.js';
import { NEVER } from '../store/entry.js';
import type { Keyspace } from '../store/keyspace.js';

export class OwnExpiries {
  readonly #keyspace: Keyspace;
  /** By database. */
  readonly #keys = new Map<number, Set<string>>();

  constructor(keyspace: Keyspace) {
    this.#keyspace = keyspace;
  }

  /** Runs a client's write to these keys, and remembers those whose time it has set. */
  watch(db: Database, keys: readonly string[], write: () => void): void {
    const before = keys.map((key) => db.raw(key)?.expireAtMs);
    write();
    for (const [at, key] of keys.entries()) {
      const expireAtMs = db.raw(key)?.expireAtMs ?? NEVER;
      if (expireAtMs === NEVER || expireAtMs === before[at]) continue;
      const own = this.#keys.get(db.index);
      if (own === undefined) this.#keys.set(db.index, new Set([key]));
      else own.add(key);
    }
  }

  /** Ten times a second. */
  expire(nowMs: number, isReplica: boolean): void {
    if (!isReplica) this.#keys.clear();
    if (this.#keys.size === 0) return;
    this.#keyspace.expiryMode = 'delete';
    for (const [index, keys] of this.#keys) {
      const db = this.#keyspace.db(index);
      for (const key of keys) {
        const entry = db.raw(key);
        const isDone =
          entry === undefined || entry.expireAtMs === NEVER || db.expireIfDue(entry, nowMs);
        if (isDone) keys.delete(key);
      }
      if (keys.size === 0) this.#keys.delete(index);
    }
  }
}

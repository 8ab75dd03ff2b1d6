/** The keys one client watches for its next transaction, across databases. */
import type { Database, Watcher } from '../store/database.js';

export class WatchedKeys {
  #watcher: Watcher | undefined;
  #keys: { readonly db: Database; readonly key: string }[] = [];

  get count(): number {
    return this.#keys.length;
  }

  /** Somebody changed one of them. */
  get isDirty(): boolean {
    return this.#watcher?.isDirty ?? false;
  }

  add(db: Database, key: string, nowMs: number): void {
    if (this.#keys.some((watched) => watched.db === db && watched.key === key)) return;
    this.#watcher ??= { isDirty: false };
    // An expired key that is found now goes now; later it would count as a change.
    db.lookup(key, nowMs);
    db.watch(key, this.#watcher);
    this.#keys.push({ db, key });
  }

  clear(): void {
    for (const { db, key } of this.#keys) db.unwatch(key, this.#watcher!);
    this.#keys = [];
    this.#watcher = undefined;
  }

  /** A watched key whose time has come is a change, though nobody has deleted it yet. */
  hasExpired(nowMs: number): boolean {
    return this.#keys.some(({ db, key }) => (db.raw(key)?.expireAtMs ?? Infinity) <= nowMs);
  }
}

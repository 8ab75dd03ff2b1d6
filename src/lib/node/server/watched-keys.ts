/** The keys one client watches for its next transaction, by the number of their database. */
import type { Database, Watcher } from '../store/database.js';

interface WatchedKey {
  readonly db: number;
  readonly key: string;
  /** It was over when it was watched, where expired keys stay until the primary deletes them. */
  readonly wasExpired: boolean;
}

export class WatchedKeys {
  readonly #database: (index: number) => Database;
  #watcher: Watcher | undefined;
  #keys: WatchedKey[] = [];

  /** @param database the one of that number, now: SWAPDB changes which it is */
  constructor(database: (index: number) => Database) {
    this.#database = database;
  }

  get count(): number {
    return this.#keys.length;
  }

  /** Somebody changed one of them. */
  get isDirty(): boolean {
    return this.#watcher?.isDirty ?? false;
  }

  add(db: number, key: string, nowMs: number): void {
    if (this.#keys.some((watched) => watched.db === db && watched.key === key)) return;
    this.#watcher ??= { isDirty: false };
    const database = this.#database(db);
    // An expired key that is found now goes now; later it would count as a change.
    database.lookup(key, nowMs);
    database.watch(key, this.#watcher);
    this.#keys.push({ db, key, wasExpired: this.#isExpired(db, key, nowMs) });
  }

  clear(): void {
    for (const { db, key } of this.#keys) this.#database(db).unwatch(key, this.#watcher!);
    this.#keys = [];
    this.#watcher = undefined;
  }

  /** A watched key whose time has come is a change, though nobody has deleted it yet. */
  hasExpired(nowMs: number): boolean {
    return this.#keys.some(
      ({ db, key, wasExpired }) => !wasExpired && this.#isExpired(db, key, nowMs),
    );
  }

  #isExpired(db: number, key: string, nowMs: number): boolean {
    return (this.#database(db).raw(key)?.expireAtMs ?? Infinity) <= nowMs;
  }
}

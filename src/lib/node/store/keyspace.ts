/**
 * The keyspace of one node: its databases, how they expire, and a count of changes by which the shell
 * knows whether a command did anything. Deterministic: time comes in as an argument, chance as a
 * function, and what must be told to others goes out through one listener.
 *
 * Cluster nodes have one database, or as many as Valkey lets them have, and index them by slot; others have
 * `databases` of them.
 */
import { AccessClock } from './access.js';
import { type ChangeObserver, Database, type DatabaseOwner, type ExpiryMode } from './database.js';
import type { EventListener } from './events.js';
import { defaultLayout, type LayoutLimits } from './layout.js';

export interface KeyspaceOptions {
  /** 16 unless configured; one in cluster nodes, unless a persona has more. */
  readonly databases: number;
  readonly indexesSlots: boolean;
  /** An even draw from 0 up to 1, for counters of uses that rise by chance; without it they always rise. */
  readonly chance?: () => number;
}

/** Keys deleted per call of the active cycle and database; a slice well under a millisecond. */
const EXPIRE_SLICE = 500;

export class Keyspace implements DatabaseOwner {
  databases: readonly Database[];
  expiryMode: ExpiryMode = 'delete';
  /** Rises with each change of any key. */
  changeCount = 0;
  /** Keys deleted because their time had come; INFO expired_keys. */
  expiredCount = 0;
  /** Called for each key a primary deletes by time, so that replicas get a DEL. */
  onExpired: (db: number, key: string) => void = () => undefined;

  /** See `ChangeObserver`. */
  observer: ChangeObserver | undefined;
  onEvent: EventListener | undefined;
  /** See `DatabaseOwner`: clients blocked on keys. */
  onInsert: ((db: number, key: string) => void) | undefined;
  /** Another database has taken this number, and all of its keys are new to who waits for some. */
  onSwap: ((db: number) => void) | undefined;
  readonly layout: LayoutLimits = defaultLayout();
  readonly access: AccessClock;
  readonly #options: KeyspaceOptions;

  constructor(options: KeyspaceOptions) {
    this.#options = options;
    this.access = new AccessClock(options.chance ?? (() => 0));
    this.databases = this.stage();
  }

  /**
   * Empty databases beside the present ones. A replica loads its primary's data into them while the old
   * data is still served, and puts them in place at once (`adopt`); a transfer cut short costs nothing.
   */
  stage(): readonly Database[] {
    return Array.from(
      { length: this.#options.databases },
      (_, index) => new Database(index, this, this.#options.indexesSlots),
    );
  }

  /** The staged databases take the place of the present ones. */
  adopt(staged: readonly Database[]): void {
    for (const db of this.databases) db.disturbWatchers();
    this.clear();
    this.databases = staged;
    this.changeCount++;
  }

  /** SWAPDB: two databases, which exist, change places. */
  swap(first: number, second: number): void {
    const swapped = [...this.databases];
    [swapped[first], swapped[second]] = [this.db(second), this.db(first)];
    this.db(first).exchange(this.db(second));
    this.databases = swapped;
    this.changeCount++;
    this.onSwap?.(first);
    this.onSwap?.(second);
  }

  /** Database by number; it must exist. */
  db(index: number): Database {
    const db = this.databases[index];
    if (db === undefined) throw new RangeError(`no database ${index}`);
    return db;
  }

  keyCount(): number {
    return this.databases.reduce((sum, db) => sum + db.size, 0);
  }

  /** What all data weigh, in bytes, by account: what `maxmemory` bounds. */
  weight(): number {
    let bytes = 0;
    for (const db of this.databases) bytes += db.weight();
    return bytes;
  }

  /** In one database, or in all of them. */
  countKeysInSlot(slot: number, db?: number): number {
    if (db !== undefined) return this.db(db).countKeysInSlot(slot);
    let count = 0;
    for (const one of this.databases) count += one.countKeysInSlot(slot);
    return count;
  }

  /** Empty every database. */
  clear(): void {
    for (const db of this.databases) db.clear();
  }

  /**
   * One bounded slice of the active expiry cycle.
   * @returns true when more is due now.
   */
  expireCycle(nowMs: number): boolean {
    if (this.expiryMode !== 'delete') return false;
    let more = false;
    for (const db of this.databases) {
      if (db.expiringCount > 0 && db.expireDue(nowMs, EXPIRE_SLICE) === EXPIRE_SLICE) more = true;
    }
    return more;
  }

  noteExpired(db: number, key: string): void {
    this.expiredCount++;
    this.onExpired(db, key);
  }
}

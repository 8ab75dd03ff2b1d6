/**
 * How far a snapshot has come in one database. Entries are numbered in the order of insertion and the scan
 * walks them upwards, so one comparison tells whether a changing entry lies behind (written), ahead (to
 * be taken now, and passed over later), or was born after the moment (not part of the picture).
 */
import type { Database, Walk } from '../store/database.js';
import type { Entry } from '../store/entry.js';

/** Entries looked up at a time: finding where to go on costs as much as some of them. */
const BATCH = 64;

export class DatabaseScan {
  readonly db: Database;
  /** As it was at the moment; SWAPDB may change it since. */
  readonly index: number;
  readonly size: number;
  readonly expiringCount: number;
  readonly #belongs: ((entry: Entry) => boolean) | undefined;
  readonly #walk: Walk;
  readonly #last: number;
  /** Entries up to this number have been looked up. */
  #frontier = 0;
  /** Those looked up last, and how many of them have been given out. */
  #batch: Entry[] = [];
  #given = 0;
  /** The number of the entry given out last. */
  #passed = 0;
  /** Entries ahead that have been taken already. */
  readonly #early = new Set<Entry>();
  /** Cleared: nothing changes the entries that are left, and the database has others now. */
  #isDetached = false;

  constructor(db: Database, belongs?: (entry: Entry) => boolean) {
    this.db = db;
    this.#belongs = belongs;
    this.index = db.index;
    this.size = db.size;
    this.expiringCount = db.expiringCount;
    this.#walk = db.walk();
    this.#last = db.lastSequence;
  }

  /** The next entry that is not in the picture yet; undefined at the end. */
  next(): Entry | undefined {
    for (;;) {
      const entry = this.#batch[this.#given];
      if (entry === undefined) {
        if (!this.#lookUp(BATCH)) return undefined;
        continue;
      }
      this.#given++;
      this.#passed = entry.sequence;
      if (!this.#early.delete(entry)) return entry;
    }
  }

  /** True when the entry belongs to the picture and is not in it yet: the caller takes it now. */
  claim(entry: Entry): boolean {
    if (this.#isDetached || entry.sequence <= this.#passed || entry.sequence > this.#last) {
      return false;
    }
    if (this.#early.has(entry) || this.#belongs?.(entry) === false) return false;
    this.#early.add(entry);
    return true;
  }

  /** The database is about to lose all its entries at once: they stay as they are in the order we have. */
  detach(): void {
    this.#isDetached = true;
  }

  /** @returns false when there is nothing more. */
  #lookUp(count: number): boolean {
    if (this.#frontier >= this.#last) return false;
    const batch: Entry[] = [];
    this.#frontier = this.#walk(this.#frontier, this.#last, count, (entry) => {
      if (this.#belongs?.(entry) !== false) batch.push(entry);
    });
    this.#batch = batch;
    this.#given = 0;
    return true;
  }
}

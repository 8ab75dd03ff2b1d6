/**
 * Which keys have expired. They are spread over many heaps, because clearing up one heap of a million takes
 * half a second in which nobody is served, and clearing up one of sixteen thousand is not noticed. No order
 * is promised between keys that are due at the same look.
 */
import { type Entry, NEVER } from './entry.js';
import { ExpiryHeap } from './expiry-heap.js';

const PART_COUNT = 64;

export class Expiries {
  readonly #parts: (ExpiryHeap | undefined)[] = [];
  /** Where to look for the next that is due. */
  #turn = 0;
  /** Entries that have an expiry now. */
  size = 0;

  /** Set or change; `NEVER` removes. */
  schedule(entry: Entry, expireAtMs: number): void {
    if (entry.expireAtMs === NEVER && expireAtMs === NEVER) return;
    const part = this.#partOf(entry);
    const sizeBefore = part.size;
    part.schedule(entry, expireAtMs);
    this.size += part.size - sizeBefore;
  }

  /** The entry was deleted. */
  forget(entry: Entry): void {
    if (entry.expireAtMs === NEVER) return;
    this.#partOf(entry).forget(entry);
    this.size--;
  }

  /** A live entry that expires at or before `nowMs`. */
  due(nowMs: number): Entry | undefined {
    for (let looked = 0; looked < PART_COUNT; looked++) {
      const entry = this.#parts[this.#turn]?.due(nowMs);
      if (entry !== undefined) return entry;
      this.#turn = (this.#turn + 1) % PART_COUNT;
    }
    return undefined;
  }

  /** An even draw among those with an expiry. */
  random(below: (bound: number) => number): Entry | undefined {
    let rank = this.size === 0 ? 0 : below(this.size);
    for (const part of this.#parts) {
      if (part === undefined) continue;
      if (rank < part.size) return part.random(below);
      rank -= part.size;
    }
    return undefined;
  }

  #partOf(entry: Entry): ExpiryHeap {
    return (this.#parts[entry.sequence % PART_COUNT] ??= new ExpiryHeap());
  }
}

/**
 * Keys in order of insertion, for SCAN and RANDOMKEY.
 *
 * Each entry has a sequence number; SCAN walks them downwards and its cursor is the next number to look
 * at. A key that exists throughout keeps its number, so it is met exactly once; keys inserted meanwhile
 * have higher numbers, so a scan always ends, however fast others write. Deleted entries stay in the
 * array (marked dead) until they outnumber the living; squeezing them out keeps the order, so cursors
 * held by clients stay good.
 */
import type { Entry } from './entry.js';

const DEAD_TOLERATED = 64;

export class KeyOrder {
  #entries: Entry[] = [];
  #dead = 0;

  get size(): number {
    return this.#entries.length - this.#dead;
  }

  add(entry: Entry): void {
    this.#entries.push(entry);
  }

  /** Call after `entry.isLive` became false. */
  noteDead(): void {
    this.#dead++;
    if (this.#dead > DEAD_TOLERATED && this.#dead > this.#entries.length >> 1) {
      this.#entries = this.#entries.filter((entry) => entry.isLive);
      this.#dead = 0;
    }
  }

  /**
   * Visit about `count` entries at or below `cursor` (0: from the top), newest first.
   * @returns the cursor to go on with; 0 when done.
   */
  scan(cursor: number, count: number, visit: (entry: Entry) => void): number {
    let at = cursor === 0 ? this.#entries.length - 1 : this.#lastAtMost(cursor);
    // Dead entries cost time too, so they count; ten to one, as an all-dead stretch is short-lived.
    let budget = count * 10;
    for (let visited = 0; at >= 0 && visited < count && budget > 0; at--, budget--) {
      const entry = this.#entries[at]!;
      if (!entry.isLive) continue;
      visit(entry);
      visited++;
    }
    return at < 0 ? 0 : this.#entries[at]!.sequence;
  }

  /**
   * Visit up to `count` live entries with sequences above `after` and at most `upTo`, oldest first.
   * @returns the sequence to go on after; `upTo` when there is nothing more.
   */
  ascend(after: number, upTo: number, count: number, visit: (entry: Entry) => void): number {
    let at = this.#lastAtMost(after) + 1;
    for (let visited = 0; at < this.#entries.length; at++) {
      const entry = this.#entries[at]!;
      if (entry.sequence > upTo) break;
      if (!entry.isLive) continue;
      if (visited === count) return this.#entries[at - 1]!.sequence;
      visit(entry);
      visited++;
    }
    return upTo;
  }

  /** A live entry chosen by `below(bound)`, an even draw from 0..bound-1; undefined when empty. */
  random(below: (bound: number) => number): Entry | undefined {
    if (this.size === 0) return undefined;
    // At least about half of the entries live (see noteDead), so a few draws are enough.
    for (;;) {
      const entry = this.#entries[below(this.#entries.length)]!;
      if (entry.isLive) return entry;
    }
  }

  *[Symbol.iterator](): Generator<Entry> {
    for (const entry of this.#entries) if (entry.isLive) yield entry;
  }

  clear(): void {
    this.#entries = [];
    this.#dead = 0;
  }

  /** Index of the last entry whose sequence is at most `sequence`; -1 if none. */
  #lastAtMost(sequence: number): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#entries[middle]!.sequence <= sequence) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

/**
 * Entries by key. One large `Map` stands still while it grows: at half a million keys it takes a tenth of a
 * second to find every entry its new place. Here keys are spread over many small ones by a few of their
 * characters; each grows at its own time, and none for long. They are made as keys come, so that a small
 * database stays small.
 */
import type { Entry } from './entry.js';
import { PART_COUNT, partOf } from './name-parts.js';

export class KeyTable {
  #parts: (Map<string, Entry> | undefined)[] = [];
  size = 0;
  /** What was looked for last: a command that writes looks twice, before and for it. */
  #lastKey: string | undefined;
  #lastEntry: Entry | undefined;

  get(key: string): Entry | undefined {
    if (key === this.#lastKey) return this.#lastEntry;
    this.#lastKey = key;
    return (this.#lastEntry = this.#parts[partOf(key)]?.get(key));
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  /** The key is not here yet. */
  add(entry: Entry): void {
    if (this.#parts.length === 0) this.#parts = new Array<undefined>(PART_COUNT).fill(undefined);
    const part = partOf(entry.key);
    (this.#parts[part] ??= new Map()).set(entry.key, entry);
    this.size++;
    this.#lastKey = entry.key;
    this.#lastEntry = entry;
  }

  /** The key is here. */
  remove(key: string): void {
    this.#parts[partOf(key)]!.delete(key);
    this.size--;
    this.#lastKey = undefined;
    this.#lastEntry = undefined;
  }

  /** How evenly keys are spread. */
  partSizes(): number[] {
    return this.#parts.map((part) => part?.size ?? 0);
  }

  clear(): void {
    this.#parts = [];
    this.size = 0;
    this.#lastKey = undefined;
    this.#lastEntry = undefined;
  }
}

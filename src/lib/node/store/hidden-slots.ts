/**
 * Slots whose keys are on their way to us from another node. They are stored, and they travel to replicas, but
 * until the slots are ours nobody who lists or counts keys sees them, and their time does not come here: the
 * source decides when a key expires.
 */
import { type Entry, SlotEntry } from './entry.js';

export class HiddenSlots {
  readonly #slots = new Set<number>();
  /** Entries with an expiry that has not been put on the clock. */
  readonly #waiting = new Set<Entry>();

  get isEmpty(): boolean {
    return this.#slots.size === 0;
  }

  get slots(): Iterable<number> {
    return this.#slots;
  }

  add(slot: number): void {
    this.#slots.add(slot);
  }

  delete(slot: number): void {
    this.#slots.delete(slot);
  }

  has(slot: number): boolean {
    return this.#slots.has(slot);
  }

  holds(entry: Entry): boolean {
    return entry instanceof SlotEntry && this.#slots.has(entry.slot);
  }

  /** The entry has this expiry, and nobody looks at the clock for it. */
  postpone(entry: Entry, expireAtMs: number): void {
    entry.expireAtMs = expireAtMs;
    this.#waiting.add(entry);
  }

  /** @returns whether its expiry was postponed. */
  forget(entry: Entry): boolean {
    return this.#waiting.delete(entry);
  }

  /** Entries that are not hidden any more and are to be put on the clock. */
  takeDue(): readonly Entry[] {
    const due = [...this.#waiting].filter((entry) => !this.holds(entry));
    for (const entry of due) this.#waiting.delete(entry);
    return due;
  }

  clear(): void {
    this.#waiting.clear();
  }
}

/**
 * Slots that went away with all their keys. A million keys are not freed in one turn, but they are gone at
 * once: an entry of such a slot that is as old as its doom counts for nothing, and is freed later, a few at
 * a time. Newer entries of the same slot are not concerned; the slot may have come back.
 */
import { type Entry, SlotEntry } from './entry.js';

interface Doom {
  /** The next entry to free, linked as the slot index had them. */
  next: SlotEntry | undefined;
  /** Entries up to this one of the order of insertion. */
  readonly upTo: number;
}

export class DoomedSlots {
  readonly #bySlot = new Map<number, Doom[]>();
  /** Told of each key that is freed. */
  readonly onFreed: (key: string) => void;
  /** Entries that wait to be freed. */
  count = 0;

  constructor(onFreed: (key: string) => void) {
    this.onFreed = onFreed;
  }

  add(slot: number, first: SlotEntry, count: number, upTo: number): void {
    const dooms = this.#bySlot.get(slot) ?? [];
    this.#bySlot.set(slot, dooms);
    dooms.push({ next: first, upTo });
    this.count += count;
  }

  holds(entry: Entry): boolean {
    if (!(entry instanceof SlotEntry)) return false;
    const { slot, sequence, isLive } = entry;
    const dooms = this.#bySlot.get(slot);
    return isLive && dooms !== undefined && dooms.some(({ upTo }) => sequence <= upTo);
  }

  /** An entry to free next; undefined when all are. */
  take(): SlotEntry | undefined {
    for (const [slot, dooms] of this.#bySlot) {
      for (const doom of dooms) {
        while (doom.next !== undefined) {
          const entry = doom.next;
          doom.next = entry.nextInSlot;
          if (entry.isLive) return entry;
        }
      }
      this.#bySlot.delete(slot);
    }
    return undefined;
  }
}

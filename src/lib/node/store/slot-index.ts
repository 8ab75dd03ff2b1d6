/**
 * Keys by slot: a doubly linked list through the entries of each slot and a count beside it, so that
 * COUNTKEYSINSLOT is O(1), GETKEYSINSLOT O(wanted), and a write costs two pointer changes.
 */
import { SLOT_COUNT } from '../../kernel/slot.js';
import type { SlotEntry } from './entry.js';

export class SlotIndex {
  #heads: (SlotEntry | undefined)[] = new Array<SlotEntry | undefined>(SLOT_COUNT).fill(undefined);
  #counts = new Uint32Array(SLOT_COUNT);

  add(entry: SlotEntry): void {
    const head = this.#heads[entry.slot];
    entry.nextInSlot = head;
    if (head) head.previousInSlot = entry;
    this.#heads[entry.slot] = entry;
    this.#counts[entry.slot]!++;
  }

  remove(entry: SlotEntry): void {
    const { previousInSlot: previous, nextInSlot: next } = entry;
    if (previous) previous.nextInSlot = next;
    else this.#heads[entry.slot] = next;
    if (next) next.previousInSlot = previous;
    entry.previousInSlot = undefined;
    entry.nextInSlot = undefined;
    this.#counts[entry.slot]!--;
  }

  /** Gives a slot's entries away, linked as they are by `nextInSlot`; the slot is empty then. */
  take(slot: number): SlotEntry | undefined {
    const head = this.#heads[slot];
    this.#heads[slot] = undefined;
    this.#counts[slot] = 0;
    return head;
  }

  count(slot: number): number {
    return this.#counts[slot] ?? 0;
  }

  keys(slot: number, limit: number): string[] {
    const keys: string[] = [];
    let entry = this.#heads[slot];
    while (entry && keys.length < limit) {
      keys.push(entry.key);
      entry = entry.nextInSlot;
    }
    return keys;
  }

  clear(): void {
    this.#heads.fill(undefined);
    this.#counts.fill(0);
  }
}

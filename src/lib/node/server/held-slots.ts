/** Slots about to change hands: writes to them wait until it is clear whose they are. */
import type { SlotRange } from '../../kernel/ranges.js';

export class HeldSlots {
  readonly #byJob = new Map<string, readonly SlotRange[]>();
  /** The hot path asks nothing else. */
  isAny = false;

  hold(job: string, ranges: readonly SlotRange[]): void {
    this.#byJob.set(job, ranges);
    this.isAny = true;
  }

  release(job: string): void {
    this.#byJob.delete(job);
    this.isAny = this.#byJob.size > 0;
  }

  has(slot: number): boolean {
    for (const ranges of this.#byJob.values()) {
      if (ranges.some(({ first, last }) => slot >= first && slot <= last)) return true;
    }
    return false;
  }
}

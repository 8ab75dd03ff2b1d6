/** Slot ranges: sorted, disjoint, both ends included. The compact form of a set of slots. */
import { SLOT_COUNT } from './slot.js';

export interface SlotRange {
  readonly first: number;
  readonly last: number;
}

/** Ranges of the slots for which `holds` is true. */
export function rangesWhere(holds: (slot: number) => boolean): readonly SlotRange[] {
  const ranges: SlotRange[] = [];
  let first = -1;
  for (let slot = 0; slot <= SLOT_COUNT; slot++) {
    const held = slot < SLOT_COUNT && holds(slot);
    if (held && first < 0) first = slot;
    if (!held && first >= 0) {
      ranges.push({ first, last: slot - 1 });
      first = -1;
    }
  }
  return ranges;
}

/** Ranges of the given slots, in any order, repeated or not. */
export function rangesOf(slots: Iterable<number>): readonly SlotRange[] {
  const sorted = [...new Set(slots)].sort((a, b) => a - b);
  const ranges: { first: number; last: number }[] = [];
  for (const slot of sorted) {
    const open = ranges.at(-1);
    if (open && open.last === slot - 1) open.last = slot;
    else ranges.push({ first: slot, last: slot });
  }
  return ranges;
}

export function countSlots(ranges: readonly SlotRange[]): number {
  return ranges.reduce((sum, range) => sum + range.last - range.first + 1, 0);
}

export function* slotsIn(ranges: readonly SlotRange[]): Generator<number> {
  for (const { first, last } of ranges) for (let slot = first; slot <= last; slot++) yield slot;
}

/** `0-5460,7000`: the form of redis-trib.rb. */
export function formatRanges(ranges: readonly SlotRange[]): string {
  return ranges
    .map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`))
    .join(',');
}

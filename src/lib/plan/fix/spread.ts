/**
 * Slots that are nobody's and without keys go to the primaries in contiguous runs, so that all end with as
 * equal a number as can be. A small hole in the slots of one primary is its own. A primary without slots
 * joins in when what is lost is at least a whole share: it stands there to replace somebody.
 */
import type { Member } from '../../cluster/view.js';
import { rangesOf, slotsIn } from '../../kernel/ranges.js';
import { SLOT_COUNT } from '../../kernel/slot.js';

/** Evenness is no matter below this. */
const HOLE_SLOTS_MAX = 64;

/** @param owners by slot, as decided so far @returns the new owner of each of the slots; none without primaries */
export function spread(
  slots: readonly number[],
  owners: readonly (Member | undefined)[],
  primaries: readonly Member[],
): ReadonlyMap<number, Member> {
  const given = new Map<number, Member>();
  const able = new Set(primaries);
  for (const { first, last } of rangesOf(slots)) {
    const [before, after] = [owners[first - 1], owners[last + 1]];
    const isHole = last - first < HOLE_SLOTS_MAX && before !== undefined && able.has(before);
    if (!isHole || (after !== before && after !== undefined)) continue;
    for (const slot of slotsIn([{ first, last }])) given.set(slot, before);
  }
  const rest = slots.filter((slot) => !given.has(slot)).sort((a, b) => a - b);
  const held = heldBy(primaries, [...owners, ...given.values()]);
  const quotas = quotasOf(rest.length, takersOf(rest.length, held));
  let next = 0;
  for (const [member, quota] of inOrderOfSlots(quotas, owners)) {
    for (const slot of rest.slice(next, next + quota)) given.set(slot, member);
    next += quota;
  }
  return given;
}

function heldBy(primaries: readonly Member[], owners: readonly (Member | undefined)[]) {
  const held = new Map(primaries.map((member) => [member, 0]));
  for (const owner of owners) {
    if (owner && held.has(owner)) held.set(owner, held.get(owner)! + 1);
  }
  return held;
}

function takersOf(count: number, held: ReadonlyMap<Member, number>) {
  const serving = new Map([...held].filter(([, slots]) => slots > 0));
  const isWholeShare = count >= Math.floor(SLOT_COUNT / Math.max(1, held.size));
  return serving.size === 0 || isWholeShare ? held : serving;
}

/** Fills up the smallest first; what cannot be divided goes to the first ones. */
function quotasOf(count: number, held: ReadonlyMap<Member, number>): ReadonlyMap<Member, number> {
  const ascending = [...held].sort(([, a], [, b]) => a - b);
  let takers = ascending.length;
  let sum = ascending.reduce((total, [, slots]) => total + slots, count);
  // Who has more than its share already takes nothing, and the others share what is left.
  while (takers > 1 && ascending[takers - 1]![1] > sum / takers) sum -= ascending[--takers]![1];
  const level = Math.floor(sum / Math.max(1, takers));
  const quotas = ascending
    .slice(0, takers)
    .map(([member, slots]) => [member, level - slots] as const);
  let over = sum - level * takers;
  return new Map(quotas.map(([member, quota]) => [member, quota + (over-- > 0 ? 1 : 0)]));
}

/** A run then lies beside slots its owner has already, where it can. */
function inOrderOfSlots(
  quotas: ReadonlyMap<Member, number>,
  owners: readonly (Member | undefined)[],
): readonly (readonly [Member, number])[] {
  const first = new Map<Member, number>();
  owners.forEach((owner, slot) => {
    if (owner && !first.has(owner)) first.set(owner, slot);
  });
  const placeOf = (member: Member) => first.get(member) ?? SLOT_COUNT;
  return [...quotas].sort(([a], [b]) => placeOf(a) - placeOf(b));
}

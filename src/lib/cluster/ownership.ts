/**
 * Who owns which slot. A node's own line is its word; what others say of a node counts only while it is
 * silent. Slots are numbers in flat arrays here: 16384 of them times a thousand nodes is nothing, as long
 * as no object is made for each.
 */
import { rangesWhere, type SlotRange } from '../kernel/ranges.js';
import { SLOT_COUNT } from '../kernel/slot.js';
import type { ClusterView } from './model.js';
import { membersOf, type Member } from './view.js';

export interface Ownership {
  /** By slot; the first owner in member order where there are several. */
  readonly ownerOf: readonly (Member | undefined)[];
  readonly uncovered: readonly SlotRange[];
  /** Slots claimed by more than one node, with all of them. */
  readonly contested: readonly {
    readonly slots: readonly SlotRange[];
    readonly owners: readonly Member[];
  }[];
}

export function ownershipOf(view: ClusterView, members = membersOf(view)): Ownership {
  const ownerOf = new Array<Member | undefined>(SLOT_COUNT).fill(undefined);
  const rivals = new Map<number, Member[]>();
  for (const member of members) {
    // A replica's line lists no slots; one that does is confused, and owns nothing by it.
    if (member.role === 'replica') continue;
    for (const { first, last } of member.slots) {
      for (let slot = first; slot <= last; slot++) {
        const owner = ownerOf[slot];
        if (!owner) ownerOf[slot] = member;
        else if (owner.id !== member.id) addRival(rivals, slot, owner, member);
      }
    }
  }
  return {
    ownerOf,
    uncovered: rangesWhere((slot) => ownerOf[slot] === undefined),
    contested: groupRivals(rivals),
  };
}

function addRival(rivals: Map<number, Member[]>, slot: number, owner: Member, rival: Member): void {
  const known = rivals.get(slot);
  if (known) known.push(rival);
  else rivals.set(slot, [owner, rival]);
}

function groupRivals(rivals: ReadonlyMap<number, readonly Member[]>): Ownership['contested'] {
  const groups = new Map<string, { slots: Set<number>; owners: readonly Member[] }>();
  for (const [slot, owners] of rivals) {
    const key = owners.map(({ id }) => id).join();
    const group = groups.get(key) ?? { slots: new Set(), owners };
    group.slots.add(slot);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ slots, owners }) => ({
    slots: rangesWhere((slot) => slots.has(slot)),
    owners,
  }));
}

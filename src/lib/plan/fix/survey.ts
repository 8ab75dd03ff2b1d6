/**
 * The cluster as a repair needs it: who answers, who claims, who has a slot open, who has its keys. Made
 * once per plan; what each slot looks like is read off it.
 */
import type { ClusterView } from '../../cluster/model.js';
import { ownershipOf } from '../../cluster/ownership.js';
import type { SlotKeys } from '../../cluster/slot-keys.js';
import { membersOf, type Member } from '../../cluster/view.js';
import type { NodeId } from '../../kernel/node-id.js';
import { rangesWhere, slotsIn, type SlotRange } from '../../kernel/ranges.js';
import { SLOT_COUNT } from '../../kernel/slot.js';
import { isWanted, type FixWish } from './fixable.js';

export interface Survey {
  readonly view: ClusterView;
  readonly members: readonly Member[];
  readonly byId: ReadonlyMap<NodeId, Member>;
  /** Primaries that answer: they decide, and they are told. */
  readonly primaries: readonly Member[];
  /** Primaries that do not answer, or did not say which keys they have. */
  readonly mute: ReadonlySet<Member>;
  /** By slot, the primaries that answer and claim it. */
  readonly claimants: readonly (readonly Member[])[];
  /** By slot, the silent primary that others say owns it, where nobody claims it. */
  readonly departed: readonly (Member | undefined)[];
  /** By node, then by slot; nothing where there is no key. */
  readonly counts: ReadonlyMap<NodeId, ReadonlyMap<number, number>>;
}

export function surveyOf(view: ClusterView, evidence: readonly SlotKeys[]): Survey {
  const members = membersOf(view);
  const primaries = members.filter(({ role, claim }) => role === 'primary' && claim);
  const failed = new Set(
    evidence.filter(({ failure }) => failure !== undefined).map(({ id }) => id),
  );
  const nobody: readonly Member[] = [];
  const claimants = new Array<readonly Member[]>(SLOT_COUNT).fill(nobody);
  for (const member of primaries) {
    for (const slot of slotsIn(member.slots)) {
      const others = claimants[slot]!;
      claimants[slot] = others.length === 0 ? [member] : [...others, member];
    }
  }
  const departed = new Array<Member | undefined>(SLOT_COUNT).fill(undefined);
  for (const member of members) {
    if (member.claim || member.role === 'replica') continue;
    for (const slot of slotsIn(member.slots)) {
      if (claimants[slot]!.length === 0) departed[slot] ??= member;
    }
  }
  return {
    view,
    members,
    byId: new Map(members.map((member) => [member.id, member])),
    primaries,
    mute: new Set(
      members.filter(({ id, role, claim }) => role === 'primary' && (!claim || failed.has(id))),
    ),
    claimants,
    departed,
    counts: new Map(evidence.map(({ id, counts }) => [id, counts])),
  };
}

export function keysOf({ counts }: Survey, { id }: Member, slot: number): number {
  return counts.get(id)?.get(slot) ?? 0;
}

/** Slots that a repair has to look at: all primaries are asked for keys of them. */
export function doubtfulSlots(view: ClusterView, wish: FixWish): readonly SlotRange[] {
  const doubtful = new Set<number>();
  const members = membersOf(view);
  const ownership = ownershipOf(view, members);
  if (isWanted(wish, 'slot-open')) {
    for (const { record, role } of members) {
      if (role === 'replica') continue;
      for (const slot of [...record.migrating.keys(), ...record.importing.keys()])
        doubtful.add(slot);
    }
  }
  if (isWanted(wish, 'slot-multiple-owners')) {
    for (const { slots } of ownership.contested)
      for (const slot of slotsIn(slots)) doubtful.add(slot);
  }
  if (isWanted(wish, 'slot-uncovered')) {
    for (const slot of slotsIn(ownership.uncovered)) doubtful.add(slot);
  }
  if (isWanted(wish, 'slot-owner-down') && wish.withUnreachable === true) {
    for (const { role, claim, slots } of members) {
      if (role === 'primary' && !claim) for (const slot of slotsIn(slots)) doubtful.add(slot);
    }
  }
  return rangesWhere((slot) => doubtful.has(slot));
}

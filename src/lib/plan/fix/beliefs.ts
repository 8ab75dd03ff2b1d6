/**
 * What nodes believe of slots that are not theirs. Beliefs decide nothing while somebody claims a slot; they
 * tell who had one that nobody claims, and who has to be told when all is done.
 */
import type { Claim } from '../../cluster/model.js';
import type { Member } from '../../cluster/view.js';
import type { NodeId } from '../../kernel/node-id.js';
import { slotsIn } from '../../kernel/ranges.js';
import { SLOT_COUNT } from '../../kernel/slot.js';
import type { Survey } from './survey.js';

/** By slot, whose a node says it is. */
export function beliefsOf({ records }: Claim): readonly (NodeId | undefined)[] {
  const beliefs = new Array<NodeId | undefined>(SLOT_COUNT).fill(undefined);
  for (const { id, slots } of records.values()) {
    for (const slot of slotsIn(slots)) beliefs[slot] = id;
  }
  return beliefs;
}

/**
 * Who is to have a slot that nobody claims: most nodes still name who had it last (before 7.2 they do so for
 * ever), and that node in turn names the one it gave the slot to.
 */
export function successors(survey: Survey): (slot: number) => Member | undefined {
  const ownerless = survey.claimants.flatMap((claimants, slot) =>
    claimants.length === 0 ? [slot] : [],
  );
  if (ownerless.length === 0) return () => undefined;
  const votes = new Map<number, Map<NodeId, number>>();
  const namedBy = new Map<NodeId, readonly (NodeId | undefined)[]>();
  for (const claim of survey.view.claims.values()) {
    const beliefs = beliefsOf(claim);
    namedBy.set(
      claim.self.id,
      ownerless.map((slot) => beliefs[slot]),
    );
    for (const slot of ownerless) {
      const named = beliefs[slot];
      if (named === undefined) continue;
      const tally = votes.get(slot) ?? new Map<NodeId, number>();
      tally.set(named, (tally.get(named) ?? 0) + 1);
      votes.set(slot, tally);
    }
  }
  const placeOf = new Map(ownerless.map((slot, place) => [slot, place]));
  const primary = (id: NodeId | undefined): Member | undefined =>
    survey.primaries.find((member) => member.id === id);
  return (slot) => {
    const [most] = [...(votes.get(slot) ?? [])].sort(([, a], [, b]) => b - a);
    if (most === undefined) return undefined;
    const givenTo = namedBy.get(most[0])?.[placeOf.get(slot)!];
    return primary(givenTo) ?? primary(most[0]);
  };
}

/** A node that believes something else of these slots than what will be. */
export interface Dissent {
  readonly by: Member;
  readonly owner: Member;
  readonly slots: readonly number[];
  /** Of those it names instead, as it knows them: gossip of the owner is heeded only above this. */
  readonly rivalEpoch: number;
}

/** @param owners by slot; slots without one are nobody's matter here */
export function dissentsFrom(
  survey: Survey,
  owners: readonly (Member | undefined)[],
): readonly Dissent[] {
  return [...survey.view.claims.values()].flatMap((claim) => {
    const by = survey.byId.get(claim.self.id)!;
    const beliefs = beliefsOf(claim);
    const wrong = new Map<Member, { slots: number[]; rivalEpoch: number }>();
    owners.forEach((owner, slot) => {
      const named = beliefs[slot];
      if (!owner || named === owner.id || owner === by) return;
      const found = wrong.get(owner) ?? { slots: [], rivalEpoch: -1 };
      found.slots.push(slot);
      const rival = named === undefined ? undefined : claim.records.get(named);
      found.rivalEpoch = Math.max(found.rivalEpoch, rival?.configEpoch ?? -1);
      wrong.set(owner, found);
    });
    return [...wrong].map(([owner, found]) => ({ by, owner, ...found }));
  });
}

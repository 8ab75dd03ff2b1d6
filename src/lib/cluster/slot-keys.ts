/**
 * Keys where they do not belong. A node that has keys of a slot it does not own has them from a move that
 * went wrong; clients are sent elsewhere, so nobody reads or expires them, and they come back to life when
 * the slot returns. Which nodes to ask, about which slots, is decided here; who asks is the shell.
 */
import type { NodeId } from '../kernel/node-id.js';
import { rangesWhere, type SlotRange } from '../kernel/ranges.js';
import { countKeys } from './facts.js';
import type { ClusterView, NodeAddress } from './model.js';
import { membersOf, type Member } from './view.js';

/** How many keys does this node have in each of these slots? */
export interface KeyQuestion {
  readonly id: NodeId;
  readonly address: NodeAddress;
  readonly slots: readonly SlotRange[];
}

/** What a node holds of the slots it was asked about. */
export interface SlotKeys {
  readonly id: NodeId;
  /** By slot; slots without keys are left out. */
  readonly counts: ReadonlyMap<number, number>;
  /** Why it did not say. */
  readonly failure?: string;
}

/** Every primary that answers, about every slot that is not its own; one without any key is not asked. */
export function keyQuestions(view: ClusterView): readonly KeyQuestion[] {
  return membersOf(view).flatMap((member) => {
    const { id, address, role, claim } = member;
    if (role !== 'primary' || claim === undefined) return [];
    const isKnownEmpty = claim.facts.version !== undefined && countKeys(claim.facts) === 0;
    if (isKnownEmpty && !claim.facts.isLoading) return [];
    const own = ownSlots(member);
    return [{ id, address, slots: rangesWhere((slot) => !own.has(slot)) }];
  });
}

/** Slots with more than one owner, as redis-cli counts them: who claims a slot, or has a key of it. */
export function slotOwners(
  view: ClusterView,
  said: readonly SlotKeys[],
): ReadonlyMap<number, readonly Member[]> {
  const primaries = membersOf(view).filter(({ role }) => role === 'primary');
  const countsOf = new Map(said.map(({ id, counts }) => [id, counts]));
  const owners = new Map<number, Member[]>();
  for (const member of primaries) {
    for (const slot of [...ownSlots(member), ...(countsOf.get(member.id)?.keys() ?? [])]) {
      const known = owners.get(slot);
      if (known === undefined) owners.set(slot, [member]);
      else known.push(member);
    }
  }
  return new Map([...owners].filter(([, of]) => of.length > 1).sort(([a], [b]) => a - b));
}

function ownSlots({ slots }: Member): ReadonlySet<number> {
  const own = new Set<number>();
  for (const { first, last } of slots) for (let slot = first; slot <= last; slot++) own.add(slot);
  return own;
}

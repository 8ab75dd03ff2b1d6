/** Slots as they stand while they move: who claims them, who has a mark on them. */
import type { ClusterView } from '../cluster/model.js';
import { isDown, membersOf, type Member } from '../cluster/view.js';
import type { NodeId } from '../kernel/node-id.js';
import { slotsIn } from '../kernel/ranges.js';

export interface Mark {
  readonly at: Member;
  readonly kind: 'migrating' | 'importing';
  readonly peer: NodeId;
}

export interface Standing {
  /** Primaries that claim the slot, in the order of the members. */
  readonly claimants: readonly Member[];
  readonly marks: readonly Mark[];
}

const NOTHING: Standing = { claimants: [], marks: [] };

export class SlotStandings {
  readonly #standings = new Map<number, { claimants: Member[]; marks: Mark[] }>();

  constructor(view: ClusterView) {
    for (const member of membersOf(view)) {
      const { migrating, importing } = member.record;
      for (const [slot, peer] of migrating)
        this.#at(slot).marks.push({ at: member, kind: 'migrating', peer });
      for (const [slot, peer] of importing)
        this.#at(slot).marks.push({ at: member, kind: 'importing', peer });
      if (member.role === 'replica') continue;
      for (const slot of slotsIn(member.slots)) this.#at(slot).claimants.push(member);
    }
  }

  of(slot: number): Standing {
    return this.#standings.get(slot) ?? NOTHING;
  }

  /** In their order. */
  get open(): readonly number[] {
    return [...this.#standings]
      .filter(([, { marks }]) => marks.length > 0)
      .map(([slot]) => slot)
      .sort((a, b) => a - b);
  }

  #at(slot: number) {
    let standing = this.#standings.get(slot);
    if (!standing) this.#standings.set(slot, (standing = { claimants: [], marks: [] }));
    return standing;
  }
}

/** The only one that claims it and answers; a claim of a node that is down serves nobody. */
export function ownerIn({ claimants }: Standing): Member | undefined {
  const living = claimants.filter((member) => !isDown(member));
  return living.length === 1 ? living[0] : undefined;
}

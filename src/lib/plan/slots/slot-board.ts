/**
 * Who owns which slot while a plan is being made. Planners give slots away one piece after the other; what
 * counts in the end is the difference to the beginning, so that a slot which wandered over two nodes is
 * moved once, and one that came back not at all.
 */
import { ownershipOf } from '../../cluster/ownership.js';
import type { ClusterView } from '../../cluster/model.js';
import type { Member } from '../../cluster/view.js';
import type { NodeId } from '../../kernel/node-id.js';
import { rangesOf, rangesWhere, slotsIn, type SlotRange } from '../../kernel/ranges.js';

/** Slots that go from one primary to another. */
export interface SlotTransfer {
  readonly source: Member;
  readonly target: Member;
  readonly slots: readonly SlotRange[];
}

export class SlotBoard {
  readonly #before: readonly (Member | undefined)[];
  readonly #now: (Member | undefined)[];
  /** Asked for again and again, and changed for two nodes at a time. */
  readonly #ranges = new Map<NodeId, readonly SlotRange[]>();

  constructor(view: ClusterView) {
    this.#before = ownershipOf(view).ownerOf;
    this.#now = [...this.#before];
  }

  ownerOf(slot: number): Member | undefined {
    return this.#now[slot];
  }

  slotsOf({ id }: Pick<Member, 'id'>): readonly SlotRange[] {
    let ranges = this.#ranges.get(id);
    if (!ranges) {
      ranges = rangesWhere((slot) => this.#now[slot]?.id === id);
      this.#ranges.set(id, ranges);
    }
    return ranges;
  }

  give(slots: readonly SlotRange[], target: Member): void {
    this.#ranges.delete(target.id);
    for (const slot of slotsIn(slots)) {
      const owner = this.#now[slot];
      if (owner) this.#ranges.delete(owner.id);
      this.#now[slot] = target;
    }
  }

  /** One per pair of nodes, in the order of their first slots. */
  transfers(): readonly SlotTransfer[] {
    const pairs = new Map<string, { source: Member; target: Member; slots: number[] }>();
    this.#before.forEach((source, slot) => {
      const target = this.#now[slot];
      if (!source || !target || source.id === target.id) return;
      const key = `${source.id} ${target.id}`;
      const pair = pairs.get(key) ?? { source, target, slots: [] };
      pair.slots.push(slot);
      pairs.set(key, pair);
    });
    return [...pairs.values()].map(({ source, target, slots }) => ({
      source,
      target,
      slots: rangesOf(slots),
    }));
  }
}

export const idsOf = (members: Iterable<Pick<Member, 'id'>>): ReadonlySet<NodeId> =>
  new Set([...members].map(({ id }) => id));

/**
 * So many slots, from these primaries, to that one. Exactly as many as were asked for: each source gives in
 * proportion to what it owns, by largest remainder, where the incumbents round down and announce more
 * slots than they move.
 */
import { formatAddress } from '../cluster/address.js';
import type { ClusterView } from '../cluster/model.js';
import { nameOf } from '../cluster/select-node.js';
import type { Member } from '../cluster/view.js';
import { TribError } from '../kernel/errors.js';
import type { NodeId } from '../kernel/node-id.js';
import { countSlots } from '../kernel/ranges.js';
import { SLOT_COUNT } from '../kernel/slot.js';
import type { Plan } from './plan.js';
import { giveSlots } from './slots/choose-slots.js';
import { sharesOf } from './slots/shares.js';
import { SlotBoard, idsOf, type SlotTransfer } from './slots/slot-board.js';
import { primariesOf, primaryWith, refuseDown, slotPlan } from './slots/slot-plan.js';

export interface ReshardWish {
  /** 1 to 16384. */
  readonly count: number;
  readonly targetId: NodeId;
  /** `all`: every primary but the target. */
  readonly sourceIds: readonly NodeId[] | 'all';
}

export interface ReshardDecision {
  readonly plan: Plan;
  readonly target: Member;
  readonly sources: readonly Member[];
  readonly transfers: readonly SlotTransfer[];
}

/** @throws TribError USAGE, UNKNOWN_NODE, NOT_A_PRIMARY, REFUSED (too few slots, a node that is down) */
export function planReshard(view: ClusterView, wish: ReshardWish): ReshardDecision {
  const { count } = wish;
  if (!Number.isInteger(count) || count < 1 || count > SLOT_COUNT) {
    throw new TribError('USAGE', `${count} is no number of slots: give 1 to ${SLOT_COUNT}.`);
  }
  const target = primaryWith(view, wish.targetId, 'takes');
  const sources = sourcesOf(view, wish);
  const given = sources.filter(({ slots }) => slots.length > 0);
  const available = given.reduce((sum, { slots }) => sum + countSlots(slots), 0);
  if (count > available) throw tooFew(count, available, sources);
  refuseDown([target, ...given]);
  const transfers = divide(view, { count, target, given });
  const idle = sources.filter(({ slots }) => slots.length === 0);
  const plan = slotPlan('reshard', view, transfers, {
    why: ({ source, slots }) =>
      `${formatAddress(source.address)} gives ${countSlots(slots)} of its ${countSlots(source.slots)} slots`,
    remarks:
      wish.sourceIds === 'all'
        ? []
        : idle.map((source) => `${nameOf(source)} owns no slots and gives none.`),
  });
  return { plan, target, sources: given, transfers };
}

function sourcesOf(view: ClusterView, { targetId, sourceIds }: ReshardWish): readonly Member[] {
  if (sourceIds === 'all') return primariesOf(view).filter(({ id }) => id !== targetId);
  if (sourceIds.includes(targetId)) {
    throw new TribError('USAGE', 'The target node is also listed among the source nodes.', {
      hint: 'Leave it out of the sources.',
      details: { node: targetId },
    });
  }
  if (sourceIds.length === 0) throw new TribError('USAGE', 'No source nodes are given.');
  return [...new Set(sourceIds)].map((id) => primaryWith(view, id));
}

function divide(
  view: ClusterView,
  { count, target, given }: { count: number; target: Member; given: readonly Member[] },
): readonly SlotTransfer[] {
  const board = new SlotBoard(view);
  const shares = sharesOf(
    count,
    given.map(({ slots }) => countSlots(slots)),
  );
  const portions = given
    .map((source, index) => ({ source, target, count: shares[index]! }))
    .filter((portion) => portion.count > 0)
    .sort((a, b) => a.source.slots[0]!.first - b.source.slots[0]!.first);
  portions.forEach((portion, index) => {
    giveSlots(board, portion, idsOf(portions.slice(index + 1).map(({ source }) => source)));
  });
  return board.transfers();
}

function tooFew(count: number, available: number, sources: readonly Member[]): TribError {
  return new TribError(
    'REFUSED',
    `${count} slots cannot be moved: the source nodes own ${available}.`,
    {
      hint: sources.map(
        ({ address, slots }) => `${formatAddress(address)} owns ${countSlots(slots)} slots`,
      ),
      details: { wanted: count, available },
    },
  );
}

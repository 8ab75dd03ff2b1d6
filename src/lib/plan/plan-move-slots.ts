/**
 * These very slots, to that primary. Each slot comes from whoever owns it; what the target owns already is
 * left out and said.
 */
import { formatAddress } from '../cluster/address.js';
import type { ClusterView } from '../cluster/model.js';
import { nameOf } from '../cluster/select-node.js';
import type { Member } from '../cluster/view.js';
import { TribError } from '../kernel/errors.js';
import type { NodeId } from '../kernel/node-id.js';
import {
  countSlots,
  formatRanges,
  rangesWhere,
  slotsIn,
  type SlotRange,
} from '../kernel/ranges.js';
import type { Plan } from './plan.js';
import { SlotBoard, type SlotTransfer } from './slots/slot-board.js';
import { primaryWith, refuseDown, slotPlan } from './slots/slot-plan.js';

export interface MoveSlotsWish {
  readonly slots: readonly SlotRange[];
  readonly targetId: NodeId;
  /** All of them must belong to this one. */
  readonly sourceId?: NodeId | undefined;
}

export interface MoveSlotsDecision {
  readonly plan: Plan;
  readonly target: Member;
  readonly transfers: readonly SlotTransfer[];
}

/** @throws TribError USAGE, UNKNOWN_NODE, NOT_A_PRIMARY, REFUSED (nobody's slots, another's, a node down) */
export function planMoveSlots(view: ClusterView, wish: MoveSlotsWish): MoveSlotsDecision {
  const target = primaryWith(view, wish.targetId, 'takes');
  if (wish.sourceId === wish.targetId) {
    throw new TribError('USAGE', 'Source and target are the same node.', {
      details: { node: wish.targetId },
    });
  }
  const source = wish.sourceId === undefined ? undefined : primaryWith(view, wish.sourceId);
  const board = new SlotBoard(view);
  const wanted = new Set(slotsIn(wish.slots));
  if (wanted.size === 0) throw new TribError('USAGE', 'Which slots? Give numbers or ranges.');
  const pick = (holds: (owner: Member | undefined) => boolean): readonly SlotRange[] =>
    rangesWhere((slot) => wanted.has(slot) && holds(board.ownerOf(slot)));
  refuseOrphans(pick((owner) => owner === undefined));
  const there = pick((owner) => owner?.id === target.id);
  if (source)
    refuseOthers(
      board,
      source,
      pick((owner) => owner !== source && owner !== target),
    );
  board.give(
    pick((owner) => owner?.id !== target.id),
    target,
  );
  const transfers = board.transfers();
  refuseDown([target, ...transfers.map((transfer) => transfer.source)]);
  const count = countSlots(there);
  const plan = slotPlan('move-slots', view, transfers, {
    why: () => 'these slots were named',
    remarks:
      count === 0
        ? []
        : [
            `${nameOf(target)} owns ${count === 1 ? 'slot' : `${count} slots`} ${formatRanges(there)} already.`,
          ],
  });
  return { plan, target, transfers };
}

function refuseOrphans(slots: readonly SlotRange[]): void {
  if (slots.length === 0) return;
  throw new TribError('REFUSED', `Nobody owns ${formatRanges(slots)}: there is nothing to move.`, {
    hint: '`trib check` shows which slots are not covered.',
    details: { slots: formatRanges(slots) },
  });
}

function refuseOthers(board: SlotBoard, source: Member, slots: readonly SlotRange[]): void {
  const first = slots[0]?.first;
  if (first === undefined) return;
  const owner = board.ownerOf(first)!;
  throw new TribError(
    'REFUSED',
    `${formatAddress(source.address)} does not own ${formatRanges(slots)}.`,
    {
      hint: `Slot ${first} belongs to ${nameOf(owner)}. Without --from every slot comes from its owner.`,
      details: { slots: formatRanges(slots) },
    },
  );
}

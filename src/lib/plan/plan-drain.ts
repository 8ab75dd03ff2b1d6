/**
 * Everything off one primary: its slots to the others, so that those end as even as they can, its replicas
 * to new primaries, and with `remove` the node itself out of the cluster. The removal is planned on the
 * cluster as it will be then.
 */
import { formatAddress } from '../cluster/address.js';
import type { ClusterView } from '../cluster/model.js';
import { nameOf } from '../cluster/select-node.js';
import { isDown, membersOf, type Member } from '../cluster/view.js';
import { TribError } from '../kernel/errors.js';
import type { NodeId } from '../kernel/node-id.js';
import { countSlots } from '../kernel/ranges.js';
import { refOfMember } from './node-ref.js';
import type { Plan, Stage } from './plan.js';
import { planDelNode } from './plan-removal.js';
import { project } from './project.js';
import { reHome } from './re-home.js';
import { levelOut } from './slots/pairing.js';
import { pourOver } from './slots/shares.js';
import { SlotBoard, type SlotTransfer } from './slots/slot-board.js';
import { primariesOf, primaryWith, refuseDown, slotPlan } from './slots/slot-plan.js';

export interface DrainWish {
  readonly id: NodeId;
  /** Who takes the slots; default: every other primary that owns some. */
  readonly targetIds?: readonly NodeId[] | undefined;
  /** Out of the cluster afterwards. */
  readonly remove: boolean;
}

export interface DrainDecision {
  readonly plan: Plan;
  readonly victim: Member;
  readonly transfers: readonly SlotTransfer[];
}

/** @throws TribError UNKNOWN_NODE, NOT_A_PRIMARY, USAGE, REFUSED (nobody to take over, a node is down) */
export function planDrain(view: ClusterView, wish: DrainWish): DrainDecision {
  const victim = primaryWith(view, wish.id);
  const targets = targetsOf(view, victim, wish.targetIds);
  if (victim.slots.length > 0) refuseDown([victim, ...targets]);
  const board = new SlotBoard(view);
  const count = countSlots(victim.slots);
  const added = pourOver(
    count,
    targets.map(({ slots }) => countSlots(slots)),
  );
  levelOut(board, [
    { member: victim, surplus: count },
    ...targets.map((member, index) => ({ member, surplus: -added[index]! })),
  ]);
  const transfers = board.transfers();
  const moving = slotPlan('drain', view, transfers, {
    why: ({ target, slots }) =>
      `${formatAddress(target.address)} then owns ${countSlots(target.slots) + countSlots(slots)}, as even as it can be`,
  });
  const emptied = { ...moving, stages: [...moving.stages, ...newHomes(view, victim)] };
  if (!wish.remove) return { plan: emptied, victim, transfers };
  const removal = planDelNode(project(view, emptied), victim.id, {
    reset: 'soft',
    shutdown: false,
  });
  const plan = {
    ...emptied,
    stages: [...emptied.stages, ...removal.stages],
    // That it becomes a replica on the way is of no interest when it leaves.
    remarks: removal.remarks,
  };
  return { plan, victim, transfers };
}

function targetsOf(
  view: ClusterView,
  victim: Member,
  ids: readonly NodeId[] | undefined,
): readonly Member[] {
  if (ids?.includes(victim.id) === true) {
    throw new TribError('USAGE', 'The node to be drained is also listed among the targets.', {
      details: { node: victim.id },
    });
  }
  if (ids?.length === 0) throw new TribError('USAGE', 'No target nodes are given.');
  if (ids) return [...new Set(ids)].map((id) => primaryWith(view, id, 'takes'));
  const others = primariesOf(view).filter((member) => member !== victim && !isDown(member));
  const serving = others.filter(({ slots }) => slots.length > 0);
  if (others.length > 0) return serving.length > 0 ? serving : others;
  throw new TribError(
    'REFUSED',
    `${nameOf(victim)} is the only primary: nobody can take its slots.`,
    {
      hint: 'Add one first: trib add-node NEW_HOST:PORT HOST:PORT',
      details: { node: victim.id },
    },
  );
}

/**
 * The servers themselves would let all of them follow the node that took the last slot, or, with
 * cluster-allow-replica-migration off, stay behind: neither is what anybody wants.
 */
function newHomes(view: ClusterView, victim: Member): readonly Stage[] {
  const members = membersOf(view);
  const replicas = members.filter(({ primaryId, claim }) => primaryId === victim.id && claim);
  const pairs = reHome(members, replicas, victim.id).flatMap(({ replica, primary }) =>
    primary ? [{ node: refOfMember(replica), primary: refOfMember(primary) }] : [],
  );
  if (pairs.length === 0) return [];
  return [
    {
      title: `Giving ${pairs.length} replica${pairs.length === 1 ? '' : 's'} of ${formatAddress(victim.address)} a new primary`,
      steps: pairs.map(({ node, primary }) => ({
        kind: 'replicate',
        node,
        primary,
        why: `${formatAddress(primary.address)} has the fewest replicas`,
      })),
      settled: {
        kind: 'replicating',
        pairs,
        witnesses: members.filter((member) => !isDown(member)).map(refOfMember),
      },
    },
  ];
}

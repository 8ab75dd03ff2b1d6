/**
 * Every primary gets its share of the slots, by weight. As few slots move as can: the sum of what the
 * richer ones have too many; and whoever owns its share already is left alone, so that a second run does
 * nothing. By another measure than slots (keys, memory, time, traffic) the loads of all slots are given as
 * data, see `loadQuestions`.
 */
import { formatAddress } from '../cluster/address.js';
import type { ClusterView } from '../cluster/model.js';
import { nameOf } from '../cluster/select-node.js';
import type { Member } from '../cluster/view.js';
import { TribError } from '../kernel/errors.js';
import type { NodeId } from '../kernel/node-id.js';
import { countSlots } from '../kernel/ranges.js';
import type { Plan } from './plan.js';
import { levelLoads } from './slots/level-loads.js';
import { levelOut } from './slots/pairing.js';
import { quotasOf } from './slots/shares.js';
import { SlotBoard, type SlotTransfer } from './slots/slot-board.js';
import { loadOf, type SlotLoads } from './slots/slot-loads.js';
import { primariesOf, primaryWith, refuseDown, slotPlan } from './slots/slot-plan.js';

/** As the incumbents have it: who is off by less is left alone. */
export const THRESHOLD_PERCENT = 2;

export interface RebalanceWish {
  /** By id; 1 for all others, 0 empties a node. */
  readonly weights?: ReadonlyMap<NodeId, number>;
  /** Primaries without slots take part, too. */
  readonly useEmpty?: boolean;
  /** Percent; 0 evens out every difference. Default: 2. */
  readonly thresholdPercent?: number;
  /** Of every slot of the cluster; without them slots are counted. */
  readonly loads?: SlotLoads | undefined;
}

/** A primary before and after. */
export interface Share {
  readonly member: Member;
  readonly weight: number;
  readonly before: { readonly slots: number; readonly load: number };
  readonly after: { readonly slots: number; readonly load: number };
}

export interface RebalanceDecision {
  readonly plan: Plan;
  readonly transfers: readonly SlotTransfer[];
  readonly shares: readonly Share[];
  readonly thresholdPercent: number;
  /** Afterwards nobody is off by more than the threshold; one slot heavier than all others can prevent it. */
  readonly isWithin: boolean;
}

/** @throws TribError USAGE (weights, threshold), UNKNOWN_NODE, NOT_A_PRIMARY, REFUSED (a node is down) */
export function planRebalance(view: ClusterView, wish: RebalanceWish = {}): RebalanceDecision {
  const weights = wish.weights ?? new Map<NodeId, number>();
  const thresholdPercent = wish.thresholdPercent ?? THRESHOLD_PERCENT;
  refuseBadNumbers(view, weights, thresholdPercent);
  const involved = primariesOf(view).filter(
    ({ slots }) => wish.useEmpty === true || slots.length > 0,
  );
  const weightOf = ({ id }: Member): number => weights.get(id) ?? 1;
  if (!involved.some((member) => weightOf(member) > 0)) {
    throw new TribError('USAGE', 'All weights are 0: no node would be left to own the slots.');
  }
  const board = new SlotBoard(view);
  const places = involved.map((member) => ({ member, weight: weightOf(member) }));
  if (wish.loads) levelLoads(board, places, { loads: wish.loads, thresholdPercent });
  else levelSlots(board, places, thresholdPercent);
  const transfers = board.transfers();
  refuseDown(transfers.flatMap(({ source, target }) => [source, target]));
  const shares = places.map((place) => shareOf(place, board, wish.loads));
  const plan = slotPlan('rebalance', view, transfers, {
    why: ({ source, target }) => whyText(source, target, wish.loads),
    remarks: ignoredRemarks(involved, view, weights),
  });
  const isWithin = areWithin(shares, thresholdPercent);
  return { plan, transfers, shares, thresholdPercent, isWithin };
}

/** By slots the rounding of a share is no difference. */
function areWithin(shares: readonly Share[], thresholdPercent: number): boolean {
  const total = shares.reduce((sum, { after }) => sum + after.load, 0);
  const weights = shares.reduce((sum, { weight }) => sum + weight, 0);
  return shares.every(({ weight, after: { load, slots } }) => {
    const goal = (total * weight) / weights;
    if (load === slots && Math.abs(load - goal) < 1) return true;
    return load === 0 ? goal === 0 : Math.abs(100 - (100 * goal) / load) <= thresholdPercent;
  });
}

interface Place {
  readonly member: Member;
  readonly weight: number;
}

function levelSlots(board: SlotBoard, places: readonly Place[], thresholdPercent: number): void {
  const owned = places.map(({ member }) => countSlots(member.slots));
  const total = owned.reduce((sum, count) => sum + count, 0);
  const quotas = quotasOf(
    total,
    places.map(({ weight }) => weight),
    owned,
  );
  const isOff = owned.some((count, index) => {
    const quota = quotas[index]!;
    if (count === 0) return quota > 0;
    const isDrained = places[index]!.weight === 0;
    return isDrained || Math.abs(100 - (100 * quota) / count) > thresholdPercent;
  });
  if (!isOff) return;
  levelOut(
    board,
    places.map(({ member }, index) => ({ member, surplus: owned[index]! - quotas[index]! })),
  );
}

function refuseBadNumbers(
  view: ClusterView,
  weights: ReadonlyMap<NodeId, number>,
  thresholdPercent: number,
): void {
  for (const [id, weight] of weights) {
    const member = primaryWith(view, id);
    if (Number.isFinite(weight) && weight >= 0) continue;
    throw new TribError('USAGE', `${weight} is no weight for ${nameOf(member)}.`, {
      hint: 'A weight is 0 or more; 0 empties the node.',
    });
  }
  if (Number.isFinite(thresholdPercent) && thresholdPercent >= 0) return;
  throw new TribError('USAGE', `${thresholdPercent} is no threshold.`, {
    hint: 'It is in percent, 0 or more; 0 evens out every difference.',
  });
}

function shareOf({ member, weight }: Place, board: SlotBoard, loads?: SlotLoads): Share {
  const measured = (slots: Member['slots']) => ({
    slots: countSlots(slots),
    load: loads ? loadOf(loads, slots) : countSlots(slots),
  });
  return {
    member,
    weight,
    before: measured(member.slots),
    after: measured(board.slotsOf(member)),
  };
}

function whyText(source: Member, target: Member, loads: SlotLoads | undefined): string {
  const what = loads === undefined ? 'slots' : loads.measure;
  return `${formatAddress(source.address)} has more than its share of ${what}, ${formatAddress(target.address)} less`;
}

/** A weight for a node that does not take part would be silently without effect. */
function ignoredRemarks(
  involved: readonly Member[],
  view: ClusterView,
  weights: ReadonlyMap<NodeId, number>,
): readonly string[] {
  return primariesOf(view)
    .filter((member) => !involved.includes(member) && (weights.get(member.id) ?? 0) > 0)
    .map(
      (member) =>
        `${nameOf(member)} owns no slots and is left out: --use-empty-masters takes it in.`,
    );
}

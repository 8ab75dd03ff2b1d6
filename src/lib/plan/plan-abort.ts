/**
 * How a run that was cut off is given up: what is open is closed or finished, and with `undo` what it had
 * moved goes back. Both begin at what the cluster says now.
 */
import type { ClusterView } from '../cluster/model.js';
import { nameOf } from '../cluster/select-node.js';
import { isDown, membersOf, type Member } from '../cluster/view.js';
import type { NodeId } from '../kernel/node-id.js';
import { countSlots, formatRanges, rangesOf, slotsIn, type SlotRange } from '../kernel/ranges.js';
import { SlotStandings } from './open-slots.js';
import type { Plan, Stage } from './plan.js';
import { movesPlan, planFinish, planResume, type Begun, type Transfer } from './plan-resume.js';
import { successionIn } from './succession.js';

export interface AbortPlan {
  readonly plan: Plan;
  /** The stage of the plan whose slots are closed instead, as far as that loses nothing. */
  readonly open: Stage | undefined;
}

/** First what is half given away already, which only forward leads out of; then what is merely open. */
export function planAbort(view: ClusterView, begun: Begun | undefined): AbortPlan {
  const known = begun ? openMoves(view, begun) : [];
  const covered = new Set(known.flatMap(({ slots }) => [...slotsIn(slots)]));
  const guessed = planFinish(view).plan;
  const byId = new Map(membersOf(view).map((member) => [member.id, member]));
  const others = guessed.stages
    .flatMap(({ steps }) => steps)
    .flatMap((step): readonly Transfer[] => {
      if (step.kind !== 'move-slots') return [];
      const slots = rangesOf([...slotsIn(step.slots)].filter((slot) => !covered.has(slot)));
      const [source, target] = [byId.get(step.source.id), byId.get(step.node.id)];
      return source && target && slots.length > 0 ? [{ source, target, slots }] : [];
    });
  const transfers = [...known, ...others];
  const claimed = contestedSlots(view);
  const those = (isClaimed: boolean): readonly Transfer[] =>
    transfers.flatMap((transfer) => {
      const slots = [...slotsIn(transfer.slots)].filter((slot) => claimed.has(slot) === isClaimed);
      return slots.length === 0 ? [] : [{ ...transfer, slots: rangesOf(slots) }];
    });
  const half = movesPlan('abort', view, those(true), 'its new owner has it already');
  const why = 'it is open: closed where that loses nothing, else moved on';
  const open = movesPlan('abort', view, those(false), why, unclearRemarks(view, transfers));
  return {
    plan: { ...open, stages: [...half.stages, ...open.stages] },
    open: open.stages.at(-1),
  };
}

/** Of what the run has left to do, only what is open; the rest is what is given up. */
function openMoves(view: ClusterView, begun: Begun): readonly Transfer[] {
  const open = new Set(new SlotStandings(view).open);
  const claimed = contestedSlots(view);
  const byId = new Map(membersOf(view).map((member) => [member.id, member]));
  return planResume(view, begun)
    .plan.stages.flatMap(({ steps }) => steps)
    .flatMap((step): readonly Transfer[] => {
      if (step.kind !== 'move-slots') return [];
      const slots = [...slotsIn(step.slots)].filter((slot) => open.has(slot) || claimed.has(slot));
      const [source, target] = [byId.get(step.source.id), byId.get(step.node.id)];
      return source && target && slots.length > 0
        ? [{ source, target, slots: rangesOf(slots) }]
        : [];
    });
}

/** The target was told of these, the source was not: they are half given away. */
function contestedSlots(view: ClusterView): ReadonlySet<number> {
  const seen = new Set<number>();
  const twice = new Set<number>();
  for (const { role, slots } of membersOf(view)) {
    if (role === 'replica') continue;
    for (const slot of slotsIn(slots)) (seen.has(slot) ? twice : seen).add(slot);
  }
  return twice;
}

function unclearRemarks(view: ClusterView, transfers: readonly Transfer[]): readonly string[] {
  const dealtWith = new Set(transfers.flatMap(({ slots }) => [...slotsIn(slots)]));
  const rest = new SlotStandings(view).open.filter((slot) => !dealtWith.has(slot));
  if (rest.length === 0) return [];
  return [
    `Slots ${formatRanges(rangesOf(rest))} are open in a way that cannot be given up: \`trib fix\` decides by keys and epochs.`,
  ];
}

/**
 * Back to where they came from: slots that the run had begun to move, and that are with its target now.
 *
 * @param begun moves that were begun, from the journal.
 */
export function planUndo(
  view: ClusterView,
  { cluster }: Begun,
  moved: readonly {
    readonly source: NodeId;
    readonly target: NodeId;
    readonly slots: readonly SlotRange[];
  }[],
): Plan {
  const succession = successionIn(view, cluster);
  const standings = new SlotStandings(view);
  const pairs = new Map<string, { source: Member; target: Member; slots: Set<number> }>();
  const homeless = new Map<string, Set<number>>();
  for (const { source: home, target: now, slots } of moved) {
    const owner = succession(now);
    const member = membersOf(view).find(({ id }) => id === home);
    const back = member && member.role === 'primary' && !isDown(member) ? member : undefined;
    for (const slot of slotsIn(slots)) {
      const { claimants } = standings.of(slot);
      if (!owner || claimants.length !== 1 || claimants[0] !== owner) continue;
      if (!back || back.id === owner.id) {
        const whom = member ? nameOf(member) : home;
        homeless.set(whom, (homeless.get(whom) ?? new Set()).add(slot));
        continue;
      }
      const key = `${owner.id} ${back.id}`;
      const pair = pairs.get(key) ?? { source: owner, target: back, slots: new Set() };
      pair.slots.add(slot);
      pairs.set(key, pair);
    }
  }
  const transfers = [...pairs.values()].map((pair) => ({ ...pair, slots: rangesOf(pair.slots) }));
  const remarks = [...homeless].map(
    ([whom, slots]) =>
      `${countSlots(rangesOf(slots))} slots cannot go back: ${whom} is no primary that answers any more.`,
  );
  return movesPlan('abort', view, transfers, 'the run that moved it is given up', remarks);
}

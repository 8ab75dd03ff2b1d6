/** Runs a plan: stage after stage, the steps of a stage at once, each stage settled before the next. */
import { formatAddress } from '../cluster/address.js';
import { AssertionFailure, TribError, messageOf } from '../kernel/errors.js';
import { CONCURRENT_NODES_MAX } from '../kernel/limits.js';
import { formatRanges, rangesOf, slotsIn, type SlotRange } from '../kernel/ranges.js';
import type { Plan, Settled, Stage } from '../plan/plan.js';
import type { ExecutionContext } from './context.js';
import { mapBounded } from './map-bounded.js';
import { moveSlots } from './move/move-slots.js';
import { unlessOvertaken } from './overtaken.js';
import { waitSettled } from './settle.js';
import { runStep } from './steps.js';
import { throwIfInterrupted } from './wait.js';

/**
 * @throws what the first failing step threw; the steps beside it are finished first. REFUSED where slots
 * were left out because of big keys and there is more to do: a node may be thought empty that is not.
 */
export async function runPlan(plan: Plan, context: ExecutionContext): Promise<void> {
  for (const [index, stage] of plan.stages.entries()) {
    const left = await runStage(stage, context);
    if (left.length > 0 && index + 1 < plan.stages.length) throw leftBehind(left);
  }
}

/** @returns slots that stay where they are because of their big keys. */
export async function runStage(
  stage: Stage,
  context: ExecutionContext,
): Promise<readonly SlotRange[]> {
  throwIfInterrupted(context.signal, `before "${stage.title}"`);
  const { report } = context;
  report({ kind: 'stage-started', title: stage.title, stepCount: stage.steps.length });
  const failures: unknown[] = [];
  const moves = stage.steps.filter((step) => step.kind === 'move-slots');
  const left =
    moves.length === 0
      ? new Set<number>()
      : await moveSlots(
          moves.map(({ node, source, slots }) => ({ source, target: node, slots })),
          context,
        );
  const others = stage.steps.filter((step) => step.kind !== 'move-slots');
  await mapBounded(others, CONCURRENT_NODES_MAX, async (step) => {
    const startedAt = performance.now();
    try {
      await runStep(step, context);
      report({ kind: 'step-done', step, elapsedMs: Math.round(performance.now() - startedAt) });
    } catch (error) {
      if (error instanceof AssertionFailure) throw error;
      report({
        kind: 'step-failed',
        step,
        message: `${formatAddress(step.node.address)}: ${messageOf(error)}`,
        isRefused: error instanceof TribError && error.code === 'REPLY_ERROR',
      });
      failures.push(error);
    }
  });
  if (failures.length > 0) throw failures[0];
  throwIfInterrupted(context.signal, `after "${stage.title}"`);
  const settled = withoutSlots(stage.settled, left);
  if (settled.kind !== 'promoted') await waitSettled(settled, context);
  else await unlessOvertaken(settled, context, (watched) => waitSettled(settled, watched));
  return rangesOf(left);
}

function withoutSlots(settled: Settled, left: ReadonlySet<number>): Settled {
  if (settled.kind !== 'slots-settled' || left.size === 0) return settled;
  return {
    ...settled,
    owners: settled.owners.map(({ node, slots }) => ({
      node,
      slots: rangesOf([...slotsIn(slots)].filter((slot) => !left.has(slot))),
    })),
  };
}

function leftBehind(left: readonly SlotRange[]): TribError {
  return new TribError(
    'REFUSED',
    `Left where they are: slots ${formatRanges(left)}. What was to follow is not done.`,
    { hint: '--on-big-key move moves them, too.', details: { slots: formatRanges(left) } },
  );
}

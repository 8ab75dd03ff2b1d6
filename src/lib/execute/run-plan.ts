/** Runs a plan: stage after stage, the steps of a stage at once, each stage settled before the next. */
import { formatAddress } from '../cluster/address.js';
import { AssertionFailure, TribError, messageOf } from '../kernel/errors.js';
import { CONCURRENT_NODES_MAX } from '../kernel/limits.js';
import type { Plan, Stage } from '../plan/plan.js';
import type { ExecutionContext } from './context.js';
import { mapBounded } from './map-bounded.js';
import { moveSlots } from './move/move-slots.js';
import { unlessOvertaken } from './overtaken.js';
import { waitSettled } from './settle.js';
import { runStep } from './steps.js';
import { throwIfInterrupted } from './wait.js';

/** @throws what the first failing step threw; the steps beside it are finished first. */
export async function runPlan(plan: Plan, context: ExecutionContext): Promise<void> {
  for (const stage of plan.stages) await runStage(stage, context);
}

export async function runStage(stage: Stage, context: ExecutionContext): Promise<void> {
  throwIfInterrupted(context.signal, `before "${stage.title}"`);
  const { report } = context;
  report({ kind: 'stage-started', title: stage.title, stepCount: stage.steps.length });
  const failures: unknown[] = [];
  const moves = stage.steps.filter((step) => step.kind === 'move-slots');
  if (moves.length > 0) {
    await moveSlots(
      moves.map(({ node, source, slots }) => ({ source, target: node, slots })),
      context,
    );
  }
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
  const { settled } = stage;
  if (settled.kind !== 'promoted') return waitSettled(settled, context);
  return unlessOvertaken(settled, context, (watched) => waitSettled(settled, watched));
}

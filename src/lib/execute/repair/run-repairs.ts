/**
 * Runs a plan of repairs. They depend on each other less than the steps of other plans: a slot that cannot be
 * repaired is noted, with the reason, and the others are repaired all the same.
 */
import { formatAddress } from '../../cluster/address.js';
import { AssertionFailure, TribError, messageOf } from '../../kernel/errors.js';
import { CONCURRENT_NODES_MAX } from '../../kernel/limits.js';
import { rangesOf, slotsIn, type SlotRange } from '../../kernel/ranges.js';
import type { Plan, Settled, Stage, Step } from '../../plan/plan.js';
import type { ExecutionContext } from '../context.js';
import { mapBounded } from '../map-bounded.js';
import { moveSlots } from '../move/move-slots.js';
import { waitSettled } from '../settle.js';
import { runStep } from '../steps.js';
import { throwIfInterrupted } from '../wait.js';

/** What could not be repaired. */
export interface Failure {
  readonly slots: readonly SlotRange[];
  readonly message: string;
  readonly hints: readonly string[];
}

type Move = Extract<Step, { kind: 'move-slots' }>;

/** @throws TribError INTERRUPTED between steps; everything else is a failure that is returned. */
export async function runRepairs(
  plan: Plan,
  context: ExecutionContext,
): Promise<readonly Failure[]> {
  const failures: Failure[] = [];
  for (const stage of plan.stages) {
    // What comes before is done in a moment, and leaves a cluster that is better for it.
    if (stage.steps.some(({ kind }) => LENGTHY.has(kind))) {
      throwIfInterrupted(context.signal, `before "${stage.title}"`);
    }
    await runRepairStage(stage, context, failures);
  }
  return failures;
}

const LENGTHY: ReadonlySet<Step['kind']> = new Set(['move-slots', 'bring-keys', 'reset']);

async function runRepairStage(
  stage: Stage,
  context: ExecutionContext,
  failures: Failure[],
): Promise<void> {
  const { report } = context;
  report({ kind: 'stage-started', title: stage.title, stepCount: stage.steps.length });
  const moves = stage.steps.filter((step) => step.kind === 'move-slots');
  if (moves.length > 0) failures.push(...(await finishMoves(moves, context)));
  const others = stage.steps.filter((step) => step.kind !== 'move-slots');
  await mapBounded(others, CONCURRENT_NODES_MAX, async (step) => {
    const startedAt = performance.now();
    try {
      await runStep(step, context);
      report({ kind: 'step-done', step, elapsedMs: Math.round(performance.now() - startedAt) });
    } catch (error) {
      rethrowGrave(error);
      failures.push(failureOf(step, error));
      report({
        kind: 'step-failed',
        step,
        message: `${formatAddress(step.node.address)}: ${messageOf(error)}`,
        isRefused: error instanceof TribError && error.code === 'REPLY_ERROR',
      });
    }
  });
  await settle(stage.settled, context, failures);
}

/** Slot by slot out of the way: what stops one must not stop the others. */
async function finishMoves(
  moves: readonly Move[],
  context: ExecutionContext,
): Promise<readonly Failure[]> {
  const failures: Failure[] = [];
  await mapBounded(moves, CONCURRENT_NODES_MAX, async (move) => {
    let slots = move.slots;
    while (slots.length > 0) {
      try {
        await moveSlots([{ source: move.source, target: move.node, slots }], context);
        return;
      } catch (error) {
        rethrowGrave(error);
        const slot = error instanceof TribError ? error.details['slot'] : undefined;
        const isOfOne = typeof slot === 'number';
        failures.push(
          failureOf({ ...move, slots: isOfOne ? [{ first: slot, last: slot }] : slots }, error),
        );
        slots = isOfOne ? without(slots, [{ first: slot, last: slot }]) : [];
      }
    }
  });
  return failures;
}

function rethrowGrave(error: unknown): void {
  if (error instanceof AssertionFailure) throw error;
  if (error instanceof TribError && error.code === 'INTERRUPTED') throw error;
}

function failureOf(step: Step, error: unknown): Failure {
  const said = error instanceof TribError ? error.details['slots'] : undefined;
  const slots = Array.isArray(said)
    ? rangesOf(said.map(Number))
    : 'slots' in step
      ? step.slots
      : [];
  return { slots, message: messageOf(error), hints: error instanceof TribError ? error.hints : [] };
}

/** What failed will not come true; what did not fail is waited for. */
async function settle(
  settled: Settled,
  context: ExecutionContext,
  failures: Failure[],
): Promise<void> {
  const promised = settled.kind === 'slots-settled' ? withoutFailed(settled, failures) : settled;
  try {
    await waitSettled(promised, context);
  } catch (error) {
    rethrowGrave(error);
    const hints = error instanceof TribError ? error.hints : [];
    failures.push({ slots: [], message: messageOf(error), hints });
  }
}

function withoutFailed(
  settled: Extract<Settled, { kind: 'slots-settled' }>,
  failures: readonly Failure[],
): Settled {
  const failed = failures.flatMap(({ slots }) => slots);
  const owners = settled.owners
    .map(({ node, slots }) => ({ node, slots: without(slots, failed) }))
    .filter(({ slots }) => slots.length > 0);
  return owners.length === 0 ? { kind: 'at-once' } : { ...settled, owners };
}

function without(slots: readonly SlotRange[], less: readonly SlotRange[]): readonly SlotRange[] {
  const gone = new Set(slotsIn(less));
  return rangesOf([...slotsIn(slots)].filter((slot) => !gone.has(slot)));
}

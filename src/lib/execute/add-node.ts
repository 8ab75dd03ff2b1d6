/**
 * Bringing one node in. The newcomer introduces itself to everybody, which spares the wait for gossip, and
 * pings fast until everybody knows what it is; if the join does not come about, it is taken back.
 */
import { AssertionFailure, TribError } from '../kernel/errors.js';
import { CONCURRENT_NODES_MAX } from '../kernel/limits.js';
import type { NodeRef, Plan } from '../plan/plan.js';
import type { ExecutionContext } from './context.js';
import { hurry } from './hurry.js';
import { mapBounded } from './map-bounded.js';
import { runStage } from './run-plan.js';
import { waitSettled } from './settle.js';
import { meet, runStep } from './steps.js';

/** @param plan of `planAddNode`. @throws TribError; a newcomer that could not join is alone again then. */
export async function addNode(
  plan: Plan,
  newcomer: NodeRef,
  context: ExecutionContext,
): Promise<void> {
  const pace = await hurry([newcomer], context);
  try {
    for (const stage of plan.stages) {
      if (stage.settled.kind !== 'joined') {
        await runStage(stage, context);
        continue;
      }
      const { members } = stage.settled;
      const others = members.filter(({ id }) => id !== newcomer.id);
      try {
        await runStage({ ...stage, settled: { kind: 'at-once' } }, context);
        await introduce(newcomer, others, context);
        await waitSettled(stage.settled, context);
      } catch (error) {
        if (error instanceof AssertionFailure) throw error;
        await takeBack(newcomer, others, context);
        throw withOutcome(error);
      }
    }
  } finally {
    await pace.restore();
  }
}

async function introduce(
  newcomer: NodeRef,
  others: readonly NodeRef[],
  context: ExecutionContext,
): Promise<void> {
  const link = context.links.to(newcomer.address);
  await mapBounded(others, CONCURRENT_NODES_MAX, (other) => meet(link, other, context));
}

/** Forgotten everywhere first (they do not take it back for 60 s), then reset. */
async function takeBack(
  newcomer: NodeRef,
  others: readonly NodeRef[],
  context: ExecutionContext,
): Promise<void> {
  const undo: ExecutionContext = { ...context, signal: undefined };
  const why = 'the join failed';
  const attempt = async (step: Parameters<typeof runStep>[0]): Promise<void> => {
    try {
      await runStep(step, undo);
    } catch (error) {
      if (error instanceof AssertionFailure) throw error;
      // Whoever cannot be told did not take it in either, or is told by `trib forget` later.
    }
  };
  await mapBounded(others, CONCURRENT_NODES_MAX, (node) =>
    attempt({ kind: 'forget', node, target: newcomer.id, why }),
  );
  await attempt({ kind: 'reset', node: newcomer, mode: 'soft', why });
  await mapBounded(others, CONCURRENT_NODES_MAX, (node) =>
    attempt({ kind: 'forget', node, target: newcomer.id, why }),
  );
}

function withOutcome(error: unknown): unknown {
  if (!(error instanceof TribError)) return error;
  return new TribError(error.code, error.message, {
    hint: [...error.hints, 'The new node was taken back: the cluster is as it was.'],
    cause: error.cause,
    details: error.details,
  });
}

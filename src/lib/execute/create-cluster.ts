/**
 * Makes one cluster of empty nodes, or leaves them as they were. Used by `trib create`, by the lab and by
 * the test helper alike, so that what is tested is what is used.
 */
import type { ClusterView } from '../cluster/model.js';
import { AssertionFailure, TribError, assert } from '../kernel/errors.js';
import type { NodeRef, Plan } from '../plan/plan.js';
import { acquaint } from './acquaint.js';
import type { ExecutionContext } from './context.js';
import { waitConverged } from './convergence.js';
import { hurry } from './hurry.js';
import { runStage } from './run-plan.js';
import { waitSettled } from './settle.js';
import { undoCreate, undoHints } from './undo.js';

/**
 * @param plan of `planCreate`.
 * @returns the converged cluster, looked at after everything was done.
 * @throws TribError after everything that was done has been undone on every node that answers.
 */
export async function createCluster(plan: Plan, context: ExecutionContext): Promise<ClusterView> {
  const members = membersIn(plan);
  const pace = await hurry(members, context);
  try {
    for (const stage of plan.stages) {
      await runStage({ ...stage, settled: { kind: 'at-once' } }, context);
      if (stage.settled.kind !== 'joined') continue;
      await acquaint(members, context);
      await waitSettled(stage.settled, context, { linksOnly: true });
    }
    // Slots, roles and links of replicas spread by the same gossip: one wait for all of it.
    return await waitConverged(members[0]!.address, context, { nodeCount: members.length });
  } catch (error) {
    if (error instanceof AssertionFailure) throw error;
    throw await undone(error, members, context);
  } finally {
    await pace.restore();
  }
}

function membersIn(plan: Plan): readonly NodeRef[] {
  const join = plan.stages.find(({ settled }) => settled.kind === 'joined');
  assert(join?.settled.kind === 'joined', 'a plan to create a cluster joins its nodes');
  return join.settled.members;
}

async function undone(
  error: unknown,
  members: readonly NodeRef[],
  context: ExecutionContext,
): Promise<unknown> {
  const result = await undoCreate(members, { ...context, signal: undefined });
  if (!(error instanceof TribError)) return error;
  const outcome =
    result.left.length === 0
      ? 'Everything was undone: all nodes are empty again.'
      : `Undone on ${result.clean.length} of ${members.length} nodes.`;
  return new TribError(error.code, error.message, {
    hint: [...error.hints, outcome, ...undoHints(result)],
    cause: error.cause,
    details: { ...error.details, undone: result.clean.length, left: result.left },
  });
}

/**
 * Makes one cluster of empty nodes, or leaves them as they were. Used by `trib create`, by the lab and by
 * the test helper alike, so that what is tested is what is used.
 */
import type { Claim, ClusterView } from '../cluster/model.js';
import { AssertionFailure, TribError, assert, messageOf } from '../kernel/errors.js';
import type { NodeId } from '../kernel/node-id.js';
import type { NodeRef, Plan, Stage } from '../plan/plan.js';
import { acquaint, introduce } from './acquaint.js';
import type { ExecutionContext } from './context.js';
import { waitConverged } from './convergence.js';
import type { Report } from './events.js';
import { hurry } from './hurry.js';
import { replyWordsOf } from './reply-words.js';
import { runStage } from './run-plan.js';
import { waitSettled } from './settle.js';
import { undoCreate, undoHints } from './undo.js';

export interface CreateOptions {
  /**
   * The nodes gossip fast by themselves while somebody joins, as embedded ones do: their node timeout is
   * left alone. Many of them in one process would be too busy for a short one, and suspect each other.
   */
  readonly joinsPromptly?: boolean;
}

/**
 * @param plan of `planCreate`.
 * @returns the converged cluster, looked at after everything was done.
 * @throws TribError after everything that was done has been undone on every node that answers.
 */
export async function createCluster(
  plan: Plan,
  context: ExecutionContext,
  options: CreateOptions = {},
): Promise<ClusterView> {
  const members = membersIn(plan);
  const [claim, ...rest] = plan.stages;
  await claimNodes(claim!, members, context);
  const pace = await hurry(options.joinsPromptly === true ? [] : members, context);
  try {
    for (const stage of rest) {
      await runStage({ ...stage, settled: { kind: 'at-once' } }, context);
      if (stage.settled.kind !== 'joined') continue;
      await acquaint(members, context);
      await waitSettled(stage.settled, context, {
        linksOnly: true,
        introduce: (strangers) => introduce(strangers, context),
      });
    }
    // Slots, roles and links of replicas spread by the same gossip: one wait for all of it.
    const view = await waitConverged(members[0]!.address, context, { nodeCount: members.length });
    return options.joinsPromptly === true ? view : withoutTimeouts(view);
  } catch (error) {
    if (error instanceof AssertionFailure) throw error;
    throw await undone(error, members, context);
  } finally {
    await pace.restore();
  }
}

/** The look was taken at the hurried pace; the timeouts that hold from here on were not looked at. */
function withoutTimeouts(view: ClusterView): ClusterView {
  const claims = [...view.claims].map(([id, claim]): [NodeId, Claim] => [
    id,
    { ...claim, facts: { ...claim.facts, nodeTimeoutMs: undefined } },
  ]);
  return { ...view, claims: new Map(claims) };
}

/**
 * The slots come first, and serve as a lock: a node takes them from one `create` only. Of two at work on
 * the same nodes the second is refused here, before it has changed a setting, and must not "undo" what
 * the first one did.
 */
async function claimNodes(
  stage: Stage,
  members: readonly NodeRef[],
  context: ExecutionContext,
): Promise<void> {
  const refused = new Set<NodeRef>();
  const report: Report = (event) => {
    if (event.kind === 'step-failed' && event.isRefused) refused.add(event.step.node);
    context.report(event);
  };
  try {
    await runStage(stage, { ...context, report });
  } catch (error) {
    if (error instanceof AssertionFailure) throw error;
    const claimed = stage.steps.map(({ node }) => node).filter((node) => !refused.has(node));
    throw await undone(outpaced(error), refused.size > 0 ? claimed : members, context);
  }
}

/** Do all of these nodes join promptly? One that does not sets the pace for all. */
export function joinPromptly(claims: readonly Claim[]): boolean {
  return claims.every(({ facts }) => facts.vendor === 'trib');
}

function membersIn(plan: Plan): readonly NodeRef[] {
  const join = plan.stages.find(({ settled }) => settled.kind === 'joined');
  assert(join?.settled.kind === 'joined', 'a plan to create a cluster joins its nodes');
  return join.settled.members;
}

function outpaced(error: unknown): unknown {
  if (!/already busy/i.test(replyWordsOf(error))) return error;
  return new TribError('PLAN_STALE', `The nodes have changed: ${messageOf(error)}`, {
    hint: 'Somebody else seems to be at work on them: look at `trib check`.',
    cause: error,
  });
}

async function undone(
  error: unknown,
  touched: readonly NodeRef[],
  context: ExecutionContext,
): Promise<unknown> {
  if (touched.length === 0) return error;
  const result = await undoCreate(touched, { ...context, signal: undefined });
  if (!(error instanceof TribError)) return error;
  const outcome =
    result.left.length === 0
      ? 'Everything was undone: all nodes are empty again.'
      : `Undone on ${result.clean.length} of ${touched.length} nodes.`;
  return new TribError(error.code, error.message, {
    hint: [...error.hints, outcome, ...undoHints(result)],
    cause: error.cause,
    details: { ...error.details, undone: result.clean.length, left: result.left },
  });
}

/**
 * Suspicion (PFAIL) is private: no answer within the node timeout. Failure (FAIL) is public: a majority of
 * the primaries suspects the same node at the same time. Reports come with gossip and die after two
 * timeouts, so that a majority never adds up from different outages.
 */
import { shortId } from '../../kernel/node-id.js';
import { NodeFlag } from '../../wire/bus/message.js';
import { broadcast } from './speak.js';
import {
  isFailed,
  isPrimary,
  isReplica,
  isSuspect,
  log,
  quorumOf,
  save,
  type ClusterNode,
  type ClusterState,
} from './state.js';

const REPORT_TIMEOUTS = 2;
/** A primary with slots stays FAIL that long after it answers, so that an election may win first. */
const UNDO_TIMEOUTS = 2;

/** Live reports about a node; our own opinion is not among them. */
export function countFailureReports(state: ClusterState, node: ClusterNode): number {
  for (const [reporter, atMs] of node.failureReports) {
    if (state.nowMs - atMs > state.settings.nodeTimeoutMs * REPORT_TIMEOUTS) {
      node.failureReports.delete(reporter);
    }
  }
  return node.failureReports.size;
}

export function addFailureReport(
  state: ClusterState,
  node: ClusterNode,
  reporter: ClusterNode,
): void {
  node.failureReports.set(reporter, state.nowMs);
  failIfAgreed(state, node);
}

export function suspect(state: ClusterState, node: ClusterNode): void {
  if (isSuspect(node) || isFailed(node)) return;
  node.flags |= NodeFlag.pfail;
  state.failingCount++;
  state.todo.updateHealth = true;
  log(state, 'verbose', `${shortId(node.id)} does not answer`);
  // The only primary there is needs no second opinion.
  if (state.size === 1 && isPrimary(state.myself)) failIfAgreed(state, node);
}

/** PFAIL becomes FAIL once a majority of primaries agrees. */
function failIfAgreed(state: ClusterState, node: ClusterNode): void {
  if (!isSuspect(node) || isFailed(node)) return;
  const ours = isPrimary(state.myself) ? 1 : 0;
  if (countFailureReports(state, node) + ours < quorumOf(state)) return;
  log(state, 'notice', `Marking ${shortId(node.id)} as failing: a majority does not reach it`);
  markFailed(state, node);
  broadcast(state, { kind: 'fail', node: node.id });
}

export function markFailed(state: ClusterState, node: ClusterNode): void {
  node.flags = (node.flags & ~NodeFlag.pfail) | NodeFlag.fail;
  node.failedMs = state.nowMs;
  state.todo.updateHealth = true;
  // Not synced: a FAIL forgotten in a crash is found again by everybody.
  save(state, 'soon');
  if (state.myself.primary === node) state.todo.election = true;
}

/** The node answered: suspicion ends, and failure where nothing can be lost by it. */
export function noteAnswer(state: ClusterState, node: ClusterNode): void {
  if (isSuspect(node)) {
    node.flags &= ~NodeFlag.pfail;
    state.todo.updateHealth = true;
    save(state, 'soon');
  } else if (isFailed(node)) {
    clearFailureIfSafe(state, node);
  }
}

function clearFailureIfSafe(state: ClusterState, node: ClusterNode): void {
  const hasNothingToLose = isReplica(node) || node.slotCount === 0;
  const outlivedElections =
    isPrimary(node) &&
    node.slotCount > 0 &&
    state.nowMs - node.failedMs > state.settings.nodeTimeoutMs * UNDO_TIMEOUTS;
  if (!hasNothingToLose && !outlivedElections) return;
  log(state, 'notice', `${shortId(node.id)} is reachable again`);
  node.flags &= ~NodeFlag.fail;
  state.todo.updateHealth = true;
  save(state, 'soon');
}

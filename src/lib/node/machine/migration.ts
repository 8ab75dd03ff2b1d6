/**
 * Replica migration: a primary that lost all its replicas gets one from a primary that has several. Only
 * one replica may move for one orphan, and all decide alone, so the rule must name exactly one: the
 * smallest id among the working replicas of the best-served primaries.
 */
import { shortId } from '../../kernel/node-id.js';
import { NodeFlag } from '../../wire/bus/message.js';
import { followPrimary } from './roles.js';
import { has, isFailed, isPrimary, log, type ClusterNode, type ClusterState } from './state.js';

/** An orphan waits that long: its own replica may be back in a moment. */
const ORPHANED_MS = 5000;

/** Called on every cron of a replica. */
export function stepMigration(state: ClusterState): void {
  const { myself, settings } = state;
  const primaries = state.roster.filter((node) => isPrimary(node) && !isFailed(node));
  const most = Math.max(0, ...primaries.map(countWorking));
  for (const node of primaries) noteOrphan(state, node);
  if (!settings.allowReplicaMigration || most < 2 || !state.isOk) return;
  const ours = myself.primary;
  if (!ours || countWorking(ours) !== most || most <= settings.migrationBarrier) return;

  const orphan = primaries.find(
    (node) => node.orphanedMs !== 0 && state.nowMs - node.orphanedMs > ORPHANED_MS,
  );
  if (!orphan || !isTheOneToMove(state, primaries, most)) return;
  log(state, 'notice', `Migrating to ${shortId(orphan.id)}, which has no replica left`);
  followPrimary(state, orphan);
}

function noteOrphan(state: ClusterState, node: ClusterNode): void {
  const isOrphan =
    node !== state.myself &&
    node.slotCount > 0 &&
    has(node, NodeFlag.migrateTo) &&
    countWorking(node) === 0;
  if (!isOrphan) node.orphanedMs = 0;
  else if (node.orphanedMs === 0) node.orphanedMs = state.nowMs;
}

function isTheOneToMove(
  state: ClusterState,
  primaries: readonly ClusterNode[],
  most: number,
): boolean {
  const candidates = primaries
    .filter((node) => countWorking(node) === most)
    .flatMap((node) => node.replicas.filter((replica) => !isFailed(replica)));
  return candidates.every((replica) => replica === state.myself || replica.id > state.myself.id);
}

function countWorking(primary: ClusterNode): number {
  return primary.replicas.reduce((count, replica) => count + (isFailed(replica) ? 0 : 1), 0);
}

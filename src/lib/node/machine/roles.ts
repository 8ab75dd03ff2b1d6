/** Primary or replica: the changes of role, ours and others', with all that hangs on them. */
import { shortId } from '../../kernel/node-id.js';
import { NodeFlag } from '../../wire/bus/message.js';
import { replicationPort } from './client-ports.js';
import { addReplica, removeReplica } from './nodes.js';
import { closeAllOpenSlots } from './slots.js';
import { isPrimary, log, save, type ClusterNode, type ClusterState } from './state.js';

export function makePrimary(state: ClusterState, node: ClusterNode): void {
  if (isPrimary(node)) return;
  if (node.primary) {
    removeReplica(node.primary, node);
    if (node !== state.myself) node.flags |= NodeFlag.migrateTo;
  }
  node.flags = (node.flags & ~NodeFlag.replica) | NodeFlag.primary;
  node.primary = undefined;
  noteRoleChange(state, node);
}

/** Another node says it follows `primary` (unknown to us when undefined). */
export function makeReplica(
  state: ClusterState,
  node: ClusterNode,
  primary: ClusterNode | undefined,
): void {
  if (isPrimary(node)) {
    node.flags = (node.flags & ~(NodeFlag.primary | NodeFlag.migrateTo)) | NodeFlag.replica;
    noteRoleChange(state, node);
  }
  if (!primary || node.primary === primary || primary === node) return;
  if (node.primary) removeReplica(node.primary, node);
  node.primary = primary;
  addReplica(primary, node);
  save(state, 'soon');
  state.todo.updateHealth = true;
}

/** We follow `primary` from now on. Data stays until the first sync. */
export function followPrimary(state: ClusterState, primary: ClusterNode): void {
  const { myself } = state;
  if (isPrimary(myself)) closeAllOpenSlots(state);
  makeReplica(state, myself, primary);
  resetManualFailover(state);
  // Without an address yet, the first packet that tells it starts the replication.
  if (primary.ip !== '') {
    state.effects.push({ kind: 'follow', ip: primary.ip, port: replicationPort(state, primary) });
  }
  state.effects.push({ kind: 'release-blocked' });
  state.todo.announce = true;
  state.todo.refreshServed = true;
  save(state, 'durable');
  log(state, 'notice', `Now a replica of ${shortId(primary.id)} (${primary.ip}:${primary.port})`);
}

/** Ends a manual failover on either side, and with it the pause of writes. */
export function resetManualFailover(state: ClusterState): void {
  const { manual } = state;
  if (manual.endMs !== 0) state.effects.push({ kind: 'unpause-writes' });
  manual.endMs = 0;
  manual.replica = undefined;
  manual.primaryOffset = undefined;
  manual.canStart = false;
}

function noteRoleChange(state: ClusterState, node: ClusterNode): void {
  node.roleChangedMs = state.nowMs;
  save(state, 'soon');
  state.todo.updateHealth = true;
  if (node !== state.myself) return;
  state.todo.transfers = true;
  state.todo.refreshServed = true;
  state.todo.announce = true;
}

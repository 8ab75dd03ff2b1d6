/**
 * Is the cluster up, as far as this node can tell, and which slots may be served here.
 *
 * Two delays keep a returning primary from serving what is no longer its own. One that boots as an owner
 * stays down for two seconds, time enough to hear that it was replaced. One that was cut off with a
 * minority waits about a node timeout before it believes itself again.
 */
import { NodeFlag } from '../../wire/bus/message.js';
import { SLOT_COUNT } from '../../kernel/slot.js';
import { has, isFailed, isPrimary, log, type ClusterNode, type ClusterState } from './state.js';

const REJOIN_MS_MIN = 500;
const REJOIN_MS_MAX = 5000;

export function updateHealth(state: ClusterState): void {
  state.todo.updateHealth = false;
  const { roster, settings, nowMs } = state;
  const isOwner = isPrimary(state.myself);
  if (isOwner && !state.isOk && nowMs < state.writableFromMs) return;

  const voters = roster.filter((node) => isPrimary(node) && node.slotCount > 0);
  state.size = voters.length;
  const reachable = voters.filter((node) => !has(node, NodeFlag.fail | NodeFlag.pfail)).length;
  const inMinority = reachable < Math.floor(state.size / 2) + 1;
  // Before the first slot is assigned there is no majority to be cut off from.
  if (inMinority && state.size > 0) state.lastMinorityMs = nowMs;

  const ok = !inMinority && (!settings.requireFullCoverage || isCovered(state));
  if (ok === state.isOk) return;
  const rejoinMs = Math.min(REJOIN_MS_MAX, Math.max(REJOIN_MS_MIN, settings.nodeTimeoutMs));
  if (ok && isOwner && nowMs - state.lastMinorityMs < rejoinMs) return;
  log(state, 'notice', `Cluster state changed: ${ok ? 'ok' : 'fail'}`);
  state.isOk = ok;
  state.todo.refreshServed = true;
  state.effects.push({ kind: 'release-blocked' });
}

function isCovered(state: ClusterState): boolean {
  if (state.assignedSlots < SLOT_COUNT) return false;
  return !state.roster.some((node) => node.slotCount > 0 && isFailed(node));
}

/** Rewrites the table the data plane looks at before every command. */
export function refreshServed(state: ClusterState): void {
  state.todo.refreshServed = false;
  const { myself, owners, served } = state;
  if (!state.isOk || !isPrimary(myself)) {
    served.fill(0);
    return;
  }
  for (let slot = 0; slot < SLOT_COUNT; slot++) served[slot] = owners[slot] === myself ? 1 : 0;
  for (const slot of state.migratingTo.keys()) served[slot] = 0;
  for (const slot of state.importingFrom.keys()) served[slot] = 0;
}

/** How the slots stand, for CLUSTER INFO. */
export function countSlots(state: ClusterState): Record<'assigned' | 'pfail' | 'fail', number> {
  const sum = (nodes: readonly ClusterNode[]) =>
    nodes.reduce((total, node) => total + node.slotCount, 0);
  return {
    assigned: state.assignedSlots,
    fail: sum(state.roster.filter(isFailed)),
    pfail: sum(state.roster.filter((node) => !isFailed(node) && has(node, NodeFlag.pfail))),
  };
}

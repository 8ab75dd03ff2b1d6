/** Configuration epochs: the version of a claim on slots. The higher one wins, so no two may be equal. */
import { isPrimary, log, save, type ClusterNode, type ClusterState } from './state.js';

/** The highest epoch anybody is known to have used. */
export function maxEpoch(state: ClusterState): number {
  return state.roster.reduce((max, node) => Math.max(max, node.configEpoch), state.currentEpoch);
}

/**
 * Two primaries with one epoch: the one with the smaller id takes a new one. Both sides see the same two
 * ids, so exactly one of them moves, without a vote.
 */
export function resolveCollision(state: ClusterState, sender: ClusterNode): void {
  const { myself } = state;
  if (!isPrimary(sender) || !isPrimary(myself)) return;
  if (sender.configEpoch !== myself.configEpoch || sender.id <= myself.id) return;
  takeNewEpoch(state);
  log(state, 'verbose', `Configuration epoch collides; taking ${myself.configEpoch}`);
}

/**
 * A new epoch without asking anybody, for decisions an operator takes (end of a slot migration, takeover,
 * BUMPEPOCH). Elections ask for votes instead.
 *
 * @returns whether there was a need: an epoch that is the highest already stays.
 */
export function bumpEpoch(state: ClusterState): boolean {
  const { myself } = state;
  const max = maxEpoch(state);
  if (myself.configEpoch !== 0 && myself.configEpoch === max) return false;
  state.currentEpoch = max;
  takeNewEpoch(state);
  return true;
}

function takeNewEpoch(state: ClusterState): void {
  state.currentEpoch++;
  state.myself.configEpoch = state.currentEpoch;
  state.todo.announce = true;
  state.todo.updateHealth = true;
  save(state, 'durable');
}

/**
 * The moment slots change hands. The target takes them with a new epoch, as SETSLOT NODE at the end of an
 * import does, saves that, and tells everybody; the source learns it from the target's own words, or from
 * the bus, whichever comes first.
 */
import { slotsIn } from '../../../kernel/ranges.js';
import { hearClaim } from '../claims.js';
import { bumpEpoch } from '../epochs.js';
import { bindSlot, setBit } from '../slots.js';
import { broadcastPong } from '../speak.js';
import { log, save, type ClusterState } from '../state.js';
import { rangesText, type TransferJob } from './job.js';

/** Who owns the slots of the job, if it is one node. */
export function ownerOf(state: ClusterState, job: TransferJob): string | undefined {
  const owner = state.owners[job.ranges[0]!.first];
  for (const { first, last } of job.ranges) {
    for (let slot = first; slot <= last; slot++) {
      if (state.owners[slot] !== owner) return undefined;
    }
  }
  return owner?.id;
}

export function takeSlots(state: ClusterState, job: TransferJob): void {
  log(state, 'notice', `Taking over ${rangesText(job.ranges)} from ${job.sourceId}`);
  for (const slot of slotsIn(job.ranges)) {
    bindSlot(state, slot, state.myself);
    state.importingFrom.delete(slot);
  }
  bumpEpoch(state);
  state.todo.announce = false;
  state.todo.updateHealth = true;
  state.todo.refreshServed = true;
  save(state, 'durable');
  broadcastPong(state);
  state.effects.push({ kind: 'release-blocked' });
}

/** The target says that it has taken over, with that epoch. */
export function believeTakeover(state: ClusterState, job: TransferJob, epoch: number): void {
  const target = state.nodes.get(job.targetId);
  if (target === undefined) return;
  target.configEpoch = Math.max(target.configEpoch, epoch);
  state.currentEpoch = Math.max(state.currentEpoch, epoch);
  const claimed = Buffer.from(target.slots);
  for (const slot of slotsIn(job.ranges)) setBit(claimed, slot);
  hearClaim(state, target, target.configEpoch, claimed);
}

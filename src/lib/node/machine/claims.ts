/**
 * A node claims slots with an epoch; whoever has the higher epoch is right. Here a claim from the wire is
 * laid over what we believed, and what follows from it for ourselves: a primary whose last slot went away
 * becomes a replica of the winner, and so does a replica whose primary was replaced.
 */
import { shortId } from '../../kernel/node-id.js';
import { SLOT_BITMAP_BYTES } from '../../wire/bus/layout.js';
import { followPrimary } from './roles.js';
import { bindSlot, clearBit, isUnclaimed, setBit } from './slots.js';
import { sendUpdate } from './speak.js';
import { isPrimary, log, primaryOf, save, type ClusterNode, type ClusterState } from './state.js';

interface Outcome {
  claimed: number;
  taken: number;
  takenFromUs: number;
  readonly dirty: number[];
}

/** @param bitmap 2048 bytes, compared and read, never kept */
export function hearClaim(
  state: ClusterState,
  claimant: ClusterNode,
  epoch: number,
  bitmap: Uint8Array,
): void {
  const { myself } = state;
  if (claimant === myself) return;
  const ourPrimary = primaryOf(myself);
  const outcome: Outcome = { claimed: 0, taken: 0, takenFromUs: 0, dirty: [] };
  for (let byte = 0; byte < SLOT_BITMAP_BYTES; byte++) {
    const said = bitmap[byte]!;
    const held = claimant.slots[byte]!;
    if (said === 0 && held === 0) continue;
    for (let bit = 0; bit < 8; bit++) {
      const slot = byte * 8 + bit;
      if (said & (1 << bit)) hearClaimOnSlot(state, claimant, epoch, slot, outcome);
      // No longer claimed, yet nobody else's: clients keep going there until somebody claims it.
      else if (held & (1 << bit)) setBit(state.unclaimed, slot);
    }
  }
  if (outcome.taken > 0) save(state, 'durable');
  drawConsequences(state, claimant, ourPrimary, outcome);
}

function hearClaimOnSlot(
  state: ClusterState,
  claimant: ClusterNode,
  epoch: number,
  slot: number,
  outcome: Outcome,
): void {
  const owner = state.owners[slot];
  outcome.claimed++;
  if (owner === claimant) {
    clearBit(state.unclaimed, slot);
    return;
  }
  // A slot being imported is moved by the operator who opened it, not by gossip.
  if (state.importingFrom.has(slot)) return;
  if (!isUnclaimed(state, slot) && owner!.configEpoch >= epoch) return;
  if (owner === state.myself && state.surroundings.countKeysInSlot(slot) > 0) {
    outcome.dirty.push(slot);
  }
  if (owner && owner === primaryOf(state.myself)) outcome.takenFromUs++;
  state.migratingTo.delete(slot);
  bindSlot(state, slot, claimant);
  outcome.taken++;
}

function drawConsequences(
  state: ClusterState,
  claimant: ClusterNode,
  ourPrimary: ClusterNode | undefined,
  outcome: Outcome,
): void {
  const { myself, settings } = state;
  const lostAll = outcome.takenFromUs > 0 && ourPrimary?.slotCount === 0;
  // With migration off we follow only a winner that is our own shard: all its slots were ours.
  const mayFollow = settings.allowReplicaMigration || outcome.claimed === outcome.takenFromUs;
  if (lostAll && mayFollow) {
    log(state, 'notice', `All slots went to ${shortId(claimant.id)}: following it`);
    followPrimary(state, claimant);
    return;
  }
  // Chains of replicas are not a thing here: whoever our primary follows is the one to follow.
  const grandPrimary = myself.primary?.primary;
  if (grandPrimary && grandPrimary !== myself) {
    followPrimary(state, grandPrimary);
    return;
  }
  if (isPrimary(myself)) {
    for (const slot of outcome.dirty) state.effects.push({ kind: 'drop-slot', slot });
  }
  if (outcome.taken > 0) state.effects.push({ kind: 'release-blocked' });
}

/** One stale slot in a claim is enough to answer with the owner's claim; the sender learns the rest there. */
export function correctStaleClaim(
  state: ClusterState,
  sender: ClusterNode,
  epoch: number,
  bitmap: Uint8Array,
): void {
  for (let byte = 0; byte < SLOT_BITMAP_BYTES; byte++) {
    const said = bitmap[byte]!;
    if (said === 0) continue;
    for (let bit = 0; bit < 8; bit++) {
      if (!(said & (1 << bit))) continue;
      const slot = byte * 8 + bit;
      const owner = state.owners[slot];
      if (!owner || owner === sender || isUnclaimed(state, slot)) continue;
      if (owner.configEpoch > epoch) {
        sendUpdate(state, sender, owner);
        return;
      }
    }
  }
}

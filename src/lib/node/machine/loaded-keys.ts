/**
 * Keys that came from disk, looked at once they are loaded: their slots may be nobody's, or somebody else's,
 * because nodes.conf and the data were not saved at the same moment, or not by the same node. A
 * primary takes what is nobody's, and opens the slots of others, so that nothing is lost unseen. Where slots
 * move whole, they are what is left of a move that a crash ended, and their source has them.
 */
import { SLOT_COUNT } from '../../kernel/slot.js';
import { personaNamed } from '../ports/persona.js';
import { bindSlot } from './slots.js';
import { type ClusterState, isPrimary, log, save } from './state.js';

export function answerForLoadedKeys(state: ClusterState): void {
  const { myself, surroundings, settings } = state;
  // A replica's keys are its primary's.
  if (!isPrimary(myself) || surroundings.keyCount() === 0) return;
  for (let slot = 0; slot < SLOT_COUNT; slot++) {
    const owner = state.owners[slot];
    if (owner === myself || state.importingFrom.has(slot)) continue;
    if (surroundings.countKeysInSlot(slot) === 0) continue;
    if (owner === undefined) {
      log(state, 'warning', `There are keys in slot ${slot}, which nobody owns: taking it`);
      bindSlot(state, slot, myself);
    } else if (personaNamed(settings.persona).slotTransfer !== 'none') {
      log(state, 'warning', `There are keys in slot ${slot} of ${owner.id}: dropping them`);
      state.effects.push({ kind: 'drop-slot', slot });
      continue;
    } else {
      log(state, 'warning', `There are keys in slot ${slot} of ${owner.id}: importing it`);
      state.importingFrom.set(slot, owner);
      state.todo.refreshServed = true;
    }
    save(state, 'durable');
  }
}

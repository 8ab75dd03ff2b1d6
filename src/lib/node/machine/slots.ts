/** Who owns which slot, and the bitmaps that say so. Every change of ownership goes through here. */
import type { SlotRange } from '../../kernel/ranges.js';
import { SLOT_COUNT } from '../../kernel/slot.js';
import { NodeFlag } from '../../wire/bus/message.js';
import { isPrimary, type ClusterNode, type ClusterState } from './state.js';

function testBit(bitmap: Uint8Array, slot: number): boolean {
  return (bitmap[slot >> 3]! & (1 << (slot & 7))) !== 0;
}

export function setBit(bitmap: Uint8Array, slot: number): void {
  bitmap[slot >> 3]! |= 1 << (slot & 7);
}

export function clearBit(bitmap: Uint8Array, slot: number): void {
  bitmap[slot >> 3]! &= ~(1 << (slot & 7));
}

/** The slots of a bitmap, skipping empty bytes: most claims are sparse or absent. */
export function* slotsOf(bitmap: Uint8Array): Generator<number> {
  for (let byte = 0; byte < bitmap.length; byte++) {
    const bits = bitmap[byte]!;
    if (bits === 0) continue;
    for (let bit = 0; bit < 8; bit++) if (bits & (1 << bit)) yield byte * 8 + bit;
  }
}

/** Gives a slot to a node, taking it from whoever had it. */
export function bindSlot(state: ClusterState, slot: number, node: ClusterNode): void {
  if (state.owners[slot] === node) {
    clearBit(state.unclaimed, slot);
    return;
  }
  unbindSlot(state, slot);
  state.traffic?.forget(slot);
  state.owners[slot] = node;
  state.assignedSlots++;
  setBit(node.slots, slot);
  node.slotCount++;
  // A primary becomes a home for migrating replicas with its first slot, where replicas are in use at all.
  if (node.slotCount === 1 && anyPrimaryHasReplicas(state)) node.flags |= NodeFlag.migrateTo;
  noteChange(state, node);
}

export function unbindSlot(state: ClusterState, slot: number): void {
  clearBit(state.unclaimed, slot);
  const owner = state.owners[slot];
  if (!owner) return;
  state.owners[slot] = undefined;
  state.assignedSlots--;
  // A replica that takes over is no replica of the owner any more: its listeners may stay.
  if (owner === state.myself || owner === state.myself.primary) state.disowned.add(slot);
  clearBit(owner.slots, slot);
  owner.slotCount--;
  noteChange(state, owner);
}

export function unbindAllSlots(state: ClusterState, node: ClusterNode): void {
  if (node.slotCount === 0) return;
  for (let slot = 0; slot < SLOT_COUNT; slot++) {
    if (state.owners[slot] === node) unbindSlot(state, slot);
  }
}

export function closeAllOpenSlots(state: ClusterState): void {
  state.migratingTo.clear();
  state.importingFrom.clear();
  state.todo.refreshServed = true;
}

/** Nobody owns it, or its owner has stopped saying so. */
export function isUnclaimed(state: ClusterState, slot: number): boolean {
  return state.owners[slot] === undefined || testBit(state.unclaimed, slot);
}

/** What a node owns, as ranges: asked for at every save and every CLUSTER NODES. */
export function rangesOwnedBy(node: ClusterNode): readonly SlotRange[] {
  return (node.ranges ??= rangesOf(node.slots));
}

/** Looks at whole bytes first: nearly all are full or empty. */
function rangesOf(bitmap: Uint8Array): readonly SlotRange[] {
  const ranges: SlotRange[] = [];
  let first = -1;
  for (let byte = 0; byte < bitmap.length; byte++) {
    const bits = bitmap[byte]!;
    if (bits === (first < 0 ? 0 : 255)) continue;
    for (let bit = 0; bit < 8; bit++) {
      const slot = byte * 8 + bit;
      const isSet = (bits & (1 << bit)) !== 0;
      if (isSet && first < 0) first = slot;
      if (isSet || first < 0) continue;
      ranges.push({ first, last: slot - 1 });
      first = -1;
    }
  }
  if (first >= 0) ranges.push({ first, last: SLOT_COUNT - 1 });
  return ranges;
}

function noteChange(state: ClusterState, node: ClusterNode): void {
  node.ranges = undefined;
  state.todo.updateHealth = true;
  state.todo.transfers = true;
  if (node !== state.myself) return;
  state.todo.refreshServed = true;
  state.todo.announce = true;
}

function anyPrimaryHasReplicas(state: ClusterState): boolean {
  return state.roster.some((node) => isPrimary(node) && node.replicas.length > 0);
}

/** ADDSLOTS, DELSLOTS, their RANGE forms, FLUSHSLOTS, SETSLOT, COUNTKEYSINSLOT, GETKEYSINSLOT, KEYSLOT. */
import { SLOT_COUNT, isSlot, slotOfKey, type Slot } from '../../../kernel/slot.js';
import { bumpEpoch } from '../epochs.js';
import { followPrimary } from '../roles.js';
import { bindSlot, unbindAllSlots, unbindSlot } from '../slots.js';
import { broadcastPong } from '../speak.js';
import { isPrimary, isReplica, save, type ClusterNode, type ClusterState } from '../state.js';
import { Refusal, integerFrom, nodeFrom, slotFrom, type ClusterCall } from './context.js';

export function addSlots(call: ClusterCall): void {
  changeSlots(call, call.argv.slice(2).map(slotFrom), 'add');
}

export function deleteSlots(call: ClusterCall): void {
  changeSlots(call, call.argv.slice(2).map(slotFrom), 'delete');
}

export function addSlotRanges(call: ClusterCall): void {
  changeSlots(call, slotsOfRanges(call), 'add');
}

export function deleteSlotRanges(call: ClusterCall): void {
  changeSlots(call, slotsOfRanges(call), 'delete');
}

function slotsOfRanges({ argv }: ClusterCall): readonly Slot[] {
  if (argv.length % 2 !== 0) {
    const name = argv[1]!.toLowerCase();
    throw new Refusal(`wrong number of arguments for 'cluster|${name}' command`);
  }
  const slots: Slot[] = [];
  for (let at = 2; at < argv.length; at += 2) {
    const [first, last] = [slotFrom(argv[at]!), slotFrom(argv[at + 1]!)];
    if (first > last) {
      throw new Refusal(`start slot number ${first} is greater than end slot number ${last}`);
    }
    for (let slot: number = first; slot <= last; slot++) slots.push(slot as Slot);
  }
  return slots;
}

/** All or none: every slot is looked at before the first one changes. */
function changeSlots(
  { state, reply }: ClusterCall,
  slots: readonly Slot[],
  how: 'add' | 'delete',
): void {
  const seen = new Set<Slot>();
  for (const slot of slots) {
    const isOwned = state.owners[slot] !== undefined;
    if (how === 'add' && isOwned) throw new Refusal(`Slot ${slot} is already busy`);
    if (how === 'delete' && !isOwned) throw new Refusal(`Slot ${slot} is already unassigned`);
    if (seen.has(slot)) throw new Refusal(`Slot ${slot} specified multiple times`);
    seen.add(slot);
  }
  for (const slot of slots) {
    if (how === 'delete') {
      unbindSlot(state, slot);
      continue;
    }
    state.importingFrom.delete(slot);
    bindSlot(state, slot, state.myself);
  }
  noteSlotsChanged(state);
  reply.status('OK');
}

function noteSlotsChanged(state: ClusterState): void {
  state.todo.updateHealth = true;
  state.todo.refreshServed = true;
  save(state, 'durable');
  state.effects.push({ kind: 'release-blocked' });
}

export function flushSlots({ state, reply }: ClusterCall): void {
  if (state.surroundings.keyCount() > 0) {
    throw new Refusal('DB must be empty to perform CLUSTER FLUSHSLOTS.');
  }
  unbindAllSlots(state, state.myself);
  noteSlotsChanged(state);
  reply.status('OK');
}

export function setSlot(call: ClusterCall): void {
  const { state, argv, reply } = call;
  if (isReplica(state.myself)) throw new Refusal('Please use SETSLOT only with masters.');
  const slot = slotFrom(argv[2]!);
  const action = argv[3]!.toLowerCase();
  if (action === 'stable' && argv.length === 4) {
    state.importingFrom.delete(slot);
    state.migratingTo.delete(slot);
  } else if (argv.length === 5 && action === 'migrating') migrating(state, slot, argv[4]!);
  else if (argv.length === 5 && action === 'importing') importing(state, slot, argv[4]!);
  else if (argv.length === 5 && action === 'node') assign(state, slot, argv[4]!);
  else {
    throw new Refusal('Invalid CLUSTER SETSLOT action or number of arguments. Try CLUSTER HELP');
  }
  noteSlotsChanged(state);
  reply.status('OK');
}

function migrating(state: ClusterState, slot: Slot, id: string): void {
  if (state.owners[slot] !== state.myself) {
    throw new Refusal(`I'm not the owner of hash slot ${slot}`);
  }
  state.migratingTo.set(slot, primaryFrom(state, id, `I don't know about node ${id}`));
}

function importing(state: ClusterState, slot: Slot, id: string): void {
  if (state.owners[slot] === state.myself) {
    throw new Refusal(`I'm already the owner of hash slot ${slot}`);
  }
  state.importingFrom.set(slot, primaryFrom(state, id, `I don't know about node ${id}`));
}

function primaryFrom(state: ClusterState, id: string, complaint?: string): ClusterNode {
  const node = nodeFrom(state, id, complaint);
  if (!isPrimary(node)) throw new Refusal('Target node is not a master');
  return node;
}

function assign(state: ClusterState, slot: Slot, id: string): void {
  const { myself, surroundings } = state;
  const target = primaryFrom(state, id);
  const owner = state.owners[slot];
  const keys = surroundings.countKeysInSlot(slot);
  if (owner === myself && target !== myself && keys > 0) {
    throw new Refusal(
      `Can't assign hashslot ${slot} to a different node while I still hold keys for this hash slot.`,
    );
  }
  if (keys === 0) state.migratingTo.delete(slot);
  bindSlot(state, slot, target);
  const isLastGone = owner === myself && target !== myself && myself.slotCount === 0;
  if (isLastGone && state.settings.allowReplicaMigration) followPrimary(state, target);
  if (target === myself && state.importingFrom.has(slot)) {
    // The import is over: a higher epoch, without a vote, makes everybody believe it.
    bumpEpoch(state);
    state.importingFrom.delete(slot);
    state.todo.announce = false;
    broadcastPong(state);
  }
}

export function countKeysInSlot({ state, argv, reply, db }: ClusterCall): void {
  const slot = integerFrom(argv[2]!);
  if (!isSlot(slot)) throw new Refusal('Invalid slot');
  reply.integer(state.surroundings.countKeysInSlot(slot, db));
}

export function getKeysInSlot({ state, argv, reply, db }: ClusterCall): void {
  const slot = integerFrom(argv[2]!);
  const wanted = integerFrom(argv[3]!);
  if (slot < 0 || slot >= SLOT_COUNT || wanted < 0) {
    throw new Refusal('Invalid slot or number of keys');
  }
  const keys = state.surroundings.keysInSlot(slot, wanted, db);
  reply.array(keys.length);
  for (const key of keys) reply.bulk(key);
}

export function keySlot({ argv, reply }: ClusterCall): void {
  reply.integer(slotOfKey(argv[2]!));
}

/** ADDSLOTS, DELSLOTS, their RANGE forms, FLUSHSLOTS, SETSLOT, COUNTKEYSINSLOT, GETKEYSINSLOT, KEYSLOT. */
import { SLOT_COUNT, isSlot, slotOfKey, type Slot } from '../../../kernel/slot.js';
import { bumpEpoch } from '../epochs.js';
import { followPrimary } from '../roles.js';
import { bindSlot, unbindAllSlots, unbindSlot } from '../slots.js';
import { broadcastPong } from '../speak.js';
import {
  isPrimary,
  isReplica,
  primaryOf,
  save,
  type ClusterNode,
  type ClusterState,
} from '../state.js';
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
  const { state, argv, reply, isPrimarys } = call;
  const { slot, change } = slotChange(state, argv, isPrimarys);
  change(slot);
  noteSlotsChanged(state);
  reply.status('OK');
}

/** What SETSLOT with these words would be refused with, before anybody is told of it. */
export function setSlotRefusal(state: ClusterState, argv: readonly string[]): string | undefined {
  try {
    slotChange(state, argv, false);
    return undefined;
  } catch (thrown) {
    if (thrown instanceof Refusal) return thrown.message;
    throw thrown;
  }
}

/** @param isPrimarys a replica does as its primary does, and the primary has looked whether it may */
function slotChange(
  state: ClusterState,
  argv: readonly string[],
  isPrimarys: boolean,
): { readonly slot: Slot; readonly change: (slot: Slot) => void } {
  const { importingFrom, migratingTo } = state;
  if (isReplica(state.myself) && !isPrimarys) {
    throw new Refusal('Please use SETSLOT only with masters.');
  }
  const slot = slotFrom(argv[2]!);
  const action = argv[3]!.toLowerCase();
  if (action === 'stable' && argv.length === 4) {
    const close = (): void => {
      importingFrom.delete(slot);
      migratingTo.delete(slot);
    };
    return { slot, change: close };
  }
  const id = argv[4];
  if (id === undefined || argv.length !== 5) throw new Refusal(BAD_ACTION);
  const { owner, ours } = { owner: state.owners[slot], ours: primaryOf(state.myself) };
  if (action === 'migrating') {
    if (owner !== ours) throw new Refusal(`I'm not the owner of hash slot ${slot}`);
    const target = primaryFrom(state, id, `I don't know about node ${id}`);
    return { slot, change: () => migratingTo.set(slot, target) };
  }
  if (action === 'importing') {
    if (owner === ours) throw new Refusal(`I'm already the owner of hash slot ${slot}`);
    const source = primaryFrom(state, id, `I don't know about node ${id}`);
    return { slot, change: () => importingFrom.set(slot, source) };
  }
  if (action !== 'node') throw new Refusal(BAD_ACTION);
  const target = primaryFrom(state, id);
  refuseWithKeys(state, slot, target);
  return { slot, change: () => assign(state, slot, target) };
}

const BAD_ACTION = 'Invalid CLUSTER SETSLOT action or number of arguments. Try CLUSTER HELP';

function primaryFrom(state: ClusterState, id: string, complaint?: string): ClusterNode {
  const node = nodeFrom(state, id, complaint);
  if (!isPrimary(node)) throw new Refusal('Target node is not a master');
  return node;
}

function refuseWithKeys(state: ClusterState, slot: Slot, target: ClusterNode): void {
  const isLeaving = state.owners[slot] === state.myself && target !== state.myself;
  if (!isLeaving || state.surroundings.countKeysInSlot(slot) === 0) return;
  throw new Refusal(
    `Can't assign hashslot ${slot} to a different node while I still hold keys for this hash slot.`,
  );
}

function assign(state: ClusterState, slot: Slot, target: ClusterNode): void {
  const { myself, surroundings } = state;
  const ours = primaryOf(myself);
  const wasOurs = state.owners[slot] === ours;
  if (surroundings.countKeysInSlot(slot) === 0) state.migratingTo.delete(slot);
  bindSlot(state, slot, target);
  const isLastGone = wasOurs && target !== ours && ours?.slotCount === 0;
  if (isLastGone && state.settings.allowReplicaMigration) followPrimary(state, target);
  if (target !== ours || !state.importingFrom.has(slot)) return;
  state.importingFrom.delete(slot);
  if (target !== myself) return;
  // The import is over: a higher epoch, without a vote, makes everybody believe it.
  bumpEpoch(state);
  state.todo.announce = false;
  broadcastPong(state);
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

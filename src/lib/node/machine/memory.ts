/** The machine's memory on disk: its state as nodes.conf holds it, and back. */
import { slotsIn } from '../../kernel/ranges.js';
import type { NodeId } from '../../kernel/node-id.js';
import { NodeFlag } from '../../wire/bus/message.js';
import type { NodesConf, NodesConfEntry, NodesConfFlag } from '../../wire/nodes-conf.js';
import { firstPort, fromWire } from './client-ports.js';
import { addReplica } from './nodes.js';
import { bindSlot, rangesOwnedBy } from './slots.js';
import {
  createNode,
  createState,
  epochOf,
  has,
  isInHandshake,
  isPrimary,
  type ClusterNode,
  type ClusterState,
  type StateOptions,
} from './state.js';

/** How long a node that boots as an owner waits before it serves: it may have been replaced. */
const BOOT_MS = 2000;

const FLAG_BITS: readonly (readonly [NodesConfFlag, number])[] = [
  ['myself', NodeFlag.myself],
  ['master', NodeFlag.primary],
  ['slave', NodeFlag.replica],
  ['fail?', NodeFlag.pfail],
  ['fail', NodeFlag.fail],
  ['handshake', NodeFlag.handshake],
  ['noaddr', NodeFlag.noaddr],
  ['nofailover', NodeFlag.noFailover],
];

/** A line of CLUSTER NODES, as data. */
export function describeNode(state: ClusterState, node: ClusterNode): NodesConfEntry {
  const { myself } = state;
  const isMyself = node === myself;
  return {
    id: node.id,
    ip: node.ip,
    port: firstPort(state, node),
    busPort: node.busPort,
    hostname: node.hostname,
    flags: FLAG_BITS.filter(([, bit]) => has(node, bit)).map(([word]) => word),
    primary: node.primary?.id,
    pingSentMs: node.pingSentMs,
    pongReceivedMs: node.pongReceivedMs,
    configEpoch: epochOf(node),
    isConnected: isMyself || node.link !== undefined,
    slots: rangesOwnedBy(node),
    migrating: isMyself ? openSlots(state.migratingTo) : [],
    importing: isMyself ? openSlots(state.importingFrom) : [],
  };
}

function openSlots(open: ReadonlyMap<number, ClusterNode>): NodesConfEntry['migrating'] {
  return [...open].sort(([a], [b]) => a - b).map(([slot, node]) => ({ slot, node: node.id }));
}

/** What is worth remembering: nodes past their handshake, and the epochs. */
export function memoryOf(state: ClusterState): NodesConf {
  return {
    nodes: state.roster
      .filter((node) => !isInHandshake(node))
      .map((node) => describeNode(state, node)),
    currentEpoch: state.currentEpoch,
    lastVoteEpoch: state.lastVoteEpoch,
  };
}

/** The state of a node that wakes up with this memory; the options' id gives way to the remembered one. */
export function recall(conf: NodesConf, options: StateOptions): ClusterState {
  const self = conf.nodes.find((entry) => entry.flags.includes('myself'))!;
  const state = createState({ ...options, id: self.id });
  const byId = new Map<NodeId, ClusterNode>([[self.id, state.myself]]);
  for (const entry of conf.nodes) {
    if (entry !== self) byId.set(entry.id, strangerFrom(state, entry));
  }
  for (const entry of conf.nodes) relate(state, entry, byId);
  for (const { slot, node } of self.migrating) setOpen(state.migratingTo, slot, byId.get(node));
  for (const { slot, node } of self.importing) setOpen(state.importingFrom, slot, byId.get(node));

  state.lastVoteEpoch = conf.lastVoteEpoch;
  state.currentEpoch = Math.max(conf.currentEpoch, ...state.roster.map((node) => node.configEpoch));
  if (isPrimary(state.myself) && state.myself.slotCount > 0) {
    state.writableFromMs = options.nowMs + BOOT_MS;
  }
  return state;
}

function strangerFrom(state: ClusterState, entry: NodesConfEntry): ClusterNode {
  const node = createNode(entry.id, flagsOf(entry), state.nowMs);
  state.nodes.set(node.id, node);
  state.roster.push(node);
  return node;
}

function relate(
  state: ClusterState,
  entry: NodesConfEntry,
  byId: ReadonlyMap<NodeId, ClusterNode>,
): void {
  const node = byId.get(entry.id)!;
  const isMyself = node === state.myself;
  node.flags = flagsOf(entry);
  node.ip = entry.ip;
  node.hostname = isMyself ? node.hostname : entry.hostname;
  if (!isMyself) {
    const { port, busPort } = entry;
    Object.assign(node, { ...fromWire(state, { port, secondaryPort: 0 }), busPort });
  }
  // A replica's line shows its primary's epoch; its own is 0.
  node.configEpoch = isPrimary(node) ? entry.configEpoch : 0;
  if (entry.pongReceivedMs !== 0) node.pongReceivedMs = state.nowMs;
  if (entry.pingSentMs !== 0 && !isMyself) node.pingSentMs = state.nowMs;
  if (has(node, NodeFlag.fail)) node.failedMs = state.nowMs;
  const primary = entry.primary === undefined ? undefined : byId.get(entry.primary);
  if (primary) {
    node.primary = primary;
    addReplica(primary, node);
  }
  for (const slot of slotsIn(entry.slots)) bindSlot(state, slot, node);
}

function flagsOf(entry: NodesConfEntry): number {
  return FLAG_BITS.reduce(
    (bits, [word, bit]) => (entry.flags.includes(word) ? bits | bit : bits),
    0,
  );
}

function setOpen(
  open: Map<number, ClusterNode>,
  slot: number,
  node: ClusterNode | undefined,
): void {
  if (node) open.set(slot, node);
}

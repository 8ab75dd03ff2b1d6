/**
 * Everything one node knows about its cluster. The machine alone changes it, and only inside a step; the
 * shell reads `served` and `isOk`, nothing else.
 *
 * Slot ownership is kept twice: as an array from slot to owner for lookups, and as a bitmap per node in
 * the form that travels, so that "nothing new in this packet" is one comparison of 2048 bytes.
 */
import type { NodeId } from '../../kernel/node-id.js';
import type { Prng } from '../../kernel/prng.js';
import type { SlotRange } from '../../kernel/ranges.js';
import { SLOT_COUNT } from '../../kernel/slot.js';
import { SLOT_BITMAP_BYTES } from '../../wire/bus/layout.js';
import { NodeFlag } from '../../wire/bus/message.js';
import { SlotTraffic } from '../ports/slot-traffic.js';
import type { Effect, LinkId } from './effects.js';
import type { ClusterSettings } from './settings.js';
import type { TransferJob } from './transfer/job.js';

export interface ClusterNode {
  /** Random until the handshake tells the real one. */
  id: NodeId;
  flags: number;
  ip: string;
  port: number;
  tlsPort: number;
  busPort: number;
  hostname: string;
  configEpoch: number;
  readonly slots: Buffer;
  slotCount: number;
  /** The slots as ranges, made when asked for; undefined after a change. */
  ranges: readonly SlotRange[] | undefined;
  primary: ClusterNode | undefined;
  readonly replicas: ClusterNode[];
  readonly createdMs: number;
  /** In how many packets we told others about it: a newcomer is told often. */
  told: number;
  /** 0 = no ping outstanding. */
  pingSentMs: number;
  pongReceivedMs: number;
  dataReceivedMs: number;
  failedMs: number;
  /** When we last voted for a replica of this primary. */
  votedMs: number;
  /** Since when this primary has no working replica; 0 = it has one. */
  orphanedMs: number;
  roleChangedMs: number;
  offset: number;
  /** Who says it is failing, and when they last said so. */
  readonly failureReports: Map<ClusterNode, number>;
  /** Our connection to it; requests travel here. */
  link: Link | undefined;
  /** Its connection to us; only answers travel there. */
  inbound: Link | undefined;
}

export interface Link {
  readonly id: LinkId;
  readonly direction: 'to' | 'from';
  node: ClusterNode | undefined;
  readonly createdMs: number;
  isUp: boolean;
  readonly remoteIp: string;
  readonly localIp: string;
}

/** What the machine may ask of the rest of the node. Answers must not change within one step. */
export interface Surroundings {
  keyCount(): number;
  /** In one database, or in all of them. */
  countKeysInSlot(slot: number, db?: number): number;
  keysInSlot(slot: number, limit: number, db: number): string[];
  hasKey(key: string, nowMs: number, db: number): boolean;
  replicationOffset(): number;
  isPrimaryLinkUp(): boolean;
  lastPrimaryIoMs(): number | undefined;
  linkDownSinceMs(): number | undefined;
  /** Bytes queued on a bus link. */
  pendingBytes(link: LinkId): number;
  /** Writes nodes.conf as the state is now. @returns why that failed */
  saveNow(): string | undefined;
}

export interface Election {
  /** When to ask for votes. */
  atMs: number;
  isRequested: boolean;
  readonly voters: Set<ClusterNode>;
  rank: number;
  epoch: number;
  lastLogMs: number;
}

export interface ManualFailover {
  /** 0 = none in progress. */
  endMs: number;
  /** On the primary: who asked. */
  replica: ClusterNode | undefined;
  /** On the replica: where the paused primary stands; undefined until it said so. */
  primaryOffset: number | undefined;
  canStart: boolean;
}

/** Work collected during a step and done at its end, once. */
export interface Todo {
  save: 'no' | 'soon' | 'durable';
  updateHealth: boolean;
  election: boolean;
  manualFailover: boolean;
  /** Our own claim (role, slots, epoch) changed: tell everybody. */
  announce: boolean;
  connect: boolean;
  refreshServed: boolean;
  /** Owners or roles changed, or time went by: transfers may be over. */
  transfers: boolean;
}

export interface ClusterState {
  readonly myself: ClusterNode;
  readonly ports: ListeningPorts;
  settings: ClusterSettings;
  readonly surroundings: Surroundings;
  readonly prng: Prng;

  readonly nodes: Map<string, ClusterNode>;
  /** The same nodes in order of arrival, for drawing at random. */
  readonly roster: ClusterNode[];
  readonly links: Map<LinkId, Link>;
  nextLinkId: LinkId;

  readonly owners: (ClusterNode | undefined)[];
  assignedSlots: number;
  /** Bitmap of slots whose owner stopped claiming them: up for grabs, and no news to spread. */
  readonly unclaimed: Buffer;
  readonly migratingTo: Map<number, ClusterNode>;
  readonly importingFrom: Map<number, ClusterNode>;

  currentEpoch: number;
  lastVoteEpoch: number;
  isOk: boolean;
  /** Primaries with at least one slot. */
  size: number;
  lastMinorityMs: number;
  /** Not to be believed before: a node that boots as an owner may have been replaced meanwhile. */
  writableFromMs: number;
  readonly forgotten: Map<string, number>;

  readonly election: Election;
  readonly manual: ManualFailover;

  /** Fast beats still to come: somebody joined. */
  eagerBeats: number;
  lastTickMs: number;
  lastRandomPingMs: number;
  lastAnnounceMs: number;
  failingCount: number;

  readonly sent: number[];
  readonly received: number[];
  linksOverLimit: number;

  /** The newest first; what is over stays for a while. */
  readonly transfers: TransferJob[];
  /** Present while `cluster-slot-stats-enabled`. */
  traffic: SlotTraffic | undefined;
  /** 1 = serve without a question. */
  readonly served: Uint8Array;
  nowMs: number;
  /** Slots that this node, or the primary it follows, lost in this step. */
  disowned: Set<number>;
  readonly todo: Todo;
  effects: Effect[];
}

export interface ListeningPorts {
  readonly port: number;
  readonly tlsPort: number;
  readonly busPort: number;
}

export interface StateOptions {
  readonly id: NodeId;
  readonly ports: ListeningPorts;
  readonly settings: ClusterSettings;
  readonly surroundings: Surroundings;
  readonly prng: Prng;
  readonly nowMs: number;
}

/** A blank node: primary of nothing, alone in its cluster. */
export function createState(options: StateOptions): ClusterState {
  const myself = createNode(options.id, NodeFlag.myself | NodeFlag.primary, options.nowMs);
  return {
    myself,
    ports: options.ports,
    settings: options.settings,
    surroundings: options.surroundings,
    prng: options.prng,
    nodes: new Map([[myself.id, myself]]),
    roster: [myself],
    links: new Map(),
    nextLinkId: 1,
    owners: new Array<ClusterNode | undefined>(SLOT_COUNT).fill(undefined),
    assignedSlots: 0,
    unclaimed: Buffer.alloc(SLOT_BITMAP_BYTES),
    migratingTo: new Map(),
    importingFrom: new Map(),
    transfers: [],
    traffic: options.settings.slotStats ? new SlotTraffic() : undefined,
    currentEpoch: 0,
    lastVoteEpoch: 0,
    isOk: false,
    size: 1,
    lastMinorityMs: 0,
    writableFromMs: 0,
    forgotten: new Map(),
    election: { atMs: 0, isRequested: false, voters: new Set(), rank: 0, epoch: 0, lastLogMs: 0 },
    manual: { endMs: 0, replica: undefined, primaryOffset: undefined, canStart: false },
    eagerBeats: 0,
    lastTickMs: options.nowMs,
    lastRandomPingMs: 0,
    lastAnnounceMs: 0,
    failingCount: 0,
    sent: [],
    received: [],
    linksOverLimit: 0,
    served: new Uint8Array(SLOT_COUNT),
    nowMs: options.nowMs,
    disowned: new Set(),
    todo: {
      save: 'no',
      updateHealth: true,
      election: false,
      manualFailover: false,
      announce: false,
      connect: false,
      refreshServed: false,
      transfers: false,
    },
    effects: [],
  };
}

export function createNode(id: NodeId, flags: number, nowMs: number): ClusterNode {
  return {
    id,
    flags,
    ip: '',
    port: 0,
    tlsPort: 0,
    busPort: 0,
    hostname: '',
    configEpoch: 0,
    slots: Buffer.alloc(SLOT_BITMAP_BYTES),
    slotCount: 0,
    ranges: undefined,
    primary: undefined,
    replicas: [],
    createdMs: nowMs,
    told: 0,
    pingSentMs: 0,
    pongReceivedMs: 0,
    dataReceivedMs: 0,
    failedMs: 0,
    votedMs: 0,
    orphanedMs: 0,
    roleChangedMs: 0,
    offset: 0,
    failureReports: new Map(),
    link: undefined,
    inbound: undefined,
  };
}

export const has = (node: ClusterNode, flags: number): boolean => (node.flags & flags) !== 0;
export const isPrimary = (node: ClusterNode): boolean => has(node, NodeFlag.primary);
export const isReplica = (node: ClusterNode): boolean => has(node, NodeFlag.replica);
export const isFailed = (node: ClusterNode): boolean => has(node, NodeFlag.fail);
export const isSuspect = (node: ClusterNode): boolean => has(node, NodeFlag.pfail);
export const isInHandshake = (node: ClusterNode): boolean => has(node, NodeFlag.handshake);

/** The primary that stands behind a node's claim: itself, or the one it follows. */
export const primaryOf = (node: ClusterNode): ClusterNode | undefined =>
  isPrimary(node) ? node : node.primary;

/** A replica speaks with its primary's epoch. */
export const epochOf = (node: ClusterNode): number => (primaryOf(node) ?? node).configEpoch;

/** Votes needed: more than half of the primaries that own slots. */
export const quorumOf = (state: ClusterState): number => Math.floor(state.size / 2) + 1;

export function takeLinkId(state: ClusterState): LinkId {
  return state.nextLinkId++;
}

export function save(state: ClusterState, how: 'soon' | 'durable'): void {
  if (state.todo.save !== 'durable') state.todo.save = how;
}

export function log(
  state: ClusterState,
  level: 'verbose' | 'notice' | 'warning',
  text: string,
): void {
  state.effects.push({ kind: 'log', level, text });
}

/**
 * One packet, in the order that real servers take the steps: epochs first, then who is speaking, then its
 * role, then its slots, then what it says about others. Each step relies on the ones before: a claim is
 * judged with the sender's new epoch and its new role.
 */
import { decodeMessage } from '../../wire/bus/codec.js';
import {
  BUS_TYPES,
  NodeFlag,
  type BusBody,
  type BusHeader,
  type BusMessage,
} from '../../wire/bus/message.js';
import { SLOT_BITMAP_BYTES } from '../../wire/bus/layout.js';
import { correctStaleClaim, hearClaim } from './claims.js';
import { hearVote, hearVoteRequest } from './election.js';
import { resolveCollision } from './epochs.js';
import { markFailed, noteAnswer } from './failure.js';
import { hearGossip } from './gossip.js';
import { endpointOf, identify, startHandshake } from './handshake.js';
import { hearManualFailoverStart, notePausedOffset } from './manual-failover.js';
import { closeLink, isRosterFull, moveNode } from './nodes.js';
import { makePrimary, makeReplica } from './roles.js';
import { bindSlot, setBit, slotsOf, unbindAllSlots } from './slots.js';
import { sendPing } from './speak.js';
import {
  has,
  isFailed,
  isInHandshake,
  isPrimary,
  log,
  primaryOf,
  save,
  type ClusterNode,
  type ClusterState,
  type Link,
} from './state.js';

type PingBody = Extract<BusBody, { readonly gossip: unknown }>;

export function receivePacket(state: ClusterState, link: Link, packet: Buffer): void {
  const decoded = decodeMessage(packet);
  if (!decoded.ok) {
    log(state, 'verbose', `Ignoring a bus packet from ${link.remoteIp}: ${decoded.error}`);
    return;
  }
  receive(state, link, decoded.value);
}

function receive(state: ClusterState, link: Link, { header, body }: BusMessage): void {
  const type = body.kind === 'unknown' ? body.type : BUS_TYPES[body.kind];
  if (type < 64) state.received[type] = (state.received[type] ?? 0) + 1;
  const sender = state.nodes.get(header.sender);
  if (link.node) link.node.dataReceivedMs = state.nowMs;
  if (sender && sender !== state.myself) {
    noteSender(state, link, sender, header);
    sender.dataReceivedMs = state.nowMs;
    hearEpochs(state, sender, header);
    sender.offset = header.offset;
    notePausedOffset(state, sender, header);
  }
  if ('gossip' in body) {
    receivePing(state, link, sender, header, body);
    return;
  }
  if (sender && sender !== state.myself) receiveOther(state, link, sender, header, body);
}

/** An inbound link belongs to whoever speaks on it; a node that reconnected leaves its old one behind. */
function noteSender(state: ClusterState, link: Link, sender: ClusterNode, header: BusHeader): void {
  if (link.direction === 'from' && link.node === undefined) {
    const older = sender.inbound;
    link.node = sender;
    sender.inbound = link;
    if (older) {
      older.node = undefined;
      closeLink(state, older);
    }
  }
  sender.flags = (sender.flags & ~NodeFlag.noFailover) | (header.flags & NodeFlag.noFailover);
}

function hearEpochs(state: ClusterState, sender: ClusterNode, header: BusHeader): void {
  if (header.currentEpoch > state.currentEpoch) {
    state.currentEpoch = header.currentEpoch;
    save(state, 'soon');
  }
  if (header.configEpoch > sender.configEpoch) {
    sender.configEpoch = header.configEpoch;
    save(state, 'durable');
  }
}

function receivePing(
  state: ClusterState,
  link: Link,
  known: ClusterNode | undefined,
  header: BusHeader,
  body: PingBody,
): void {
  const { myself } = state;
  if (body.kind !== 'pong') {
    learnOwnAddress(state, link, body.kind);
    if (!known && body.kind === 'meet' && !isRosterFull(state))
      startHandshake(state, endpointOf(state, header, link), false);
    sendPing(state, link, 'pong');
  }
  let sender = known;
  if (link.direction === 'to' && link.node) {
    sender = identify(state, link, known, header);
    if (!sender) return;
  }
  if (!sender || sender === myself) return;

  const isAnswer = body.kind === 'pong' && link.direction === 'to';
  if (body.kind === 'ping' && link.direction === 'from' && !isInHandshake(sender)) {
    moveNode(state, sender, endpointOf(state, header, link));
  }
  if (isAnswer) {
    sender.pongReceivedMs = state.nowMs;
    sender.pingSentMs = 0;
    noteAnswer(state, sender);
  }
  hearEpochs(state, sender, header);
  hearRole(state, sender, header);
  hearSlots(state, sender, header);
  resolveCollision(state, sender);
  hearGossip(state, sender, body.gossip);
  hearHostname(state, sender, body.extensions.hostname ?? '');
}

/** The address others reach us at, as the socket of a MEET shows it; any ping does if we know none. */
function learnOwnAddress(state: ClusterState, link: Link, kind: 'ping' | 'meet'): void {
  const { myself, settings } = state;
  if (settings.announceIp !== '' || link.localIp === '' || link.direction === 'to') return;
  if (kind === 'ping' && myself.ip !== '') return;
  if (myself.ip === link.localIp) return;
  myself.ip = link.localIp;
  log(state, 'notice', `This node's address is ${myself.ip}`);
  save(state, 'soon');
}

function hearRole(state: ClusterState, sender: ClusterNode, header: BusHeader): void {
  if (header.replicaOf === undefined) {
    makePrimary(state, sender);
    return;
  }
  const primary = state.nodes.get(header.replicaOf);
  if (isPrimary(sender)) {
    if (isLeftover(state, sender, header)) return;
    handOver(state, sender, primary, header.configEpoch);
  }
  makeReplica(state, sender, primary);
}

/** A packet from before a promotion we know of, late on the other link of the pair. */
function isLeftover(state: ClusterState, sender: ClusterNode, header: BusHeader): boolean {
  return (
    sender.slotCount > 0 &&
    header.configEpoch < sender.configEpoch &&
    state.nowMs - sender.roleChangedMs < state.settings.nodeTimeoutMs
  );
}

/**
 * A primary became a replica: its slots are its new primary's, until that one speaks for itself. They are
 * marked unclaimed, so that whoever really owns them wins with any epoch. Dropping them instead would take
 * the cluster down for the moment between the two packets.
 */
function handOver(
  state: ClusterState,
  sender: ClusterNode,
  primary: ClusterNode | undefined,
  epoch: number,
): void {
  if (sender.slotCount === 0) return;
  if (!primary || primary === state.myself || primary === sender || epoch < sender.configEpoch) {
    unbindAllSlots(state, sender);
    return;
  }
  makePrimary(state, primary);
  primary.configEpoch = Math.max(primary.configEpoch, epoch);
  for (const slot of [...slotsOf(sender.slots)]) {
    bindSlot(state, slot, primary);
    setBit(state.unclaimed, slot);
  }
}

function hearSlots(state: ClusterState, sender: ClusterNode, header: BusHeader): void {
  const speaker = primaryOf(sender);
  if (!speaker) return;
  // Nothing new in nearly every packet, and then this comparison is all it costs.
  if (speaker.slots.equals(header.slots) && !mayBeUnclaimed(state, speaker)) return;
  if (isPrimary(sender)) hearClaim(state, sender, header.configEpoch, header.slots);
  correctStaleClaim(state, sender, header.configEpoch, header.slots);
}

/** Equal bitmaps can still clear a doubt about a slot that was not claimed for a while. */
function mayBeUnclaimed(state: ClusterState, node: ClusterNode): boolean {
  if (!isPrimary(node) || state.unclaimed.equals(NONE_UNCLAIMED)) return false;
  return node.slots.some((byte, at) => (byte & state.unclaimed[at]!) !== 0);
}

const NONE_UNCLAIMED = Buffer.alloc(SLOT_BITMAP_BYTES);

function hearHostname(state: ClusterState, sender: ClusterNode, hostname: string): void {
  if (sender.hostname === hostname) return;
  sender.hostname = hostname;
  save(state, 'soon');
}

function receiveOther(
  state: ClusterState,
  link: Link,
  sender: ClusterNode,
  header: BusHeader,
  body: Exclude<BusBody, PingBody>,
): void {
  switch (body.kind) {
    case 'fail':
      hearFailure(state, body.node);
      return;
    case 'publish':
    case 'publishshard': {
      const { channel, message } = body;
      const sharded = body.kind === 'publishshard';
      state.effects.push({ kind: 'deliver', channel, message, sharded });
      return;
    }
    case 'auth-req':
      hearVoteRequest(state, sender, header);
      return;
    case 'auth-ack':
      hearVote(state, sender, header);
      return;
    case 'mfstart':
      hearManualFailoverStart(state, sender, link);
      return;
    case 'update':
      hearUpdate(state, body);
      return;
    case 'module':
    case 'unknown':
      return;
  }
}

function hearFailure(state: ClusterState, id: string): void {
  const node = state.nodes.get(id);
  if (!node || node === state.myself || isFailed(node) || has(node, NodeFlag.handshake)) return;
  markFailed(state, node);
}

/** Somebody found us behind the times about a third node. */
function hearUpdate(state: ClusterState, body: Extract<BusBody, { kind: 'update' }>): void {
  const node = state.nodes.get(body.node);
  if (!node || node === state.myself || node.configEpoch >= body.configEpoch) return;
  makePrimary(state, node);
  node.configEpoch = body.configEpoch;
  save(state, 'durable');
  hearClaim(state, node, body.configEpoch, body.slots);
}

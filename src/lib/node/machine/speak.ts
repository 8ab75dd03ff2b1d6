/**
 * Saying things on the bus. Requests go out on our own link to a node; only the PONG that answers a ping,
 * and the ping that answers MFSTART, go back on the link the question came in on.
 *
 * Packets are made at once, not when they leave: a header that was written later would carry slots of
 * then with an epoch of now.
 */
import { encodeMessage } from '../../wire/bus/codec.js';
import {
  BUS_TYPES,
  MessageFlag,
  NodeFlag,
  type BusHeader,
  type BusType,
  type SendableMessage,
} from '../../wire/bus/message.js';
import { announcedPorts, toWire } from './client-ports.js';
import { gossipFor } from './gossip-choice.js';
import {
  has,
  isPrimary,
  isReplica,
  primaryOf,
  type ClusterNode,
  type ClusterState,
  type Link,
} from './state.js';
import { clearBit, slotsOf } from './slots.js';

type Body = SendableMessage['body'];

function headerOf(state: ClusterState, extraFlags = 0): BusHeader {
  const { myself, settings, ports, manual } = state;
  const speaker = primaryOf(myself) ?? myself;
  // A paused primary says so in everything it sends: its offset is then final.
  const isPaused = isPrimary(myself) && manual.endMs !== 0;
  return {
    sender: myself.id,
    ...toWire(state, announcedPorts(state)),
    busPort: settings.announceBusPort || ports.busPort,
    currentEpoch: state.currentEpoch,
    configEpoch: speaker.configEpoch,
    offset: state.surroundings.replicationOffset(),
    slots: speaker.slots,
    replicaOf: isReplica(myself) ? myself.primary?.id : undefined,
    ip: settings.announceIp,
    flags: myself.flags,
    stateOk: state.isOk,
    messageFlags: extraFlags | (isPaused ? MessageFlag.paused : 0),
  };
}

/** PING, PONG or MEET with gossip for whoever is at the other end. */
export function sendPing(state: ClusterState, link: Link, kind: 'ping' | 'pong' | 'meet'): void {
  if (link.node && kind === 'ping') link.node.pingSentMs = state.nowMs;
  const hostname = state.settings.announceHostname;
  const header = headerOf(state, hostname === '' ? 0 : MessageFlag.extensionData);
  const extensions = hostname === '' ? {} : { hostname };
  send(state, link, { kind, gossip: gossipFor(state, link.node), extensions }, header);
}

export function send(
  state: ClusterState,
  link: Link,
  body: Body,
  header: BusHeader = headerOf(state),
): void {
  sendPacket(state, link, body.kind, encodeMessage({ header, body }));
}

/** The same packet to every node past its handshake. */
export function broadcast(state: ClusterState, body: Body, extraFlags = 0): void {
  const packet = encodeMessage({ header: headerOf(state, extraFlags), body });
  for (const node of listeners(state)) sendPacket(state, node.link!, body.kind, packet);
}

/** A PONG nobody asked for: our news, told at once. */
export function broadcastPong(
  state: ClusterState,
  isFor: (node: ClusterNode) => boolean = () => true,
): void {
  for (const node of listeners(state)) if (isFor(node)) sendPing(state, node.link!, 'pong');
}

/** Tells a node that claims another's slots with an old epoch who owns them now. */
export function sendUpdate(state: ClusterState, to: ClusterNode, about: ClusterNode): void {
  if (!to.link) return;
  const slots = Buffer.from(about.slots);
  for (const slot of slotsOf(state.unclaimed)) clearBit(slots, slot);
  const { configEpoch, id } = about;
  send(state, to.link, { kind: 'update', configEpoch, node: id, slots });
}

function listeners(state: ClusterState): ClusterNode[] {
  return state.roster.filter(
    (node) => node.link !== undefined && !has(node, NodeFlag.myself | NodeFlag.handshake),
  );
}

function sendPacket(state: ClusterState, link: Link, type: BusType, packet: Buffer): void {
  const index = BUS_TYPES[type];
  state.sent[index] = (state.sent[index] ?? 0) + 1;
  state.effects.push({ kind: 'send', link: link.id, packet });
}

/** The roster: adding, finding, renaming and deleting nodes, and the links that hang on them. */
import { CLUSTER_NODES_MAX } from '../../kernel/limits.js';
import type { NodeId } from '../../kernel/node-id.js';
import { NodeFlag } from '../../wire/bus/message.js';
import { replicationPort } from './client-ports.js';
import { unbindAllSlots } from './slots.js';
import {
  has,
  isInHandshake,
  save,
  takeLinkId,
  type ClusterNode,
  type ClusterState,
  type Link,
} from './state.js';

/**
 * How many beats gossip runs fast after somebody joined. Beats, not milliseconds: a busy process that gets
 * through few of them has spread little news, and needs the time.
 */
const EAGER_BEATS = 60;

/** A fresh id, as for ourselves or for a peer whose real id the handshake will tell. */
export function newNodeId(state: ClusterState): NodeId {
  return state.prng.hex(40) as NodeId;
}

/** As many nodes are known as others may bring. */
export const isRosterFull = (state: ClusterState): boolean =>
  state.roster.length >= CLUSTER_NODES_MAX;

export function addNode(state: ClusterState, node: ClusterNode): void {
  state.nodes.set(node.id, node);
  state.roster.push(node);
  state.eagerBeats = EAGER_BEATS;
  state.todo.connect = true;
  state.todo.updateHealth = true;
}

export function renameNode(state: ClusterState, node: ClusterNode, id: NodeId): void {
  state.nodes.delete(node.id);
  node.id = id;
  state.nodes.set(id, node);
  state.eagerBeats = EAGER_BEATS;
}

/** Takes a node out of everything that may refer to it. */
export function deleteNode(state: ClusterState, node: ClusterNode): void {
  unbindAllSlots(state, node);
  for (const open of [state.migratingTo, state.importingFrom]) {
    for (const [slot, other] of open) {
      if (other !== node) continue;
      open.delete(slot);
      state.todo.refreshServed = true;
    }
  }
  for (const other of state.roster) other.failureReports.delete(node);
  if (node.primary) removeReplica(node.primary, node);
  for (const replica of node.replicas) replica.primary = undefined;
  node.replicas.length = 0;
  if (state.manual.replica === node) state.manual.replica = undefined;
  state.election.voters.delete(node);
  closeLink(state, node.link);
  closeLink(state, node.inbound);
  state.nodes.delete(node.id);
  const at = state.roster.indexOf(node);
  if (at >= 0) state.roster.splice(at, 1);
  state.todo.updateHealth = true;
}

export function addReplica(primary: ClusterNode, replica: ClusterNode): void {
  if (primary.replicas.includes(replica)) return;
  primary.replicas.push(replica);
  // Having had a replica once is what makes a primary worth a replica later.
  primary.flags |= NodeFlag.migrateTo;
}

export function removeReplica(primary: ClusterNode, replica: ClusterNode): void {
  const at = primary.replicas.indexOf(replica);
  if (at < 0) return;
  primary.replicas.splice(at, 1);
  if (primary.replicas.length === 0) primary.flags &= ~NodeFlag.migrateTo;
}

/** Opens our connection to a node. The first words on it are said when it stands. */
function connectTo(state: ClusterState, node: ClusterNode): void {
  const link: Link = {
    id: takeLinkId(state),
    direction: 'to',
    node,
    createdMs: state.nowMs,
    isUp: false,
    remoteIp: node.ip,
    localIp: '',
  };
  node.link = link;
  state.links.set(link.id, link);
  state.effects.push({ kind: 'connect', link: link.id, ip: node.ip, busPort: node.busPort });
}

/** Connects whoever has no link. Real nodes wait for the next cron; nothing obliges them to. */
export function connectAll(state: ClusterState): void {
  for (const node of state.roster) {
    if (node.link || has(node, NodeFlag.myself | NodeFlag.noaddr)) continue;
    connectTo(state, node);
  }
}

export function closeLink(state: ClusterState, link: Link | undefined): void {
  if (!link || !state.links.has(link.id)) return;
  dropLink(state, link);
  state.effects.push({ kind: 'close', link: link.id });
}

/** Forgets a link that is gone already. */
export function dropLink(state: ClusterState, link: Link): void {
  state.links.delete(link.id);
  if (link.node?.link === link) link.node.link = undefined;
  if (link.node?.inbound === link) link.node.inbound = undefined;
}

/** A handshake with that address is under way; a second one would only be thrown away later. */
export function isHandshakePending(state: ClusterState, ip: string, busPort: number): boolean {
  return state.roster.some(
    (node) => isInHandshake(node) && node.ip === ip && node.busPort === busPort,
  );
}

export interface Endpoint {
  readonly ip: string;
  readonly port: number;
  readonly tlsPort: number;
  readonly busPort: number;
}

/** Takes over an address and drops the link to the old one. @returns whether anything changed */
export function moveNode(state: ClusterState, node: ClusterNode, to: Endpoint): boolean {
  if (
    node.ip === to.ip &&
    node.port === to.port &&
    node.tlsPort === to.tlsPort &&
    node.busPort === to.busPort
  ) {
    return false;
  }
  Object.assign(node, { ip: to.ip, port: to.port, tlsPort: to.tlsPort, busPort: to.busPort });
  node.flags &= ~NodeFlag.noaddr;
  closeLink(state, node.link);
  state.todo.connect = true;
  if (state.myself.primary === node) {
    state.effects.push({ kind: 'follow', ip: node.ip, port: replicationPort(state, node) });
  }
  save(state, 'soon');
  return true;
}

/**
 * How nodes come to know each other. MEET says "believe me"; the answer tells the real id of the node at
 * that address, and from then on gossip carries it to everybody. A real server takes the next steps on its
 * cron; here they are taken at once, which no peer can tell from a lucky cron.
 */
import { shortId } from '../../kernel/node-id.js';
import { NodeFlag, type BusHeader } from '../../wire/bus/message.js';
import {
  addNode,
  closeLink,
  deleteNode,
  isHandshakePending,
  moveNode,
  newNodeId,
  renameNode,
  type Endpoint,
} from './nodes.js';
import { fromWire } from './client-ports.js';
import { sendPing } from './speak.js';
import {
  createNode,
  isInHandshake,
  log,
  save,
  type ClusterNode,
  type ClusterState,
  type Link,
} from './state.js';

export const HANDSHAKE_MS_MIN = 1000;

/** Begins a handshake with an address, unless one is under way. `isOurs`: we send MEET. */
export function startHandshake(state: ClusterState, to: Endpoint, isOurs: boolean): void {
  if (isHandshakePending(state, to.ip, to.busPort)) return;
  const flags = NodeFlag.handshake | (isOurs ? NodeFlag.meet : 0);
  const node = createNode(newNodeId(state), flags, state.nowMs);
  Object.assign(node, to);
  addNode(state, node);
}

/** Our connection stands: the first words on it. */
export function greet(state: ClusterState, link: Link): void {
  const { node } = link;
  if (!node) return;
  const outstandingSinceMs = node.pingSentMs;
  if (node.flags & NodeFlag.meet) {
    // MEET stays due until an answer comes: a one-sided acquaintance would heal by chance only.
    sendPing(state, link, 'meet');
    return;
  }
  sendPing(state, link, 'ping');
  // A ping that was never answered on the old link still counts against the node.
  if (outstandingSinceMs !== 0) node.pingSentMs = outstandingSinceMs;
}

/** Where a packet's sender can be reached, as it says or as the socket shows. */
export function endpointOf(state: ClusterState, header: BusHeader, link: Link): Endpoint {
  return {
    ip: header.ip === '' ? link.remoteIp : header.ip,
    ...fromWire(state, header),
    busPort: header.busPort,
  };
}

/**
 * An answer on our own link settles who is there.
 *
 * @returns the node that spoke, or undefined when this link is not to be used further
 */
export function identify(
  state: ClusterState,
  link: Link,
  known: ClusterNode | undefined,
  header: BusHeader,
): ClusterNode | undefined {
  const node = link.node!;
  if (isInHandshake(node)) {
    if (known) {
      // Met before under another address, or meeting each other at the same time.
      if (known !== state.myself) moveNode(state, known, endpointOf(state, header, link));
      deleteNode(state, node);
      return undefined;
    }
    renameNode(state, node, header.sender);
    node.flags &= ~(NodeFlag.handshake | NodeFlag.meet);
    node.flags |= header.flags & (NodeFlag.primary | NodeFlag.replica);
    save(state, 'soon');
    log(
      state,
      'notice',
      `Handshake with ${shortId(node.id)} (${node.ip}:${node.port}) is complete`,
    );
    return node;
  }
  if (node.id !== header.sender) {
    log(state, 'notice', `Another node answers at the address of ${shortId(node.id)}`);
    node.flags |= NodeFlag.noaddr;
    Object.assign(node, { ip: '', port: 0, tlsPort: 0, busPort: 0 });
    closeLink(state, link);
    save(state, 'soon');
    return undefined;
  }
  node.flags &= ~NodeFlag.meet;
  return node;
}

/** What others say about others: failure reports, fresher pong times, new addresses, new nodes. */
import { shortId } from '../../kernel/node-id.js';
import { NodeFlag, type GossipEntry } from '../../wire/bus/message.js';
import { fromWire, replicationPort, toWire } from './client-ports.js';
import { addFailureReport, countFailureReports } from './failure.js';
import { addNode, closeLink, isRosterFull } from './nodes.js';
import {
  createNode,
  has,
  isPrimary,
  log,
  save,
  type ClusterNode,
  type ClusterState,
} from './state.js';

/** Clocks of a cluster differ; a pong from further in the future than this is not believed. */
const CLOCK_SKEW_MS = 500;

const FAILING = NodeFlag.pfail | NodeFlag.fail;

export function hearGossip(
  state: ClusterState,
  sender: ClusterNode,
  entries: readonly GossipEntry[],
): void {
  for (const entry of entries) {
    const node = state.nodes.get(entry.id);
    if (node) hearAboutKnown(state, sender, node, entry);
    else hearAboutStranger(state, entry);
  }
}

function hearAboutKnown(
  state: ClusterState,
  sender: ClusterNode,
  node: ClusterNode,
  entry: GossipEntry,
): void {
  if (node === state.myself) return;
  // A primary's opinion counts as a vote on a failure; a replica's is hearsay.
  if (isPrimary(sender)) {
    if (entry.flags & FAILING) addFailureReport(state, node, sender);
    else node.failureReports.delete(sender);
  }
  const isFine = (entry.flags & (FAILING | NodeFlag.noaddr)) === 0;
  if (!isFine) return;

  // Its pong to somebody else spares us a ping of our own: what keeps traffic below N squared.
  if (node.pingSentMs === 0 && !has(node, FAILING) && countFailureReports(state, node) === 0) {
    const pongMs = entry.pongReceivedSeconds * 1000;
    if (pongMs > node.pongReceivedMs && pongMs <= state.nowMs + CLOCK_SKEW_MS) {
      node.pongReceivedMs = pongMs;
    }
  }
  if (has(node, FAILING) && isElsewhere(state, node, entry)) {
    log(state, 'notice', `${shortId(node.id)} is said to be at ${entry.ip}:${entry.port} now`);
    closeLink(state, node.link);
    adoptAddress(state, node, entry);
    if (state.myself.primary === node) {
      state.effects.push({ kind: 'follow', ip: node.ip, port: replicationPort(state, node) });
    }
  }
}

/** The sender is known, so it is one of us, and whom it knows is too. */
function hearAboutStranger(state: ClusterState, entry: GossipEntry): void {
  if (entry.flags & NodeFlag.noaddr || entry.ip === '' || entry.busPort === 0) return;
  if (isForgotten(state, entry.id) || isRosterFull(state)) return;
  const flags = entry.flags & ~(NodeFlag.myself | NodeFlag.handshake | NodeFlag.meet);
  const node = createNode(entry.id, flags, state.nowMs);
  adoptAddress(state, node, entry);
  addNode(state, node);
}

function adoptAddress(state: ClusterState, node: ClusterNode, entry: GossipEntry): void {
  node.ip = entry.ip;
  Object.assign(node, fromWire(state, entry));
  node.busPort = entry.busPort;
  node.flags &= ~NodeFlag.noaddr;
  state.todo.connect = true;
  save(state, 'soon');
}

function isElsewhere(state: ClusterState, node: ClusterNode, entry: GossipEntry): boolean {
  const { port } = toWire(state, node);
  return node.ip !== entry.ip || port !== entry.port || node.busPort !== entry.busPort;
}

/** CLUSTER FORGET keeps gossip from bringing a node back while the others still know it. */
function isForgotten(state: ClusterState, id: string): boolean {
  const untilMs = state.forgotten.get(id);
  if (untilMs === undefined) return false;
  if (untilMs > state.nowMs) return true;
  state.forgotten.delete(id);
  return false;
}

/**
 * Whom to talk about in a packet.
 *
 * A failure becomes official when a majority of primaries report it within two node timeouts. Each pair
 * exchanges at least four packets in one timeout, so eight in that window; with a tenth of the cluster in
 * each packet most primaries hear of a given failing node in time. Nodes under suspicion go in always:
 * their news is what gossip is for.
 *
 * While nodes are joining, the newcomers go in as well, up to a bound. The wire carries a count, so a
 * longer section is as legal as a short one, and everybody knows everybody after a few packets.
 */
import { NodeFlag, type GossipEntry } from '../../wire/bus/message.js';
import { toWire } from './client-ports.js';
import { has, isSuspect, type ClusterNode, type ClusterState } from './state.js';

/** Newcomers told in one packet: 40 entries are 4 KB, twice the header. */
const NEWCOMERS_MAX = 40;
/** A newcomer is told twice to as many as there are. */
const TELLINGS_PER_NODE = 2;

export function gossipFor(state: ClusterState, receiver: ClusterNode | undefined): GossipEntry[] {
  const { roster, prng } = state;
  // Neither ourselves nor the receiver.
  const available = Math.max(0, roster.length - 2);
  const wanted = Math.min(available, Math.max(3, Math.floor(roster.length / 10)));
  const chosen = new Set<ClusterNode>();
  for (let tries = wanted * 3; tries > 0 && chosen.size < wanted; tries--) {
    const node = roster[prng.below(roster.length)]!;
    if (!isSuspect(node) && isWorthTelling(node, receiver)) chosen.add(node);
  }
  if (state.eagerBeats > 0) addNewcomers(state, receiver, chosen);
  if (state.failingCount > 0) {
    for (const node of roster) {
      if (isSuspect(node) && isWorthTelling(node, receiver)) chosen.add(node);
    }
  }
  return [...chosen].map((node) => entryOf(state, node));
}

/** From a random start on, so that in a large join every packet tells other ones. */
function addNewcomers(
  state: ClusterState,
  receiver: ClusterNode | undefined,
  chosen: Set<ClusterNode>,
): void {
  const { roster } = state;
  const start = state.prng.below(roster.length);
  for (let step = 0; step < roster.length && chosen.size < NEWCOMERS_MAX; step++) {
    const node = roster[(start + step) % roster.length]!;
    const isNew = node.told < roster.length * TELLINGS_PER_NODE;
    if (!isNew || isSuspect(node) || !isWorthTelling(node, receiver)) continue;
    node.told++;
    chosen.add(node);
  }
}

function isWorthTelling(node: ClusterNode, receiver: ClusterNode | undefined): boolean {
  if (node === receiver) return false;
  if (has(node, NodeFlag.myself | NodeFlag.handshake | NodeFlag.noaddr)) return false;
  // A node without slots that we cannot reach is hearsay.
  return node.link !== undefined || node.slotCount > 0;
}

function entryOf(state: ClusterState, node: ClusterNode): GossipEntry {
  return {
    id: node.id,
    pingSentSeconds: Math.floor(node.pingSentMs / 1000),
    pongReceivedSeconds: Math.floor(node.pongReceivedMs / 1000),
    ip: node.ip,
    ...toWire(state, node),
    busPort: node.busPort,
    flags: node.flags,
  };
}

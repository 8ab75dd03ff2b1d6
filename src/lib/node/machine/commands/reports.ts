/** What CLUSTER tells: NODES, REPLICAS, SLOTS, SHARDS, LINKS, INFO. */
import type { SlotRange } from '../../../kernel/ranges.js';
import { BUS_TYPES, NodeFlag } from '../../../wire/bus/message.js';
import { formatNodeLine } from '../../../wire/nodes-conf.js';
import type { ReplySink } from '../../../wire/resp/reply-sink.js';
import { countSlots } from '../health.js';
import { describeNode } from '../memory.js';
import { portFor } from '../client-ports.js';
import { endpointHost } from '../route.js';
import { rangesOwnedBy } from '../slots.js';
import {
  epochOf,
  has,
  isFailed,
  isPrimary,
  isReplica,
  type ClusterNode,
  type ClusterState,
  type Link,
} from '../state.js';
import { migrationInfo } from './redis-transfers.js';
import { Refusal, nodeFrom, type ClusterCall } from './context.js';

export function nodes({ state, reply, isTls }: ClusterCall): void {
  const lines = state.roster.map((node) => `${lineOf(state, node, isTls)}\n`);
  reply.verbatim(lines.join(''));
}

export function replicas({ state, argv, reply, isTls }: ClusterCall): void {
  const node = nodeFrom(state, argv[2]!);
  if (!isPrimary(node)) throw new Refusal('The specified node is not a master');
  reply.array(node.replicas.length);
  for (const replica of node.replicas) reply.bulk(lineOf(state, replica, isTls));
}

function lineOf(state: ClusterState, node: ClusterNode, isTls: boolean): string {
  return formatNodeLine({ ...describeNode(state, node), port: portFor(node, isTls) });
}

export function slots({ state, reply, isTls }: ClusterCall): void {
  const ranges: (SlotRange & { owner: ClusterNode })[] = [];
  for (const owner of state.roster) {
    if (!isPrimary(owner) || owner.slotCount === 0) continue;
    const owned = rangesOwnedBy(owner);
    ranges.push(...owned.map((range) => ({ ...range, owner })));
  }
  ranges.sort((a, b) => a.first - b.first);
  reply.array(ranges.length);
  for (const { first, last, owner } of ranges) {
    // A replica whose data are still on their way has nothing to serve.
    const ready = owner.replicas.filter(
      (replica) => !isFailed(replica) && offsetOf(state, replica) !== 0,
    );
    reply.array(3 + ready.length);
    reply.integer(first);
    reply.integer(last);
    for (const node of [owner, ...ready]) writeEndpoint(state, node, reply, isTls);
  }
}

function writeEndpoint(
  state: ClusterState,
  node: ClusterNode,
  reply: ReplySink,
  isTls: boolean,
): void {
  const host = endpointHost(state, node);
  reply.array(4);
  if (host === undefined) reply.null();
  else reply.bulk(host);
  reply.integer(portFor(node, isTls));
  reply.bulk(node.id);
  const { preferredEndpoint } = state.settings;
  const extra: [string, string][] = [];
  if (preferredEndpoint !== 'ip') extra.push(['ip', node.ip]);
  if (preferredEndpoint !== 'hostname' && node.hostname !== '') {
    extra.push(['hostname', node.hostname]);
  }
  reply.map(extra.length);
  for (const pair of extra) for (const word of pair) reply.bulk(word);
}

export function shards({ state, reply }: ClusterCall): void {
  const primaries = state.roster.filter(
    (node) => isPrimary(node) && !has(node, NodeFlag.handshake),
  );
  reply.array(primaries.length);
  for (const primary of primaries) {
    reply.map(2);
    reply.bulk('slots');
    const ranges = rangesOwnedBy(primary);
    reply.array(ranges.length * 2);
    for (const { first, last } of ranges) {
      reply.integer(first);
      reply.integer(last);
    }
    reply.bulk('nodes');
    reply.array(1 + primary.replicas.length);
    for (const node of [primary, ...primary.replicas]) writeShardNode(state, node, reply);
  }
}

function writeShardNode(state: ClusterState, node: ClusterNode, reply: ReplySink): void {
  const facts: [string, string | number][] = [['id', node.id]];
  if (node.port !== 0) facts.push(['port', node.port]);
  if (node.tlsPort !== 0) facts.push(['tls-port', node.tlsPort]);
  facts.push(['ip', node.ip], ['endpoint', endpointHost(state, node) ?? '']);
  if (node.hostname !== '') facts.push(['hostname', node.hostname]);
  const offset = offsetOf(state, node);
  const isLoading = isReplica(node) && offset === 0;
  facts.push(
    ['role', isPrimary(node) ? 'master' : 'replica'],
    ['replication-offset', offset],
    ['health', isFailed(node) ? 'fail' : isLoading ? 'loading' : 'online'],
  );
  reply.map(facts.length);
  for (const [name, value] of facts) {
    reply.bulk(name);
    if (typeof value === 'number') reply.integer(value);
    else reply.bulk(value);
  }
}

function offsetOf(state: ClusterState, node: ClusterNode): number {
  return node === state.myself ? state.surroundings.replicationOffset() : node.offset;
}

export function links({ state, reply }: ClusterCall): void {
  const known: Link[] = [];
  for (const node of state.roster) {
    for (const link of [node.link, node.inbound]) if (link) known.push(link);
  }
  reply.array(known.length);
  for (const link of known) {
    const pending = state.surroundings.pendingBytes(link.id);
    reply.map(6);
    reply.bulk('direction');
    reply.bulk(link.direction);
    reply.bulk('node');
    reply.bulk(link.node!.id);
    reply.bulk('create-time');
    reply.integer(link.createdMs);
    reply.bulk('events');
    reply.bulk(pending > 0 ? 'rw' : 'r');
    reply.bulk('send-buffer-allocated');
    reply.integer(pending);
    reply.bulk('send-buffer-used');
    reply.integer(pending);
  }
}

export function info({ state, reply }: ClusterCall): void {
  reply.verbatim(
    infoLines(state)
      .map((line) => `${line}\r\n`)
      .join(''),
  );
}

/** CLUSTER INFO, in the order of real servers. */
export function infoLines(state: ClusterState): string[] {
  const counts = countSlots(state);
  const facts: [string, string | number][] = [
    ['cluster_state', state.isOk ? 'ok' : 'fail'],
    ['cluster_slots_assigned', counts.assigned],
    ['cluster_slots_ok', counts.assigned - counts.pfail - counts.fail],
    ['cluster_slots_pfail', counts.pfail],
    ['cluster_slots_fail', counts.fail],
    ['cluster_known_nodes', state.roster.length],
    ['cluster_size', state.roster.filter((node) => isPrimary(node) && node.slotCount > 0).length],
    ['cluster_current_epoch', state.currentEpoch],
    ['cluster_my_epoch', epochOf(state.myself)],
    ...messageCounts(state.sent, 'sent'),
    ...messageCounts(state.received, 'received'),
    ['total_cluster_links_buffer_limit_exceeded', state.linksOverLimit],
    ...(state.settings.persona === 'redis-8.4' ? migrationInfo(state) : []),
  ];
  return facts.map(([name, value]) => `${name}:${value}`);
}

function messageCounts(counts: readonly number[], way: string): [string, number][] {
  const lines: [string, number][] = [];
  let total = 0;
  for (const [name, index] of Object.entries(BUS_TYPES)) {
    const count = counts[index] ?? 0;
    total += count;
    if (count > 0) lines.push([`cluster_stats_messages_${name}_${way}`, count]);
  }
  lines.push([`cluster_stats_messages_${way}`, total]);
  return lines;
}

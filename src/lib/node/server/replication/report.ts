/** INFO replication, in the order of fields and with the words that tools look for. */
import type { ReplySink } from '../../../wire/resp/reply-sink.js';
import type { ConfigWing } from '../../ports/wings.js';
import type { ReplicationHistory } from '../../replication/history.js';
import type { ReplicaSession, ReplicaState } from './replica-session.js';
import type { Replicas } from './replicas.js';
import type { ReplicationSettings } from './settings.js';
import type { Upstream } from './upstream.js';

export interface Reported {
  readonly upstream: Upstream | undefined;
  readonly replicas: Replicas;
  readonly history: ReplicationHistory;
  /** What was said in this turn included. */
  readonly offset: number;
  readonly settings: ReplicationSettings;
  readonly config: ConfigWing;
  readonly failoverState: string;
  readonly nowMs: number;
}

const STATE_NAMES: Readonly<Record<ReplicaState, string>> = {
  waiting: 'wait_bgsave',
  sending: 'send_bulk',
  loading: 'online',
  online: 'online',
};

export function replicationLines(node: Reported): string[] {
  const { upstream, replicas, history, offset, settings, nowMs } = node;
  const { identity, backlog } = history;
  const { goodReplicasWanted, goodLagSeconds } = settings;
  const showsGood = goodReplicasWanted > 0 && goodLagSeconds > 0;
  return [
    `role:${upstream ? 'slave' : 'master'}`,
    ...(upstream ? upstreamLines(upstream, node) : []),
    `connected_slaves:${replicas.size}`,
    ...(showsGood ? [`min_slaves_good_slaves:${replicas.countGood(nowMs)}`] : []),
    ...[...replicas.all()].map((session, at) => `slave${at}:${sessionFacts(session, nowMs)}`),
    `master_failover_state:${node.failoverState}`,
    `master_replid:${identity.id}`,
    `master_replid2:${identity.previousId}`,
    `master_repl_offset:${offset}`,
    `second_repl_offset:${identity.previousEnd}`,
    `repl_backlog_active:${backlog ? 1 : 0}`,
    `repl_backlog_size:${settings.backlogBytes}`,
    `repl_backlog_first_byte_offset:${backlog?.firstOffset ?? 0}`,
    `repl_backlog_histlen:${backlog?.historyBytes ?? 0}`,
  ];
}

function upstreamLines(upstream: Upstream, { config, offset, nowMs }: Reported): string[] {
  const { address, isUp, lastIoMs, downSinceMs } = upstream;
  const isTransferring = upstream.state === 'sync';
  const secondsSince = (atMs: number | undefined): number =>
    atMs === undefined ? -1 : Math.max(0, Math.floor((nowMs - atMs) / 1000));
  return [
    `master_host:${address.host}`,
    `master_port:${address.port}`,
    `master_link_status:${isUp ? 'up' : 'down'}`,
    `master_last_io_seconds_ago:${isUp ? secondsSince(lastIoMs) : -1}`,
    `master_sync_in_progress:${isTransferring ? 1 : 0}`,
    `slave_read_repl_offset:${upstream.readOffset}`,
    `slave_repl_offset:${offset}`,
    ...(isTransferring ? transferLines(upstream, secondsSince(lastIoMs)) : []),
    ...(isUp ? [] : [`master_link_down_since_seconds:${secondsSince(downSinceMs)}`]),
    `slave_priority:${config.get('replica-priority') ?? ''}`,
    `slave_read_only:${config.boolean('replica-read-only') ? 1 : 0}`,
    `replica_announced:${config.boolean('replica-announced') ? 1 : 0}`,
  ];
}

/**
 * As redis-server has it: -1 until the snapshot begins, and 0 for one that does not say how long it is. Its
 * share of -1 bytes is a negative nothing.
 */
function transferLines({ transfer }: Upstream, idleSeconds: number): string[] {
  const { readBytes, totalBytes } = transfer;
  const percent = totalBytes > 0 ? ((readBytes / totalBytes) * 100).toFixed(2) : '0.00';
  return [
    `master_sync_total_bytes:${totalBytes}`,
    `master_sync_read_bytes:${readBytes}`,
    `master_sync_left_bytes:${totalBytes - readBytes}`,
    `master_sync_perc:${totalBytes < 0 ? '-' : ''}${percent}`,
    `master_sync_last_io_seconds_ago:${idleSeconds}`,
  ];
}

function sessionFacts(session: ReplicaSession, nowMs: number): string {
  const { ip, peer, state, ackOffset } = session;
  const lag = session.isOldSync || state !== 'online' ? 0 : session.lagSeconds(nowMs);
  return `ip=${ip},port=${peer.listeningPort},state=${STATE_NAMES[state]},offset=${ackOffset},lag=${lag}`;
}

/** ROLE. */
export function writeRole(
  reply: ReplySink,
  upstream: Upstream | undefined,
  replicas: Replicas,
  offset: number,
): void {
  if (upstream !== undefined) {
    reply.array(5);
    reply.bulk('slave');
    reply.bulk(upstream.address.host);
    reply.integer(upstream.address.port);
    reply.bulk(upstream.state);
    reply.integer(upstream.isUp ? offset : -1);
    return;
  }
  const online = [...replicas.all()].filter(({ state }) => state === 'online');
  reply.array(3);
  reply.bulk('master');
  reply.integer(offset);
  reply.array(online.length);
  for (const { ip, peer, ackOffset } of online) {
    reply.array(3);
    reply.bulk(ip);
    reply.bulk(String(peer.listeningPort));
    reply.bulk(String(ackOffset));
  }
}

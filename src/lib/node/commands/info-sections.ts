/**
 * The sections of INFO, every field redis-server 7.0 has and in its order, because tools cut the text by
 * position as well as by name. A field about machinery that is not here (forks, defragmentation, scripts)
 * says what is true: zero.
 */
import { humanBytes, type Field, lines, percent, ratio, seconds } from './info-format.js';
import { type Persona, personaOf } from '../ports/persona.js';
import { memoryAccount } from './memory-account.js';
import type { StoreCall } from './store-call.js';

export type Section = (call: StoreCall) => readonly string[];

export const serverSection: Section = ({ nowMs, wings }) => {
  const { config, host } = wings;
  const persona = personaOf(config);
  const upSeconds = Math.floor((nowMs - host.startedAtMs) / 1000);
  return lines([
    ['redis_version', persona.redisVersion],
    ...(persona.server === 'redis' ? [] : valkeyFields(persona)),
    ['redis_git_sha1', '00000000'],
    ['redis_git_dirty', 0],
    ['redis_build_id', '0'],
    [
      persona.server === 'redis' ? 'redis_mode' : 'server_mode',
      wings.cluster === undefined ? 'standalone' : 'cluster',
    ],
    ['trib_version', host.tribVersion],
    ['os', host.operatingSystem],
    ['arch_bits', 64],
    ['monotonic_clock', 'Node.js hrtime'],
    ['multiplexing_api', 'libuv'],
    ['atomicvar_api', 'none'],
    ['gcc_version', '0.0.0'],
    ['process_id', host.pid],
    ['process_supervised', 'no'],
    ['run_id', host.runId],
    ['tcp_port', config.number('port') || config.number('tls-port')],
    ['server_time_usec', Math.floor(nowMs * 1000)],
    ['uptime_in_seconds', upSeconds],
    ['uptime_in_days', Math.floor(upSeconds / 86_400)],
    ['hz', config.get('hz') ?? ''],
    ['configured_hz', config.get('hz') ?? ''],
    ['lru_clock', Math.floor(nowMs / 1000) & 0xff_ffff],
    ['executable', host.executable],
    ['config_file', host.configFile],
    ['io_threads_active', 0],
    ...(persona.server === 'redis'
      ? []
      : [['availability_zone', config.get('availability-zone') ?? ''] as const]),
  ]);
};

function valkeyFields({ version }: Persona): readonly Field[] {
  return [
    ['server_name', 'valkey'],
    ['valkey_version', version],
    ['valkey_release_stage', 'ga'],
  ];
}

export const clientsSection: Section = ({ sessions, wings }) => {
  const clients = [...sessions.all()].filter((client) => !client.isReplica);
  const largest = (bytes: readonly number[]): number => bytes.reduce((a, b) => Math.max(a, b), 0);
  return lines([
    ['connected_clients', clients.length],
    ['cluster_connections', 0],
    ['maxclients', wings.config.get('maxclients') ?? ''],
    ['client_recent_max_input_buffer', largest(clients.map((client) => client.queryBytes))],
    ['client_recent_max_output_buffer', largest(clients.map((client) => client.pendingBytes))],
    ['blocked_clients', clients.filter((client) => client.isBlocked).length],
    ['tracking_clients', 0],
    ['clients_in_timeout_table', 0],
  ]);
};

export const memorySection: Section = (call) => {
  const { config, host } = call.wings;
  const { rssBytes, heapUsedBytes, heapTotalBytes, systemBytes } = host.memory();
  const account = memoryAccount(call);
  const { usedBytes, peakBytes, datasetBytes } = account;
  const maxmemory = config.number('maxmemory');
  const overhead = usedBytes - datasetBytes;
  return lines([
    ...sized('used_memory', usedBytes),
    ...sized('used_memory_rss', rssBytes),
    ...sized('used_memory_peak', peakBytes),
    ['used_memory_peak_perc', percent(usedBytes, peakBytes)],
    ['used_memory_overhead', overhead],
    ['used_memory_startup', 0],
    ['used_memory_dataset', datasetBytes],
    ['used_memory_dataset_perc', percent(datasetBytes, usedBytes)],
    ['allocator_allocated', heapUsedBytes],
    ['allocator_active', heapTotalBytes],
    ['allocator_resident', rssBytes],
    ...sized('total_system_memory', systemBytes),
    ['used_memory_lua', 0],
    ['used_memory_vm_eval', 0],
    ['used_memory_lua_human', humanBytes(0)],
    ['used_memory_scripts_eval', 0],
    ['number_of_cached_scripts', 0],
    ['number_of_functions', 0],
    ['number_of_libraries', 0],
    ['used_memory_vm_functions', 0],
    ...sized('used_memory_vm_total', 0),
    ['used_memory_functions', 0],
    ...sized('used_memory_scripts', 0),
    ...sized('maxmemory', maxmemory),
    ['maxmemory_policy', config.get('maxmemory-policy') ?? ''],
    ['allocator_frag_ratio', ratio(heapTotalBytes, heapUsedBytes)],
    ['allocator_frag_bytes', heapTotalBytes - heapUsedBytes],
    ['allocator_rss_ratio', ratio(rssBytes, heapTotalBytes)],
    ['allocator_rss_bytes', rssBytes - heapTotalBytes],
    ['rss_overhead_ratio', ratio(rssBytes, rssBytes)],
    ['rss_overhead_bytes', 0],
    ['mem_fragmentation_ratio', ratio(rssBytes, usedBytes)],
    ['mem_fragmentation_bytes', rssBytes - usedBytes],
    ['mem_not_counted_for_evict', 0],
    ['mem_replication_backlog', account.backlogBytes],
    ['mem_total_replication_buffers', account.replicaBytes + account.backlogBytes],
    ['mem_clients_slaves', account.replicaBytes],
    ['mem_clients_normal', account.clientBytes],
    ['mem_cluster_links', 0],
    ['mem_aof_buffer', call.wings.persistence.bufferedBytes],
    ['mem_allocator', 'v8'],
    ['active_defrag_running', 0],
    ['lazyfree_pending_objects', 0],
    ['lazyfreed_objects', 0],
  ]);
};

function sized(name: string, bytes: number): readonly Field[] {
  return [
    [name, bytes],
    [`${name}_human`, humanBytes(bytes)],
  ];
}

export const persistenceSection: Section = ({ wings }) => wings.persistence.infoLines();

export const statsSection: Section = ({ sessions, wings }) => {
  const { counters } = wings.stats;
  return lines([
    ['total_connections_received', counters.connectionsReceived],
    ['total_commands_processed', counters.commandsProcessed],
    ['instantaneous_ops_per_sec', Math.round(wings.stats.perSecond('commands'))],
    ['total_net_input_bytes', counters.netInputBytes + counters.netReplicationInputBytes],
    ['total_net_output_bytes', counters.netOutputBytes],
    ['total_net_repl_input_bytes', counters.netReplicationInputBytes],
    ['total_net_repl_output_bytes', counters.netReplicationOutputBytes],
    ['instantaneous_input_kbps', ratio(wings.stats.perSecond('inputBytes'), 1024)],
    ['instantaneous_output_kbps', ratio(wings.stats.perSecond('outputBytes'), 1024)],
    ['instantaneous_input_repl_kbps', '0.00'],
    ['instantaneous_output_repl_kbps', '0.00'],
    ['rejected_connections', counters.connectionsRejected],
    ['sync_full', counters.syncFull],
    ['sync_partial_ok', counters.syncPartialOk],
    ['sync_partial_err', counters.syncPartialErr],
    ['expired_keys', counters.expiredKeys],
    ['expired_stale_perc', '0.00'],
    ['expired_time_cap_reached_count', 0],
    ['expire_cycle_cpu_milliseconds', 0],
    ['evicted_keys', counters.evictedKeys],
    ['evicted_clients', counters.evictedClients],
    ['total_eviction_exceeded_time', 0],
    ['current_eviction_exceeded_time', 0],
    ['keyspace_hits', counters.keyspaceHits],
    ['keyspace_misses', counters.keyspaceMisses],
    ['pubsub_channels', sessions.channels('channels').size],
    ['pubsub_patterns', sessions.channels('patterns').size],
    ['pubsubshard_channels', sessions.channels('shardChannels').size],
    ['latest_fork_usec', 0],
    ['total_forks', 0],
    ['migrate_cached_sockets', 0],
    ['slave_expires_tracked_keys', 0],
    ['active_defrag_hits', 0],
    ['active_defrag_misses', 0],
    ['active_defrag_key_hits', 0],
    ['active_defrag_key_misses', 0],
    ['total_active_defrag_time', 0],
    ['current_active_defrag_time', 0],
    ['tracking_total_keys', 0],
    ['tracking_total_items', 0],
    ['tracking_total_prefixes', 0],
    ['unexpected_error_replies', counters.unexpectedErrorReplies],
    ['total_error_replies', counters.errorReplies],
    ['dump_payload_sanitizations', 0],
    ['total_reads_processed', counters.readsProcessed],
    ['total_writes_processed', counters.writesProcessed],
    ['io_threaded_reads_processed', 0],
    ['io_threaded_writes_processed', 0],
    ['reply_buffer_shrinks', 0],
    ['reply_buffer_expands', 0],
  ]);
};

export const replicationSection: Section = ({ wings }) => wings.replication.infoLines();

export const cpuSection: Section = ({ wings }) => {
  const { userMicros, systemMicros } = wings.host.cpu();
  return lines([
    ['used_cpu_sys', seconds(systemMicros)],
    ['used_cpu_user', seconds(userMicros)],
    ['used_cpu_sys_children', seconds(0)],
    ['used_cpu_user_children', seconds(0)],
    ['used_cpu_sys_main_thread', seconds(systemMicros)],
    ['used_cpu_user_main_thread', seconds(userMicros)],
  ]);
};

export const clusterSection: Section = ({ wings }) =>
  lines([['cluster_enabled', wings.cluster === undefined ? 0 : 1]]);

/** Keys looked at for the average time to live: an estimate, as in redis-server. */
const TTL_SAMPLES = 100;

export const keyspaceSection: Section = ({ keyspace, nowMs }) =>
  keyspace.databases
    .filter((db) => db.size > 0)
    .map((db) => {
      let sum = 0;
      let count = 0;
      if (db.expiringCount > 0) {
        db.scan(0, TTL_SAMPLES, ({ expireAtMs }) => {
          if (!Number.isFinite(expireAtMs)) return;
          sum += Math.max(0, expireAtMs - nowMs);
          count++;
        });
      }
      const average = count === 0 ? 0 : Math.floor(sum / count);
      return `db${db.index}:keys=${db.size},expires=${db.expiringCount},avg_ttl=${average}`;
    });

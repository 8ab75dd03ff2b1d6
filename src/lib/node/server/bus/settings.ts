/** The `cluster-*` directives and their kin, read into the machine's settings. */
import { type ClusterSettings, DEFAULT_SETTINGS } from '../../machine/settings.js';
import { personaOf } from '../../ports/persona.js';
import type { ConfigWing } from '../../ports/wings.js';

/** Whoever changes one of these changes what the machine must know. */
const WATCHED = [
  'cluster-node-timeout',
  'cluster-migration-barrier',
  'cluster-replica-validity-factor',
  'cluster-require-full-coverage',
  'cluster-allow-replica-migration',
  'cluster-allow-reads-when-down',
  'cluster-allow-pubsubshard-when-down',
  'cluster-replica-no-failover',
  'cluster-link-sendbuf-limit',
  'tls-cluster',
  'tls-replication',
  'cluster-announce-ip',
  'cluster-announce-port',
  'cluster-announce-tls-port',
  'cluster-announce-bus-port',
  'cluster-announce-hostname',
  'cluster-preferred-endpoint-type',
  'repl-ping-replica-period',
  'repl-timeout',
] as const;

/** The same of directives that not every persona has. */
export function watchedBy(config: ConfigWing): readonly string[] {
  return [...WATCHED, ...PARTICULAR.filter((name) => config.get(name) !== undefined)];
}

const PARTICULAR = [
  'cluster-slot-stats-enabled',
  'cluster-slot-migration-log-max-len',
  'slot-migration-max-failover-repl-bytes',
  'cluster-slot-migration-handoff-max-lag-bytes',
  'cluster-slot-migration-write-pause-timeout',
  'cluster-slot-migration-max-archived-tasks',
] as const;

/** Valkey has no directive for it. */
const VALKEY_HOLD_MS = 10_000;

function transferSettings(
  config: ConfigWing,
): Pick<
  ClusterSettings,
  'transferLagBytesMax' | 'transferHoldMs' | 'transferSilenceMs' | 'keptTransfers'
> {
  const either = (valkey: string, redis: string, otherwise: number): number =>
    Number(config.get(valkey) ?? config.get(redis) ?? otherwise);
  return {
    transferLagBytesMax: either(
      'slot-migration-max-failover-repl-bytes',
      'cluster-slot-migration-handoff-max-lag-bytes',
      DEFAULT_SETTINGS.transferLagBytesMax,
    ),
    // A source that dies is replaced after a node timeout at the earliest: until then nobody else may write.
    transferHoldMs: Math.min(
      Number(config.get('cluster-slot-migration-write-pause-timeout') ?? VALKEY_HOLD_MS),
      config.number('cluster-node-timeout'),
    ),
    transferSilenceMs: config.number('repl-timeout') * 1000,
    keptTransfers: either(
      'cluster-slot-migration-log-max-len',
      'cluster-slot-migration-max-archived-tasks',
      DEFAULT_SETTINGS.keptTransfers,
    ),
  };
}

export function readSettings(config: ConfigWing): ClusterSettings {
  return {
    nodeTimeoutMs: config.number('cluster-node-timeout'),
    migrationBarrier: config.number('cluster-migration-barrier'),
    replicaValidityFactor: config.number('cluster-replica-validity-factor'),
    requireFullCoverage: config.boolean('cluster-require-full-coverage'),
    allowReplicaMigration: config.boolean('cluster-allow-replica-migration'),
    allowReadsWhenDown: config.boolean('cluster-allow-reads-when-down'),
    allowPubSubShardWhenDown: config.boolean('cluster-allow-pubsubshard-when-down'),
    replicaNoFailover: config.boolean('cluster-replica-no-failover'),
    replPingPeriodMs: config.number('repl-ping-replica-period') * 1000,
    linkSendBufferBytesMax: config.number('cluster-link-sendbuf-limit'),
    tlsCluster: config.boolean('tls-cluster'),
    tlsReplication: config.boolean('tls-replication'),
    announceIp: config.get('cluster-announce-ip') ?? '',
    announcePort: config.number('cluster-announce-port'),
    announceTlsPort: config.number('cluster-announce-tls-port'),
    announceBusPort: config.number('cluster-announce-bus-port'),
    announceHostname: config.get('cluster-announce-hostname') ?? '',
    preferredEndpoint: endpointFrom(config.get('cluster-preferred-endpoint-type')),
    persona: personaOf(config).name,
    ...transferSettings(config),
    slotStats: config.get('cluster-slot-stats-enabled') === 'yes',
  };
}

function endpointFrom(value: string | undefined): ClusterSettings['preferredEndpoint'] {
  return value === 'hostname' || value === 'unknown-endpoint' ? value : 'ip';
}

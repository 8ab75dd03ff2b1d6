/** The `cluster-*` directives and their kin, read into the machine's settings. */
import type { ClusterSettings } from '../../machine/settings.js';
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
] as const;

/** The same of directives that not every persona has. */
export function watchedBy(config: ConfigWing): readonly string[] {
  return [...WATCHED, ...PARTICULAR.filter((name) => config.get(name) !== undefined)];
}

const PARTICULAR = ['cluster-slot-stats-enabled'] as const;

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
    slotStats: config.get('cluster-slot-stats-enabled') === 'yes',
  };
}

function endpointFrom(value: string | undefined): ClusterSettings['preferredEndpoint'] {
  return value === 'hostname' || value === 'unknown-endpoint' ? value : 'ip';
}

/** The `cluster-*` directives as the machine reads them; the shell hands over a new object on change. */
import type { PersonaName } from '../ports/persona.js';

export interface ClusterSettings {
  readonly nodeTimeoutMs: number;
  /** Replicas a primary must keep before one of them may move to an orphaned primary. */
  readonly migrationBarrier: number;
  /** 0 = a replica may stand for election however old its data. */
  readonly replicaValidityFactor: number;
  readonly requireFullCoverage: boolean;
  readonly allowReplicaMigration: boolean;
  readonly allowReadsWhenDown: boolean;
  readonly allowPubSubShardWhenDown: boolean;
  readonly replicaNoFailover: boolean;
  readonly replPingPeriodMs: number;
  /** 0 = unlimited. */
  readonly linkSendBufferBytesMax: number;
  /** Empty = learn it from the sockets. */
  readonly announceIp: string;
  /** 0 = the port that listens. */
  /** The bus is encrypted, and a node's TLS port is the first of its ports. */
  readonly tlsCluster: boolean;
  /** Replicas reach their primaries at its TLS port. */
  readonly tlsReplication: boolean;
  readonly announcePort: number;
  readonly announceTlsPort: number;
  readonly announceBusPort: number;
  readonly announceHostname: string;
  readonly preferredEndpoint: 'ip' | 'hostname' | 'unknown-endpoint';
  readonly persona: PersonaName;
  /** What slots cost is counted. */
  readonly slotStats: boolean;
  /** Writes are held when the target lags behind by no more than that; negative: whatever is left. */
  readonly transferLagBytesMax: number;
  /** So long at most are writes held for a target to take over. */
  readonly transferHoldMs: number;
  /** The other side of a transfer is given up after so long. */
  readonly transferSilenceMs: number;
  /** Transfers listed, those that are over included. */
  readonly keptTransfers: number;
}

export const DEFAULT_SETTINGS: ClusterSettings = {
  nodeTimeoutMs: 15_000,
  migrationBarrier: 1,
  replicaValidityFactor: 10,
  requireFullCoverage: true,
  allowReplicaMigration: true,
  allowReadsWhenDown: false,
  allowPubSubShardWhenDown: true,
  replicaNoFailover: false,
  replPingPeriodMs: 10_000,
  linkSendBufferBytesMax: 0,
  announceIp: '',
  tlsCluster: false,
  tlsReplication: false,
  announcePort: 0,
  announceTlsPort: 0,
  announceBusPort: 0,
  announceHostname: '',
  preferredEndpoint: 'ip',
  persona: 'redis-7.0',
  slotStats: false,
  transferLagBytesMax: 1024 * 1024,
  transferHoldMs: 10_000,
  transferSilenceMs: 60_000,
  keptTransfers: 32,
};

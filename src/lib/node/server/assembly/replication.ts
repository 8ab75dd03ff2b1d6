/** The replication side: the stream in both directions, and MIGRATE, which is a stream of a few keys. */
import { portFor } from '../../machine/client-ports.js';
import type { ClientPorts } from '../../machine/client-ports.js';
import type { DataWing } from '../../ports/wings.js';
import { createTransfer, type Transfer } from '../replication/transfer.js';
import { createReplication, type RunningReplication } from '../replication/wing.js';
import type { Clients } from './clients.js';
import type { Ground } from './ground.js';
import type { Late } from './late.js';

export interface ReplicationSideOptions {
  readonly data: DataWing;
  /** Where clients are served. */
  readonly ports: () => ClientPorts;
  readonly late: Late;
}

export function assembleReplication(
  ground: Ground,
  clients: Clients,
  { data, ports, late }: ReplicationSideOptions,
): RunningReplication {
  const { config, log, keyspace, stats, tls, prng, turn, nowMs, onFatal } = ground;
  const { pauses } = clients;
  return createReplication({
    keyspace,
    data,
    config,
    stats,
    dial: tls.dial('tls-replication'),
    log,
    prng,
    turn,
    nowMs,
    onFatal,
    port: () => portFor(ports(), config.boolean('tls-replication')),
    isPausedForFailover: () => pauses.scope(nowMs()) !== undefined && pauses.holds('failover'),
    onReplaced: () => late.persistence.noteReplaced(),
    beginSync: (kind) => late.persistence.beginSync(kind),
    endSync: () => late.persistence.endSync(),
    onRoleChange: () => {
      late.engine.rules.refresh();
      late.engine.runner.refreshExpiryMode();
    },
  });
}

export function assembleTransfer(ground: Ground, { heldKeys, waiting }: Clients): Transfer {
  const { config, log, tls, nowMs, onFatal } = ground;
  return createTransfer({
    log,
    dial: tls.dial('tls-cluster'),
    isClusterEnabled: config.boolean('cluster-enabled'),
    nowMs,
    heldKeys,
    settle: (finish) => waiting.settle(finish),
    onFatal,
  });
}

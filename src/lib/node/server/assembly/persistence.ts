/** The persistence side: the files, and the end in good order, which is about what they must hold. */
import type { RunningPersistence } from '../persistence/options.js';
import { createPersistence } from '../persistence/wing.js';
import type { RunningReplication } from '../replication/wing.js';
import { Shutdown } from '../shutdown.js';
import type { Clients } from './clients.js';
import type { Ground } from './ground.js';
import type { Late } from './late.js';

export function assemblePersistence(
  ground: Ground,
  replication: RunningReplication,
  late: Late,
): RunningPersistence {
  const { config, log, keyspace, turn, nowMs, onFatal } = ground;
  return createPersistence({
    keyspace,
    config,
    log,
    nowMs,
    turn,
    usedBytes: () => keyspace.weight(),
    isReplica: () => replication.role === 'replica',
    position: () => replication.position(),
    restorePosition: (position) => replication.restorePosition(position),
    hasUntold: () => late.engine.runner.hasUntold,
    apply: (argv, db) => late.streams.applyLoaded(argv, db),
    onFatal,
    onStatus: () => {
      const { loading, writeRefusal } = late.persistence;
      late.engine.rules.loading = loading;
      late.engine.rules.diskError = writeRefusal;
    },
  });
}

export interface ShutdownSideOptions {
  readonly persistence: RunningPersistence;
  readonly replication: RunningReplication;
  readonly end: () => void;
}

export function assembleShutdown(
  { config, log, nowMs, onFatal }: Ground,
  { waiting }: Clients,
  { persistence, replication, end }: ShutdownSideOptions,
): Shutdown {
  return new Shutdown({
    config,
    log,
    nowMs,
    persistence,
    replication,
    pauseWrites: () => waiting.pause('shutdown', 'writes', Infinity),
    unpauseWrites: () => waiting.unpause('shutdown'),
    end,
    onFatal,
  });
}

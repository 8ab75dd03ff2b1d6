/** The keyspace and the clients, as the cluster and replication wings see them. */
import type { DataWing } from '../ports/wings.js';
import type { Keyspace } from '../store/keyspace.js';
import type { PauseOwner } from './pauses.js';

export interface KeyspaceWingOptions {
  readonly keyspace: Keyspace;
  readonly applyReplicated: (argv: readonly string[], db: number) => void;
  readonly vetReplicated: (argv: readonly string[]) => void;
  readonly together: (run: () => void) => void;
  /** Everything went, and no command says so. */
  readonly onCleared: () => void;
  readonly propagate: (db: number, argv: readonly string[]) => void;
  readonly pause: (owner: PauseOwner, untilMs: number) => void;
  readonly unpause: (owner: PauseOwner) => void;
  readonly releaseBlocked: () => void;
  readonly releaseWhere: DataWing['releaseWhere'];
  readonly deliver: (channel: string, message: string, sharded: boolean) => number;
}

export function createDataWing(options: KeyspaceWingOptions): DataWing {
  const { keyspace } = options;
  return {
    keyCount: () => keyspace.keyCount(),
    countKeysInSlot: (slot) => keyspace.db(0).countKeysInSlot(slot),
    keysInSlot: (slot, limit) => keyspace.db(0).keysInSlot(slot, limit),
    dropSlot: (slot) => {
      const db = keyspace.db(0);
      for (const key of db.keysInSlot(slot, Infinity)) {
        db.delete(key);
        options.propagate(0, ['DEL', key]);
      }
    },
    flushAll: () => {
      keyspace.clear();
      options.onCleared();
    },
    hasKey: (key, nowMs) => keyspace.db(0).peek(key, nowMs) !== undefined,
    propagate: options.propagate,
    applyReplicated: options.applyReplicated,
    vetReplicated: options.vetReplicated,
    together: options.together,
    pauseWrites: options.pause,
    unpauseWrites: options.unpause,
    releaseBlocked: options.releaseBlocked,
    releaseWhere: options.releaseWhere,
    deliver: options.deliver,
  };
}

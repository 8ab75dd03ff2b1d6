/** The keyspace and the clients, as the cluster and replication wings see them. */
import type { DataWing } from '../ports/wings.js';
import type { Keyspace } from '../store/keyspace.js';
import type { PauseOwner } from './pauses.js';
import { SlotDropper } from './slot-dropper.js';

export interface KeyspaceWingOptions {
  readonly keyspace: Keyspace;
  readonly applyReplicated: (argv: readonly string[], db: number) => void;
  readonly vetReplicated: (argv: readonly string[]) => void;
  readonly together: (run: () => void) => void;
  /** Everything went, and no command says so. */
  readonly onCleared: () => void;
  readonly propagate: (db: number, argv: readonly string[]) => void;
  readonly onFatal: (reason: string) => void;
  readonly pause: (owner: PauseOwner, untilMs: number) => void;
  readonly unpause: (owner: PauseOwner) => void;
  /** How replicas hear of keys that went with their slot. */
  readonly deletionWord: () => string;
  readonly releaseBlocked: () => void;
  readonly releaseWhere: DataWing['releaseWhere'];
  readonly deliver: (channel: string, message: string, sharded: boolean) => number;
  readonly endShardChannels: DataWing['endShardChannels'];
}

export function createDataWing(options: KeyspaceWingOptions): DataWing {
  const { keyspace } = options;
  const dropper = new SlotDropper(
    keyspace,
    (db, key) => options.propagate(db, [options.deletionWord(), key]),
    options.onFatal,
  );
  return {
    keyCount: () => keyspace.keyCount(),
    countKeysInSlot: (slot, db) => keyspace.countKeysInSlot(slot, db),
    keysInSlot: (slot, limit, db) => keyspace.db(db).keysInSlot(slot, limit),
    dropSlot: (slot) => dropper.drop(slot),
    spareSlots: () => dropper.spare(),
    flushAll: () => {
      keyspace.clear();
      options.onCleared();
    },
    hasKey: (key, nowMs, db) => keyspace.db(db).peek(key, nowMs) !== undefined,
    propagate: options.propagate,
    applyReplicated: options.applyReplicated,
    vetReplicated: options.vetReplicated,
    together: options.together,
    pauseWrites: options.pause,
    unpauseWrites: options.unpause,
    releaseBlocked: options.releaseBlocked,
    releaseWhere: options.releaseWhere,
    deliver: options.deliver,
    endShardChannels: options.endShardChannels,
  };
}

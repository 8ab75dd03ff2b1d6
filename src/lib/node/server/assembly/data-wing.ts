/** The keyspace and the clients, as the cluster and replication wings see them. */
import { deletionWord } from '../../commands/deletion-word.js';
import type { DataWing } from '../../ports/wings.js';
import { SlotDropper } from '../slot-dropper.js';
import type { Clients } from './clients.js';
import type { Ground } from './ground.js';
import type { Late } from './late.js';

export function createDataWing(ground: Ground, clients: Clients, late: Late): DataWing {
  const { config, keyspace, onFatal } = ground;
  const { blocked, sessions, waiting } = clients;
  const propagate = (db: number, argv: readonly string[]): void =>
    late.engine.runner.propagateAlone(db, argv);
  // Replicas hear of keys that went with their slot.
  const dropper = new SlotDropper(
    keyspace,
    (db, key) => propagate(db, [deletionWord(config, 'server-del'), key]),
    onFatal,
  );
  return {
    keyCount: () => keyspace.keyCount(),
    countKeysInSlot: (slot, db) => keyspace.countKeysInSlot(slot, db),
    keysInSlot: (slot, limit, db) => keyspace.db(db).keysInSlot(slot, limit),
    dropSlot: (slot) => dropper.drop(slot),
    spareSlots: () => dropper.spare(),
    flushAll: () => {
      keyspace.clear();
      // Everything went, and no command says so.
      late.persistence.append(0, ['FLUSHALL']);
    },
    hasKey: (key, nowMs, db) => keyspace.db(db).peek(key, nowMs) !== undefined,
    propagate,
    applyReplicated: (argv, db) => late.streams.applyReplicated(argv, db),
    vetReplicated: (argv) => late.streams.vetReplicated(argv),
    together: (run) => late.engine.runner.together(run),
    pauseWrites: (owner, untilMs) => waiting.pause(owner, 'writes', untilMs),
    unpauseWrites: (owner) => waiting.unpause(owner),
    releaseBlocked: () => waiting.releaseBlocked(),
    releaseWhere: (refusal) => {
      waiting.retrySoon();
      blocked.releaseWhere(refusal);
    },
    deliver: (channel, message, sharded) => sessions.publish(channel, message, sharded),
    endShardChannels: (slots) => sessions.pubsub.endShardChannels(slots),
  };
}

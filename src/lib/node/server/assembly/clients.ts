/** The clients side: who is connected, and what those wait for whose command cannot run now. */
import { BlockedClients } from '../blocked-clients.js';
import type { Connection } from '../connection.js';
import { HeldKeys } from '../held-keys.js';
import { HeldSlots } from '../held-slots.js';
import { publishKeyspaceEvents } from '../keyspace-events.js';
import { Pauses } from '../pauses.js';
import { Sessions } from '../sessions.js';
import { WaitingRoom } from '../waiting-room.js';
import type { Ground } from './ground.js';

export interface Clients {
  readonly sessions: Sessions;
  readonly pauses: Pauses;
  /** Those whom a pause, or a key or slot on the move, makes wait. */
  readonly waiting: WaitingRoom;
  readonly heldKeys: HeldKeys;
  readonly heldSlots: HeldSlots;
  /** Those who wait for keys. */
  readonly blocked: BlockedClients;
}

export function assembleClients(
  { config, keyspace, nowMs, onFatal }: Ground,
  runTransaction: (connection: Connection) => void,
): Clients {
  const pauses = new Pauses();
  const waiting = new WaitingRoom(pauses, () => sessions.all());
  const sessions = new Sessions({
    config,
    runTransaction,
    pause: (scope, untilMs) => waiting.pause('client', scope, untilMs),
    unpause: () => waiting.unpause('client'),
  });
  publishKeyspaceEvents(keyspace, config, (channel, message) =>
    sessions.publish(channel, message, false),
  );
  const blocked = new BlockedClients({ keyspace, nowMs, onFatal });
  return {
    sessions,
    pauses,
    waiting,
    heldKeys: new HeldKeys(),
    heldSlots: new HeldSlots(),
    blocked,
  };
}

/** A call that may touch keys and connections: what the command families of the data plane are written against. */
import type { Prng } from '../../kernel/prng.js';
import type { Call, CommandSpec } from '../ports/command.js';
import type { Session, SessionsPort } from '../ports/session.js';
import type { Database } from '../store/database.js';
import type { Keyspace } from '../store/keyspace.js';

export interface StoreCall extends Call {
  readonly client: Session;
  readonly sessions: SessionsPort;
  readonly keyspace: Keyspace;
  /** The client's selected database (the stream's, when replicated). */
  readonly db: Database;
  /** Chance, for RANDOMKEY and its like. */
  readonly prng: Prng;
  /** False inside EXEC: nothing may wait there, so `suspend` must not be called. */
  readonly maySuspend: boolean;
}

/** Tables of commands over the store have this type; plain `CommandSpec` tables fit beside them. */
export type StoreCommandSpec = CommandSpec<StoreCall>;

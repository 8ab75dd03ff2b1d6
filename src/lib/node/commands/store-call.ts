/** A call that may touch keys: what the command families over the store are written against. */
import type { Call, CommandSpec } from '../ports/command.js';
import type { Database } from '../store/database.js';
import type { Keyspace } from '../store/keyspace.js';

export interface StoreCall extends Call {
  readonly keyspace: Keyspace;
  /** The client's selected database (the stream's, when replicated). */
  readonly db: Database;
}

/** Tables of commands over the store have this type; plain `CommandSpec` tables fit beside them. */
export type StoreCommandSpec = CommandSpec<StoreCall>;

/** A call that may touch keys and connections: what the command families of the data plane are written against. */
import type { Prng } from '../../kernel/prng.js';
import type { ReplySink } from '../../wire/resp/reply-sink.js';
import type { Call, CommandSpec } from '../ports/command.js';
import type { Session, SessionsPort } from '../ports/session.js';
import type { Database } from '../store/database.js';
import type { Keyspace } from '../store/keyspace.js';
import type { TypeName } from '../store/value.js';

/** A command that waits until one of its keys holds something. */
export interface BlockRequest {
  readonly keys: readonly string[];
  /** What one of the keys must come to hold; other types are waited out. */
  readonly type: TypeName;
  /** 0 waits for ever; see `blockTimeoutMs`. */
  readonly timeoutMs: number;
  /**
   * Called, as an execution of its own, each time one of the keys holds a value of the type. True once it
   * has replied; it says itself what travels (`call.propagate`).
   */
  serve(call: StoreCall, key: string): boolean;
  /** What is answered when the time is over. */
  writeTimeout(reply: ReplySink): void;
}

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
  /**
   * Wait for keys. Where nothing may wait (inside EXEC) the answer is that of a timeout, at once. Whoever
   * calls has found that none of the keys can serve now.
   */
  block(request: BlockRequest): void;
}

/** Tables of commands over the store have this type; plain `CommandSpec` tables fit beside them. */
export type StoreCommandSpec = CommandSpec<StoreCall>;

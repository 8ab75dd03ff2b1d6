/**
 * What the replication commands ask of the replication wing, and the transfer commands of the transfer
 * wing. Kept apart from `wings.ts` because nobody but those two command tables and the assembly needs it.
 */
import type { ReplySink } from '../../wire/resp/reply-sink.js';
import type { ClientPort } from './client.js';
import type { Session } from './session.js';

/** As `Call.suspend`: the answer comes later, the connection waits. */
export type Suspend = (onCancel: () => void) => (answer: (reply: ReplySink) => void) => void;

/** A connection that may become a replica's: any byte of it is a sign of life. */
export type ReplicaClient = ClientPort & Pick<Session, 'lastActiveAtMs' | 'streamOffset'>;

/** One command that needs more than its words: who asks, and how to answer now or later. */
export interface Asker {
  readonly client: ReplicaClient;
  readonly reply: ReplySink;
  readonly nowMs: number;
  readonly suspend: Suspend;
}

export interface SyncRequest {
  /** `?` asks for everything; SYNC, the old form, has no id at all. */
  readonly replicationId: string | undefined;
  /** The next byte wanted; NaN or negative asks for everything. */
  readonly offset: number;
  /** FAILOVER: our primary asks us to take its place. */
  readonly isFailover?: boolean;
}

export interface WaitRequest {
  readonly replicas: number;
  /** 0 waits for ever. */
  readonly timeoutMs: number;
  /** False inside EXEC: the answer is what is known now. */
  readonly mayWait: boolean;
}

/** PSYNC, REPLCONF, ROLE, WAIT, FAILOVER: the connections that are, or want to be, replicas of this node. */
export interface ReplicaService {
  /** Answers PSYNC or SYNC, and makes the connection a replica's. */
  sync(request: SyncRequest, asker: Asker): void;
  /** REPLCONF; ACK and GETACK answer nothing. */
  replconf(argv: readonly string[], asker: Asker): void;
  writeRole(reply: ReplySink): void;
  /** FAILOVER is handing over: roles may not be changed by hand. */
  readonly isFailingOver: boolean;
  /** WAIT: answers the number of replicas that hold all that the client can know of: the stream up to its last command. */
  wait(request: WaitRequest, asker: Asker): void;
  failover(request: FailoverRequest, asker: Asker): void;
  /** There are replicas, and all of them are of that make: what it alone knows may be said in the stream. */
  areAllLike(server: 'valkey'): boolean;
  /** Answers when all replicas hold the stream as it is now, or when the time is over; 0 waits for ever. */
  whenHeld(
    timeoutMs: number,
    asker: Asker,
    answer: (isHeld: boolean, reply: ReplySink) => void,
  ): void;
}

export type FailoverRequest =
  | { readonly kind: 'abort' }
  | {
      readonly kind: 'start';
      readonly target: { readonly host: string; readonly port: number } | undefined;
      readonly isForced: boolean;
      /** Undefined waits for ever. */
      readonly timeoutMs: number | undefined;
    };

/** One key on its way to another node. */
export interface TransferKey {
  readonly key: string;
  /** As DUMP makes it. */
  readonly payload: string;
  readonly expiresAtMs: number | undefined;
}

export interface MigrateRequest {
  readonly host: string;
  readonly port: number;
  readonly db: number;
  readonly timeoutMs: number;
  readonly replace: boolean;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly keys: readonly TransferKey[];
}

export type MigrateOutcome = {
  /** Keys the target took, in the order asked. */
  readonly moved: readonly string[];
  /** The text of the error reply, code included; undefined when every key went. */
  readonly error: string | undefined;
};

/** MIGRATE's half that needs a socket. */
export interface TransferService {
  /** Sends the keys; `done` is called exactly once. */
  migrate(request: MigrateRequest, done: (outcome: MigrateOutcome) => void): void;
}

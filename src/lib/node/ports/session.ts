/**
 * A client connection with everything that commands about connections need: transactions, subscriptions,
 * reply modes. And the door to the connections of a node as a whole.
 */
import type { ReplySink } from '../../wire/resp/reply-sink.js';
import type { ClientPort } from './client.js';

/** Commands queued since MULTI. */
export interface Transaction {
  /** How many, for CLIENT LIST; the queue itself is the dispatcher's. */
  readonly length: number;
  /** A command was refused while queueing: EXEC will discard. */
  isFlagged: boolean;
}

export interface Subscriptions {
  readonly channels: Set<string>;
  readonly patterns: Set<string>;
  readonly shardChannels: Set<string>;
}

/** `skip-next`: the next command's reply is dropped, then replies are on again. */
export type ReplyMode = 'on' | 'off' | 'skip-next';

export interface Session extends ClientPort {
  transaction: Transaction | undefined;
  readonly subscriptions: Subscriptions;
  replyMode: ReplyMode;
  isNoEvict: boolean;
  /** MONITOR was sent: it hears of every command. */
  readonly isMonitor: boolean;
  libraryName: string;
  libraryVersion: string;
  /** A command of it waits: for a key, for replicas, or for the end of a pause. */
  readonly isBlocked: boolean;
  /** Full name of the last command, `client|list`. */
  readonly lastCommand: string;
  readonly lastActiveAtMs: number;
  /** How long the replication stream was after its last command: what WAIT waits for. */
  readonly streamOffset: number;
  readonly watchedCount: number;
  readonly queryBytes: number;
  watch(key: string, nowMs: number): void;
  unwatch(): void;
  /** Write something that is no reply to a command: a message, a push. */
  notify(write: (sink: ReplySink) => void): void;
  /** End a suspended command: null as after its timeout, or the UNBLOCKED error. False if not suspended. */
  unblock(how: 'timeout' | 'error'): boolean;
  /** Close once the replies written so far have left. */
  closeAfterReply(): void;
}

export type PauseScope = 'writes' | 'all';

export interface SessionsPort {
  all(): Iterable<Session>;
  byId(id: number): Session | undefined;
  /** CLIENT PAUSE: the longest deadline and the widest scope win until it ends. */
  pause(scope: PauseScope, untilMs: number): void;
  unpause(): void;
  beginTransaction(session: Session): void;
  /** EXEC: runs the queue, writes the whole reply. */
  runTransaction(session: Session): void;
  /** DISCARD, RESET: forget queue and watches. */
  dropTransaction(session: Session): void;
  subscribe(session: Session, kind: keyof Subscriptions, channel: string): boolean;
  unsubscribe(session: Session, kind: keyof Subscriptions, channel: string): boolean;
  /** RESET: leaves every channel without a word. */
  unsubscribeAll(session: Session): void;
  /** MONITOR: from now on it hears of every command. */
  monitor(session: Session): void;
  /** RESET: it hears no more. */
  endMonitor(session: Session): void;
  /** Subscribers reached here. */
  publish(channel: string, message: string, sharded: boolean): number;
  /** Channels, or patterns, that somebody holds, with who does. */
  channels(kind: keyof Subscriptions): ReadonlyMap<string, ReadonlySet<Session>>;
  /** undefined when right. Anything goes while the default user has no password. */
  authenticate(user: string, password: string): 'wrong' | 'no-password-set' | undefined;
}

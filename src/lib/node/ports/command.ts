/**
 * A command, as data plus one function. Everything that must know about commands (dispatch, COMMAND,
 * COMMAND DOCS, key extraction for redirects, replication, documentation) reads these tables.
 */
import type { ReplySink } from '../../wire/resp/reply-sink.js';
import type { ClientPort } from './client.js';
import type { Wings } from './wings.js';

/** As COMMAND INFO prints them. */
export type CommandFlag =
  | 'write'
  | 'readonly'
  | 'denyoom'
  | 'admin'
  | 'pubsub'
  | 'noscript'
  | 'blocking'
  | 'loading'
  | 'stale'
  | 'skip_monitor'
  | 'skip_slowlog'
  | 'asking'
  | 'fast'
  | 'no_auth'
  | 'may_replicate'
  | 'no_async_loading'
  | 'no_multi'
  | 'movablekeys'
  | 'allow_busy';

export interface CommandSpec {
  /** Lower case. */
  readonly name: string;
  /** As COMMAND shows it: counts the name; negative means "at least". */
  readonly arity: number;
  readonly flags: readonly CommandFlag[];
  /** Index of the first key in argv, 0 for none; the last key, negative counting from the end; and the step. */
  readonly firstKey: number;
  readonly lastKey: number;
  readonly keyStep: number;
  /** For keys that a fixed pattern cannot find (MIGRATE ... KEYS): indexes into argv. */
  readonly keyIndexes?: (argv: readonly string[]) => readonly number[];
  /** ACL categories with their `@`. */
  readonly categories: readonly string[];
  readonly group: string;
  readonly since: string;
  /** One sentence of our own for COMMAND DOCS. */
  readonly summary: string;
  readonly subcommands?: readonly CommandSpec[];
  /** Runs the command: synchronous, writes exactly one reply, or calls `suspend`. */
  readonly run: (call: Call) => void;
}

/** One execution of one command. */
export interface Call {
  /** The command's words as latin1 strings, name included, as sent. */
  readonly argv: readonly string[];
  readonly client: ClientPort;
  readonly reply: ReplySink;
  readonly nowMs: number;
  readonly wings: Wings;
  /** True when the primary's stream is the caller: full rights, no redirect, no reply. */
  readonly isReplicated: boolean;
  /**
   * What the replication stream gets instead of argv; called several times, several commands (wrapped in
   * MULTI/EXEC by the caller when more than one). Never called on a write command: argv itself travels
   * if the command changed something.
   */
  propagate(...argv: readonly string[]): void;
  /** This write command changed nothing, so nothing travels. */
  propagateNothing(): void;
  /**
   * Answer later: the connection reads no further command until `resume` writes one reply.
   * `onCancel` runs if the client leaves or is unblocked first; resume is then a no-op.
   */
  suspend(onCancel: () => void): (answer: (reply: ReplySink) => void) => void;
}

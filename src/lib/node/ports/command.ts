/**
 * A command, as data plus one function. Everything that must know about commands (dispatch, COMMAND,
 * COMMAND DOCS, key extraction for redirects, replication, documentation) reads these tables.
 */
import type { ReplySink } from '../../wire/resp/reply-sink.js';
import type { ClientPort } from './client.js';
import type { CommandShape } from './command-shape.js';
import type { Wings } from './wings.js';

export type { CommandFlag } from './command-shape.js';

/** `C` says how much of the node `run` needs: `Call`, or `StoreCall` where it touches keys. */
export interface CommandSpec<C extends Call = Call> extends CommandShape {
  readonly subcommands?: readonly CommandSpec<C>[];
  /** Runs the command: synchronous, writes exactly one reply, or calls `suspend`. */
  readonly run: (call: C) => void;
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

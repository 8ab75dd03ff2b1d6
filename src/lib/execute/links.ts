/** Live servers as the executor sees them. `client` implements this; tests use a table of answers. */
import type { NodeAddress } from '../cluster/model.js';
import type { TribError } from '../kernel/errors.js';

export type Reply = string | number | null | Reply[];

/** What a server says, with bulk strings as latin1 text: one character per byte. */
export type BinaryReply = string | number | null | readonly BinaryReply[];

export interface CallOptions {
  /** When to give up; default: the link's own. */
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
}

export interface Link {
  readonly address: NodeAddress;
  /**
   * One command, one reply. Bulk replies come as UTF-8 text.
   * @throws TribError REPLY_ERROR with the server's words, NODE_UNREACHABLE, AUTH_FAILED, DEADLINE.
   */
  call(args: readonly (string | number)[], options?: CallOptions): Promise<Reply>;
  /** As `call`, with bulk replies as bytes: for payloads (FUNCTION DUMP, DUMP) and binary keys. */
  callBytes(args: readonly (string | number | Buffer)[], options?: CallOptions): Promise<unknown>;
  /**
   * Questions that change nothing, in one packet: what looking at hundreds of nodes is made of. A refusal
   * is an answer (what `call` would throw for it); bulk replies come as UTF-8 text.
   * @throws TribError NODE_UNREACHABLE, AUTH_FAILED, DEADLINE, PROTOCOL when not all are answered.
   */
  ask(
    questions: readonly (readonly string[])[],
    options?: CallOptions,
  ): Promise<readonly (Reply | TribError)[]>;
  /** As `ask`, but words and bulk replies are latin1 text, one character per byte: for keys and payloads. */
  askBinary(
    requests: readonly (readonly string[])[],
    options?: CallOptions,
  ): Promise<readonly (BinaryReply | TribError)[]>;
  close(): void;
}

export interface Links {
  /** The link to a node, opened on first use. Does not throw; the first `call` does. */
  to(address: NodeAddress): Link;
  /** A connection of its own, for calls so long that nothing else should wait behind them. */
  apart(address: NodeAddress): Link;
  closeAll(): void;
}

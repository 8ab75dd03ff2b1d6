/** One client connection, as commands see it. The server's connection object implements it. */
export interface ClientPort {
  readonly id: number;
  /** Peer address as `ip:port`. */
  readonly address: string;
  /** The node's own address on this connection, `ip:port`. */
  readonly localAddress: string;
  readonly isTls: boolean;
  /** RESP version; HELLO changes it. */
  protocol: 2 | 3;
  /** Selected database. */
  db: number;
  name: string;
  isAuthenticated: boolean;
  /** READONLY was sent: a replica may serve reads here. */
  isReadonly: boolean;
  /** ASKING was sent: good for the next command. */
  isAsking: boolean;
  /** PSYNC made this connection a replica's. */
  isReplica: boolean;
  /** Milliseconds since the epoch. */
  readonly connectedAtMs: number;
  /** Write bytes that are no reply (the replication stream, a transfer). Latin1 strings or raw bytes. */
  write(bytes: string | Uint8Array): void;
  /** Bytes accepted by `write` and not yet taken by the operating system. */
  readonly pendingBytes: number;
  /** Replies to earlier commands have not left. What is being encrypted counts as gone. */
  readonly hasUnsentReplies: boolean;
  /** From now on its commands go there and are not answered. */
  divert(take: (argv: readonly string[]) => void): void;
  /** Close now, or once pending replies have left. */
  close(when?: 'now' | 'after-reply'): void;
  /** Called once when the connection is gone, whoever ended it. */
  onClose(listener: () => void): void;
}

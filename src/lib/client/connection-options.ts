/** How to reach servers: the same for every node of a cluster, as all incumbents have it. */
import type { ConnectionOptions as TlsConnectionOptions } from 'node:tls';
import type { NatMap } from './nat-map.js';

/** The part of Node's TLS options an administrator can set; certificates are file contents here. */
export type TlsOptions = Pick<
  TlsConnectionOptions,
  'ca' | 'cert' | 'key' | 'servername' | 'rejectUnauthorized' | 'ciphers'
>;

export interface ConnectionOptions {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Which addresses a name is resolved to; undefined: whatever the system prefers. */
  readonly family?: 4 | 6 | undefined;
  readonly tls?: TlsOptions | undefined;
  readonly natMap?: NatMap | undefined;
  readonly connectTimeoutMs?: number | undefined;
  /** How long one call may take when it does not say so itself. */
  readonly callDeadlineMs?: number | undefined;
}

/** A LAN answers in milliseconds and a far continent in a third of a second; three are a dead host. */
export const CONNECT_TIMEOUT_MS = 3_000;

/** Admin calls are small; a server that is silent for five seconds is stopped or busy with a slow command. */
export const CALL_DEADLINE_MS = 5_000;

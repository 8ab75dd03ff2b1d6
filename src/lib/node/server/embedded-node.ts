/** A running node, as whoever started it holds it. */
import type { NodeId } from '../../kernel/node-id.js';
import type { Wings } from '../ports/wings.js';

export interface EmbeddedNode {
  readonly host: string;
  /** 0 when only TLS is served. */
  readonly port: number;
  /** undefined unless TLS is served. */
  readonly tlsPort: number | undefined;
  /** undefined unless it is a cluster node. */
  readonly busPort: number | undefined;
  readonly id: NodeId | undefined;
  readonly runId: string;
  readonly dir: string;
  readonly wings: Wings;
  /** Why it ended by itself: it could not keep its promises (a disk that fails under `appendfsync always`). */
  readonly failure: string | undefined;
  /** Settles when the node has ended, by `stop`, `kill` or SHUTDOWN, or by a failure. */
  readonly ended: Promise<void>;
  /** Ends in good order: files written, peers told. Idempotent. */
  stop(): Promise<void>;
  /** Timers stand still, as in a process that was stopped; its sockets are the network's to silence. */
  freeze(): void;
  /** Goes on, and finds out that time has passed. */
  thaw(): void;
  /** Ends at once, like a crash: no goodbye, no last write. */
  kill(): Promise<void>;
}

/** Snapshots of live servers as the executor sees them. `client` implements this over a plain socket. */
import type { NodeAddress } from '../../cluster/model.js';

export interface SnapshotOrigin {
  /** History and place in it that the snapshot shows, as far as the server tells. */
  readonly replicationId: string | undefined;
  readonly offset: number | undefined;
}

export interface Snapshot {
  readonly origin: SnapshotOrigin;
  /**
   * The bytes of the RDB file, as they come; what is not asked for waits at the server.
   * @throws TribError NO_ANSWER after silence, NODE_UNREACHABLE, INTERRUPTED
   */
  readonly chunks: AsyncIterable<Buffer>;
}

export interface Snapshots {
  /**
   * Lets the server take a snapshot and sends it; several servers at once do not wait for each other.
   * @param options.idleMs how long the server may be silent
   * @throws TribError as a link's call
   */
  take(
    address: NodeAddress,
    options: { readonly idleMs: number; readonly signal?: AbortSignal | undefined },
  ): Promise<Snapshot>;
}

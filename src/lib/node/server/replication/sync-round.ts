/**
 * What the two forms of a snapshot share. One is made for all replicas that wait for one together. Its moment is the construction; what is written
 * later is not in it, and waits with each replica as a part of the stream.
 */
import type { Snapshot } from '../../persistence/snapshot.js';
import type { ReplicaSession } from './replica-session.js';

export interface SyncRoundOptions {
  readonly sessions: Iterable<ReplicaSession>;
  /** The snapshot, its bytes going to `emit`. */
  readonly snapshot: (emit: (chunk: Buffer) => void) => Snapshot;
  /** Another snapshot may be made. */
  readonly onMade: () => void;
  /** These replicas must come again. */
  readonly onFailed: (sessions: readonly ReplicaSession[], reason: string) => void;
  readonly onFatal: (reason: string) => void;
}

export const ENTRIES_PER_STEP = 200;
/** Long enough to get somewhere, short enough not to be felt by other clients. */
export const SLICE_MS = 2;
/** What may lie unsent at a replica; more would only fill memory. */
export const UNSENT_BYTES_MAX = 4 * 1024 * 1024;
/** How long to leave a replica that does not take its bytes alone. */
export const REST_MS = 5;

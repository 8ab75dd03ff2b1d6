/**
 * What the assembly gives to the replication wing. The wing is made by `createReplication(options)` in
 * `wing.ts` and MIGRATE's sockets by `createTransfer(options)` in `transfer.ts`; both have a `stop()`.
 */
import type { Prng } from '../../../kernel/prng.js';
import type { ServerStats } from '../../ports/stats.js';
import type { ConfigWing, DataWing, Log } from '../../ports/wings.js';
import type { Keyspace } from '../../store/keyspace.js';
import type { LoadProgress } from '../persistence/rdb-load.js';
import type { HeldKeys } from '../held-keys.js';
import type { Dial } from '../dial.js';
import type { Turn } from '../turn.js';

export interface ReplicationOptions {
  readonly keyspace: Keyspace;
  readonly data: Pick<
    DataWing,
    | 'applyReplicated'
    | 'vetReplicated'
    | 'together'
    | 'pauseWrites'
    | 'unpauseWrites'
    | 'releaseBlocked'
    | 'spareSlots'
  >;
  readonly config: ConfigWing;
  readonly stats: ServerStats;
  /** Towards a primary. */
  readonly dial: Dial;
  readonly log: Log;
  /** A primary's data took the place of ours. */
  readonly onReplaced: () => void;
  /** Draws replication ids. */
  readonly prng: Prng;
  /** At its end, replicas are sent what it added to the stream. */
  readonly turn: Turn;
  readonly nowMs: () => number;
  /** Something threw that nothing was to throw. */
  readonly onFatal: (reason: string) => void;
  /** The client port announced to a primary (`replica-announce-port` wins over it). */
  readonly port: () => number;
  /** While a manual failover pauses writes, no PING may move the offset. */
  readonly isPausedForFailover: () => boolean;
  /** The primary's data are being read: clients wait, or (`async`) are served the old ones. */
  readonly beginSync: (kind: 'plain' | 'async') => LoadProgress;
  readonly endSync: () => void;
  /**
   * The role changed: set the keyspace's expiry mode, and refuse or redirect what waits. Called before
   * the first byte of the new role moves.
   */
  readonly onRoleChange: (role: 'primary' | 'replica') => void;
}

/** What MIGRATE's sockets get from the assembly. */
export interface TransferOptions {
  readonly log: Log;
  readonly dial: Dial;
  readonly isClusterEnabled: boolean;
  readonly nowMs: () => number;
  /** Filled while keys are in flight; dispatch makes commands on them wait. */
  readonly heldKeys: HeldKeys;
  /**
   * Runs `finish`, which deletes what went, at once or, while a pause forbids changes, after the pause;
   * then whoever waited for the keys.
   */
  readonly settle: (finish: () => void) => void;
  /** Something threw that nothing was to throw, with keys between two nodes. */
  readonly onFatal: (reason: string) => void;
}

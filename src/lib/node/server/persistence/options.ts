/** What the assembly gives to the persistence wing, and what it gets. */
import type { StreamPosition } from '../../persistence/staged-load.js';
import type { PersistenceWing } from '../../ports/persistence.js';
import type { Log } from '../../ports/wings.js';
import type { Configuration } from '../../config/configuration.js';
import type { Keyspace } from '../../store/keyspace.js';
import type { Turn } from '../turn.js';
import type { LoadProgress } from './rdb-load.js';

export interface PersistenceOptions {
  readonly keyspace: Keyspace;
  readonly config: Configuration;
  readonly log: Log;
  readonly nowMs: () => number;
  readonly turn: Turn;
  readonly usedBytes: () => number;
  readonly isReplica: () => boolean;
  /** Where the data stand in the history that replicas know; undefined without one. */
  readonly position: () => StreamPosition | undefined;
  /** What was loaded stands there in the history of its writer. */
  readonly restorePosition: (position: StreamPosition) => void;
  /** The data have changes that will be appended: no picture may be taken before. */
  readonly hasUntold: () => boolean;
  /** Runs one command of an append-only file. @returns false when there is no such command. */
  readonly apply: (argv: readonly string[], db: number) => boolean;
  /** The node cannot keep its word any more, and must end at once. */
  readonly onFatal: (reason: string) => void;
  /** Whether commands are served has changed; see `loading` and `writeRefusal`. */
  readonly onStatus: () => void;
}

export interface RunningPersistence extends PersistenceWing {
  /** `plain`: commands must wait. `async`: the data of before are served meanwhile. */
  readonly loading: 'plain' | 'async' | undefined;
  /** A replica reads what its primary sent. */
  beginSync(kind: 'plain' | 'async'): LoadProgress;
  endSync(): void;
  /** The error that answers writes while they would not reach the disk; undefined when they do. */
  readonly writeRefusal: string | undefined;
  /** Commands are to be appended to a file. */
  readonly isAppending: boolean;
  /** What a command did, as it goes to replicas. */
  append(db: number, argv: readonly string[]): void;
  /** A primary's data took the place of ours. */
  noteReplaced(): void;
  /** Reads what is on disk, or as much of it as there was until `stop`. @throws TribError CORRUPT_FILE */
  load(): Promise<void>;
  /** Ten times a second. */
  tick(): void;
  /** The last writing, before the node ends in good order. @returns why it should rather not end. */
  finish(save: 'save' | 'nosave' | 'default'): Promise<string | undefined>;
  /** Nothing is written any more. */
  stop(): void;
}

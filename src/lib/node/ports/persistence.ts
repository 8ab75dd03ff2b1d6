/** What commands ask of the wing that keeps data on disk. Every answer it owes comes exactly once. */

/** Why something on disk could not be done; undefined when it was. */
export type Failure = string | undefined;

export interface ReloadRequest {
  /** Write the RDB file first. */
  readonly saves: boolean;
  /** Empty the node before reading. */
  readonly flushes: boolean;
  /** Keys of the file take the place of those that are there. */
  readonly merges: boolean;
}

export interface PersistenceWing {
  /** An RDB file is being written. */
  readonly isSaving: boolean;
  /** The append-only file is being rewritten. */
  readonly isRewriting: boolean;
  readonly lastSaveSeconds: number;
  /** What is not in the append-only file yet. */
  readonly bufferedBytes: number;
  /** SAVE: writes the RDB file as of now. */
  save(done: (failure: Failure) => void): void;
  /** BGSAVE: the same, and nobody waits for it. */
  startSave(): void;
  /** BGSAVE as soon as nothing else is written in the background. */
  scheduleSave(): void;
  /** BGREWRITEAOF. */
  startRewrite(): Failure;
  scheduleRewrite(): void;
  /** FLUSHALL emptied the node: a file on disk should not bring it all back. */
  noteFlush(): void;
  /** DEBUG RELOAD: out and in again, in one breath. */
  reload(request: ReloadRequest): Failure;
  /** DEBUG LOADAOF */
  reloadAof(): Failure;
  /** The lines of INFO persistence, without the header. */
  infoLines(): string[];
}

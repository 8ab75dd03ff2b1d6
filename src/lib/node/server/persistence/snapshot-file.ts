/**
 * One picture of the data on its way into a file. It is written beside the file it will replace and
 * brought to the disk before it gets its name, so that whatever happens in between, the old file is
 * still there and whole.
 *
 * The moment of the picture is the construction. Writing goes in slices, and no more is made than the disk
 * takes; what clients change meanwhile is written down first (`snapshot.ts`).
 */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Snapshot, type SnapshotOptions } from '../../persistence/snapshot.js';
import { syncFolder } from '../sync-folder.js';

export interface SnapshotFileOptions extends Omit<SnapshotOptions, 'emit'> {
  /** Where it is written until it is whole. */
  readonly temporaryPath: string;
  /** Bring what is written to the disk as it grows, so that the last sync has little left to do. */
  readonly syncsOften: boolean;
}

const ENTRIES_PER_STEP = 200;
/** Long enough to get somewhere, short enough not to be felt by clients. */
const SLICE_MS = 2;
const UNWRITTEN_BYTES_MAX = 1024 * 1024;
const SYNC_BYTES = 4 * 1024 * 1024;

export class SnapshotFile {
  readonly #options: SnapshotFileOptions;
  readonly #snapshot: Snapshot;
  #chunks: Buffer[] = [];
  #unwrittenBytes = 0;
  #isMade = false;
  #isCancelled = false;

  constructor(options: SnapshotFileOptions) {
    this.#options = options;
    this.#snapshot = new Snapshot({
      ...options,
      emit: (chunk) => {
        this.#chunks.push(chunk);
        this.#unwrittenBytes += chunk.length;
      },
    });
  }

  get isCancelled(): boolean {
    return this.#isCancelled;
  }

  /** Keys written so far. */
  get writtenKeys(): number {
    return this.#snapshot.writtenKeys;
  }

  /** Nothing more is written, and the temporary file goes. */
  cancel(): void {
    this.#isCancelled = true;
    this.#snapshot.cancel();
  }

  /** Writes it and puts it in the place of `path`. @returns its bytes. @throws what the disk says. */
  async writeTo(path: string): Promise<number> {
    const { temporaryPath } = this.#options;
    try {
      const bytes = await this.#write();
      // At once with the last look at whether it still is wanted: a newer file must not be replaced.
      renameSync(temporaryPath, path);
      syncFolder(dirname(path));
      return bytes;
    } catch (error) {
      await rm(temporaryPath, { force: true }).catch(() => undefined);
      throw error;
    } finally {
      this.#snapshot.cancel();
    }
  }

  /** The same in one breath: nothing else happens in this process until it is done. */
  writeToSync(path: string): void {
    const { temporaryPath } = this.#options;
    try {
      const file = openSync(temporaryPath, 'w', 0o644);
      try {
        while (!this.#isMade) {
          this.#isMade = this.#snapshot.advance(ENTRIES_PER_STEP);
          for (const chunk of this.#chunks.splice(0)) writeWhole(file, chunk);
        }
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(temporaryPath, path);
      syncFolder(dirname(path));
    } catch (error) {
      rmSync(temporaryPath, { force: true });
      throw error;
    } finally {
      this.#snapshot.cancel();
    }
  }

  async #write(): Promise<number> {
    const file = await open(this.#options.temporaryPath, 'w', 0o644);
    let bytes = 0;
    let unsyncedBytes = 0;
    try {
      while (!this.#isMade) {
        this.#refuseCancelled();
        this.#makeSlice();
        const written = await this.#drain(file);
        bytes += written;
        unsyncedBytes += written;
        if (this.#options.syncsOften && unsyncedBytes >= SYNC_BYTES) {
          unsyncedBytes = 0;
          await file.datasync();
        }
      }
      this.#refuseCancelled();
      await file.sync();
    } finally {
      await file.close();
    }
    this.#refuseCancelled();
    return bytes;
  }

  #makeSlice(): void {
    const untilMs = performance.now() + SLICE_MS;
    while (!this.#isMade && this.#unwrittenBytes < UNWRITTEN_BYTES_MAX) {
      this.#isMade = this.#snapshot.advance(ENTRIES_PER_STEP);
      if (performance.now() >= untilMs) return;
    }
  }

  async #drain(file: FileHandle): Promise<number> {
    if (this.#chunks.length === 0) await nextTurn();
    let bytes = 0;
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk === undefined) return bytes;
      this.#unwrittenBytes -= chunk.length;
      await file.appendFile(chunk);
      bytes += chunk.length;
    }
  }

  #refuseCancelled(): void {
    if (this.#isCancelled) throw new Error('cancelled');
  }
}

function writeWhole(file: number, chunk: Uint8Array): void {
  for (let at = 0; at < chunk.length;) at += writeSync(file, chunk, at);
}

/**
 * The increment being written: an open file that only grows, with its syncs. A sync runs beside everything
 * else; the file is closed when the last one is through, whoever asked for it.
 */
import { close, fsync, fsyncSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { fstatSync } from 'node:fs';

export class AofFile {
  readonly path: string;
  readonly #file: number;
  #bytes: number;
  #syncedBytes: number;
  #syncing = false;
  #isClosing = false;

  /** @throws what the disk says. */
  constructor(path: string, how: 'append' | 'new') {
    this.path = path;
    this.#file = openSync(path, how === 'append' ? 'a' : 'w', 0o644);
    this.#bytes = fstatSync(this.#file).size;
    this.#syncedBytes = this.#bytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get isSyncing(): boolean {
    return this.#syncing;
  }

  /** Everything written is on the disk, or on its way there. */
  get isSynced(): boolean {
    return this.#syncedBytes === this.#bytes;
  }

  /**
   * Writes all of it, or as if nothing had been written. @returns what the disk says otherwise; `kept` bytes
   * of a write cut short could not be taken back.
   */
  write(
    bytes: Uint8Array,
  ): { readonly error: NodeJS.ErrnoException; readonly kept: number } | undefined {
    let at = 0;
    try {
      while (at < bytes.length) at += writeSync(this.#file, bytes, at, bytes.length - at, null);
    } catch (error) {
      return { error: error as NodeJS.ErrnoException, kept: this.#takeBack(at) };
    }
    this.#bytes += bytes.length;
    return undefined;
  }

  /** @throws what the disk says. */
  syncNow(): void {
    fsyncSync(this.#file);
    this.#syncedBytes = this.#bytes;
  }

  sync(done: (error: NodeJS.ErrnoException | null) => void): void {
    this.#syncing = true;
    const { bytes } = this;
    fsync(this.#file, (error) => {
      this.#syncing = false;
      if (error === null) this.#syncedBytes = Math.max(this.#syncedBytes, bytes);
      done(error);
      if (this.#isClosing) this.#close();
    });
  }

  /** Nothing more is written; what was, reaches the disk by itself. */
  retire(): void {
    if (this.isSynced && !this.#syncing) this.#close();
    else {
      this.#isClosing = true;
      // A sync under way may have begun before the last write.
      if (!this.#syncing) this.sync(() => undefined);
    }
  }

  closeNow(): void {
    if (this.#syncing) this.#isClosing = true;
    else this.#close();
  }

  #close(): void {
    close(this.#file, () => undefined);
  }

  /** @returns how much of it stays. */
  #takeBack(bytes: number): number {
    if (bytes === 0) return 0;
    try {
      ftruncateSync(this.#file, this.#bytes);
      return 0;
    } catch {
      this.#bytes += bytes;
      return bytes;
    }
  }
}

/**
 * A snapshot of our primary on its way in. Either it is read as it comes, or it is put into a file first and
 * read from there. Both fill databases beside those in use, which are replaced only by a snapshot that is
 * whole and sound. repl-diskless-load decides, and with it what clients are told: while a file is written
 * they are served as before; while data are read they must wait, unless what they would see are older data
 * of the same history.
 */
import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { latin1ToUtf8 } from '../../../kernel/bytes.js';
import { StagedLoad } from '../../persistence/staged-load.js';
import type { ConfigWing } from '../../ports/wings.js';
import type { SnapshotTaker } from '../../replication/incoming-snapshot.js';
import type { Keyspace } from '../../store/keyspace.js';
import { type LoadProgress, readRdbFile } from '../persistence/rdb-load.js';
import { inSlices } from '../persistence/slices.js';

export interface SnapshotIntakeOptions {
  readonly keyspace: Keyspace;
  readonly config: ConfigWing;
  readonly nowMs: () => number;
  /** What we hold is an older state of what comes. */
  readonly isSameHistory: boolean;
  readonly beginSync: (kind: 'plain' | 'async') => LoadProgress;
  readonly endSync: () => void;
}

const NAME_HEX_BYTES = 6;
/** Received and not written yet: past this the primary is not listened to. */
const UNWRITTEN_BYTES_MAX = 8 * 1024 * 1024;

export class SnapshotIntake {
  readonly #options: SnapshotIntakeOptions;
  readonly #load: StagedLoad;
  readonly #file: IncomingFile | undefined;
  #isReading = false;
  #isOver = false;

  constructor(options: SnapshotIntakeOptions) {
    const { config, isSameHistory, keyspace, nowMs } = options;
    this.#options = options;
    this.#load = new StagedLoad(keyspace, nowMs());
    const how = config.get('repl-diskless-load');
    if (how === 'swapdb') this.#beginReading(isSameHistory ? 'async' : 'plain');
    else if (how === 'on-empty-db' && keyspace.keyCount() === 0) this.#beginReading('plain');
    else this.#file = new IncomingFile(latin1ToUtf8(config.get('dir') ?? '.'));
  }

  get taker(): SnapshotTaker {
    return this.#file === undefined ? this.#load : 'collect';
  }

  /** Nothing more should be received for now. */
  get isBackedUp(): boolean {
    return (this.#file?.unwrittenBytes ?? 0) > UNWRITTEN_BYTES_MAX;
  }

  /** Bytes for the file. */
  collect(bytes: Buffer): void {
    this.#file?.write(bytes);
  }

  /** Resolves when there is room for more. */
  async catchUp(): Promise<void> {
    await this.#file?.written();
  }

  /** All has been received. @returns undefined when it was given up meanwhile. @throws TribError */
  async finish(): Promise<StagedLoad | undefined> {
    const file = this.#file;
    if (file !== undefined) {
      await file.written();
      if (this.#isOver) return undefined;
      const progress = this.#beginReading('plain');
      await inSlices(readRdbFile(file.path, this.#load, progress), () => !this.#isOver);
    }
    return this.#isOver ? undefined : this.#load;
  }

  /** What was read is in place, or will never be. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#isReading) this.#options.endSync();
    void this.#file?.discard();
  }

  #beginReading(kind: 'plain' | 'async'): LoadProgress {
    this.#isReading = true;
    return this.#options.beginSync(kind);
  }
}

/** Bytes go to the disk in the order they came, while more come. */
class IncomingFile {
  readonly path: string;
  unwrittenBytes = 0;
  readonly #file: Promise<FileHandle>;
  #writing: Promise<void>;

  constructor(directory: string) {
    const name = `temp-${process.pid}-${randomBytes(NAME_HEX_BYTES).toString('hex')}.rdb`;
    this.path = join(directory, name);
    this.#file = open(this.path, 'wx');
    this.#writing = this.#file.then(() => undefined);
    // Told by `written` to whoever waits.
    this.#writing.catch(() => undefined);
  }

  write(bytes: Buffer): void {
    this.unwrittenBytes += bytes.length;
    this.#writing = this.#writing.then(async () => {
      await (await this.#file).appendFile(bytes);
      this.unwrittenBytes -= bytes.length;
    });
    this.#writing.catch(() => undefined);
  }

  async written(): Promise<void> {
    await this.#writing;
  }

  async discard(): Promise<void> {
    await this.#writing.catch(() => undefined);
    await this.#file.then((file) => file.close()).catch(() => undefined);
    // Where its folder is gone, so is the file.
    await rm(this.path, { force: true }).catch(() => undefined);
  }
}

/**
 * The parts of an append-only file, read in their order and run. The last part may end in the middle of a
 * command or a transaction, because its writer ended there: that rest is cut off. Anything else that
 * is wrong stops the node, before it would write behind what it has not understood.
 */
import { closeSync, openSync, truncateSync } from 'node:fs';
import { messageOf, TribError } from '../../../kernel/errors.js';
import type { AofManifest, AofPart } from '../../../wire/aof-manifest.js';
import { AofReader } from '../../../wire/aof-reader.js';
import { RdbReader } from '../../../wire/rdb/reader.js';
import { partsOf } from '../../persistence/aof-parts.js';
import { StagedLoad } from '../../persistence/staged-load.js';
import type { Log } from '../../ports/wings.js';
import type { Keyspace } from '../../store/keyspace.js';
import { type AofFolder, corrupt } from './aof-folder.js';
import { type LoadProgress, piecesOf, push } from './rdb-load.js';

export interface AofLoadOptions {
  readonly folder: AofFolder;
  readonly manifest: AofManifest;
  readonly keyspace: Keyspace;
  readonly log: Log;
  readonly nowMs: () => number;
  /** `aof-load-truncated` */
  readonly mayBeTruncated: boolean;
  readonly progress: LoadProgress;
  /** Runs one command, whatever it answers. @returns false when there is no such command. */
  readonly apply: (argv: readonly string[], db: number) => boolean;
}

const MAGIC = 'REDIS';

/** Yields between pieces. @throws TribError CORRUPT_FILE */
export function* loadAof(options: AofLoadOptions): Generator<undefined, void> {
  const { folder, log, manifest, progress } = options;
  const parts = partsOf(manifest);
  for (const part of parts) progress.totalBytes += folder.sizeOf(part);
  for (const [index, part] of parts.entries()) {
    const path = folder.pathOf(part.name);
    const cut = yield* new PartLoad(options, part).run();
    if (cut === undefined) {
      log('notice', `Loaded ${path}`);
      continue;
    }
    if (index < parts.length - 1) {
      throw corrupt(path, `it ends in the middle, after ${cut} bytes, and it is not the last part`);
    }
    truncate(path, cut, options);
  }
}

function truncate(path: string, bytes: number, { log, mayBeTruncated }: AofLoadOptions): void {
  if (!mayBeTruncated) {
    throw new TribError(
      'CORRUPT_FILE',
      `Unexpected end of file reading the append only file ${path}: ${bytes} bytes of it are whole`,
      {
        hint: 'Set aof-load-truncated to yes, or make a backup and use redis-check-aof --fix on the manifest.',
        details: { path, offset: bytes },
      },
    );
  }
  log('warning', `${path} ends in the middle of a command or a transaction`);
  try {
    truncateSync(path, bytes);
  } catch (error) {
    throw corrupt(path, `its unfinished end cannot be cut off: ${messageOf(error)}`, error);
  }
  log('warning', `${path} was cut to ${bytes} bytes, because aof-load-truncated says so`);
}

/** One part on its way in. */
class PartLoad {
  readonly #options: AofLoadOptions;
  readonly #path: string;
  readonly #commands = new AofReader();
  #db = 0;
  /** Commands since MULTI, and where that stands. */
  #transaction: { readonly from: number; readonly queue: (readonly string[])[] } | undefined;
  #commandStart = 0;

  constructor(options: AofLoadOptions, part: AofPart) {
    this.#options = options;
    this.#path = options.folder.pathOf(part.name);
  }

  /** @returns after how many bytes it should be cut; undefined when it is whole. */
  *run(): Generator<undefined, number | undefined> {
    const file = openSync(this.#path, 'r');
    try {
      let bytes = 0;
      let head = 0;
      for (const piece of piecesOf(file, 0, this.#path)) {
        if (bytes === 0 && piece.toString('latin1', 0, MAGIC.length) === MAGIC) {
          head = yield* this.#loadRdb(file);
          bytes = head;
          break;
        }
        this.#take(piece);
        bytes += piece.length;
        yield;
      }
      if (head > 0) {
        for (const piece of piecesOf(file, head, this.#path)) {
          this.#take(piece);
          bytes += piece.length;
          yield;
        }
      }
      const { wholeBytes } = this.#commands;
      if (this.#transaction !== undefined) return head + this.#transaction.from;
      return head + wholeBytes < bytes ? head + wholeBytes : undefined;
    } finally {
      closeSync(file);
    }
  }

  /** @returns the bytes it takes: commands may follow. */
  *#loadRdb(file: number): Generator<undefined, number> {
    const { keyspace, nowMs, progress } = this.#options;
    const load = new StagedLoad(keyspace, nowMs());
    const reader = new RdbReader(load);
    let rest: Buffer | undefined;
    let bytes = 0;
    for (const piece of piecesOf(file, 0, this.#path)) {
      rest = push(reader, piece, this.#path);
      bytes += piece.length;
      progress.loadedBytes += piece.length - (rest?.length ?? 0);
      if (rest !== undefined) break;
      yield;
    }
    if (rest === undefined) push(reader, undefined, this.#path);
    load.adopt();
    return bytes - (rest?.length ?? 0);
  }

  #take(piece: Buffer): void {
    const commands = this.#commands;
    this.#options.progress.loadedBytes += piece.length;
    commands.push(piece);
    for (;;) {
      this.#commandStart = commands.wholeBytes;
      const argv = commands.next();
      if (argv === undefined) break;
      this.#run(argv);
    }
    commands.keep();
    if (commands.error !== undefined) this.#refuse(commands.error);
  }

  #run(argv: readonly string[]): void {
    const name = argv[0]!.toLowerCase();
    if (name === 'multi') this.#transaction = { from: this.#commandStart, queue: [] };
    else if (name === 'exec') {
      const queue = this.#transaction?.queue ?? [];
      this.#transaction = undefined;
      for (const queued of queue) this.#apply(queued);
    } else if (this.#transaction !== undefined) this.#transaction.queue.push(argv);
    else this.#apply(argv);
  }

  #apply(argv: readonly string[]): void {
    if (argv[0]!.toLowerCase() === 'select') {
      const db = Number(argv[1]);
      if (this.#options.keyspace.databases[db] === undefined) {
        this.#refuse(`there is no database ${argv[1] ?? ''}`);
      }
      this.#db = db;
    } else if (!this.#options.apply(argv, this.#db)) {
      this.#refuse(`there is no command ${JSON.stringify(argv[0]!.slice(0, 128))}`);
    }
  }

  #refuse(reason: string): never {
    const offset = this.#commandStart;
    throw new TribError(
      'CORRUPT_FILE',
      `Bad file format reading the append only file ${this.#path}: ${reason}`,
      {
        hint: 'The files were left as they are. Make a backup, then use redis-check-aof --fix on the manifest.',
        details: { path: this.#path, offset },
      },
    );
  }
}

/** The folder of an append-only file: its parts, and the manifest that says which of them count. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { latin1ToUtf8 } from '../../../kernel/bytes.js';
import { messageOf, TribError } from '../../../kernel/errors.js';
import {
  type AofManifest,
  type AofPart,
  EMPTY_MANIFEST,
  formatAofManifest,
  parseAofManifest,
} from '../../../wire/aof-manifest.js';
import { manifestName, partsOf } from '../../persistence/aof-parts.js';
import type { ConfigWing, Log } from '../../ports/wings.js';
import { syncFolder } from '../sync-folder.js';

export class AofFolder {
  /** `appendfilename`; names are latin1 strings, one char a byte, paths are not. */
  readonly filename: string;
  readonly path: string;
  readonly manifestPath: string;
  readonly #dir: string;
  readonly #log: Log;

  constructor(config: ConfigWing, log: Log) {
    this.#dir = latin1ToUtf8(config.get('dir') ?? '.');
    this.#log = log;
    this.filename = config.get('appendfilename') ?? '';
    this.path = join(this.#dir, latin1ToUtf8(config.get('appenddirname') ?? ''));
    this.manifestPath = this.pathOf(manifestName(this.filename));
  }

  pathOf(name: string): string {
    return join(this.path, latin1ToUtf8(name));
  }

  create(): void {
    mkdirSync(this.path, { recursive: true });
  }

  /** @throws TribError CORRUPT_FILE when there is one that makes no sense. */
  readManifest(): AofManifest {
    let text: string;
    try {
      text = readFileSync(this.manifestPath, 'latin1');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return EMPTY_MANIFEST;
      throw corrupt(this.manifestPath, messageOf(error), error);
    }
    const parsed = parseAofManifest(text);
    if (parsed.ok) return parsed.value;
    throw corrupt(this.manifestPath, `line ${parsed.error.line}: ${parsed.error.reason}`);
  }

  /** On the disk when this returns; the old one or the new one, whatever happens in between. */
  writeManifest(manifest: AofManifest): void {
    const temporary = this.pathOf(`temp-${manifestName(this.filename)}`);
    const file = openSync(temporary, 'w', 0o644);
    try {
      writeSync(file, formatAofManifest(manifest), 0, 'latin1');
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, this.manifestPath);
    syncFolder(this.path);
  }

  /**
   * Up to version 6 there was one file, in `dir` itself. It becomes the base under its old name. The manifest
   * comes first: a crash in between is made good by the next start, which finds the base missing here
   * and the file still there.
   */
  upgrade(manifest: AofManifest): AofManifest {
    const oldPath = join(this.#dir, latin1ToUtf8(this.filename));
    if (!existsSync(oldPath) || !this.#awaitsOldFile(manifest)) return manifest;
    const upgraded = { ...EMPTY_MANIFEST, base: { name: this.filename, sequence: 1 } };
    this.create();
    this.writeManifest(upgraded);
    renameSync(oldPath, this.pathOf(this.filename));
    syncFolder(this.path);
    syncFolder(this.#dir);
    this.#log('notice', `The old append-only file ${oldPath} was moved into ${this.path}`);
    return upgraded;
  }

  #awaitsOldFile(manifest: AofManifest): boolean {
    const { base, increments } = manifest;
    if (partsOf(manifest).length === 0) return true;
    const isOldBase = base?.name === this.filename && increments.length === 0;
    return isOldBase && !existsSync(this.pathOf(this.filename));
  }

  /** Bytes of a part. @throws TribError CORRUPT_FILE when it is not there. */
  sizeOf({ name }: AofPart): number {
    const found = statSync(this.pathOf(name), { throwIfNoEntry: false });
    if (found !== undefined) return found.size;
    throw corrupt(this.pathOf(name), 'the manifest names it, and it is not there');
  }

  /** A part that counts for nothing; it does no harm where it cannot be removed. */
  removeNow(name: string): void {
    try {
      rmSync(this.pathOf(name), { force: true });
    } catch (error) {
      this.#complainOf(name, error);
    }
  }

  /** Nobody waits for it. */
  removeLater(names: readonly string[]): void {
    for (const name of names) {
      rm(this.pathOf(name), { force: true }).catch((error: unknown) =>
        this.#complainOf(name, error),
      );
    }
  }

  #complainOf(name: string, error: unknown): void {
    this.#log('warning', `Cannot remove ${this.pathOf(name)}: ${messageOf(error)}`);
  }
}

export function corrupt(path: string, reason: string, cause?: unknown): TribError {
  return new TribError('CORRUPT_FILE', `append-only file ${path}: ${reason}`, {
    hint: 'The files were left as they are. Restore them from a backup, or move the folder away: the node then starts empty.',
    cause,
    details: { path },
  });
}

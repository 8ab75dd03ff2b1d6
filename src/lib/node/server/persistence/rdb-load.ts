/**
 * An RDB file into the keyspace. Reading goes in pieces, and the caller decides what happens between them:
 * at start clients are told to wait, DEBUG RELOAD stops for nothing. A file that is not whole and sound
 * changes nothing, here or on disk.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { messageOf, TribError } from '../../../kernel/errors.js';
import { RdbError } from '../../../wire/rdb/format.js';
import { RdbReader } from '../../../wire/rdb/reader.js';
import type { StagedLoad } from '../../persistence/staged-load.js';

/** What is read at once: some milliseconds of work, whatever is in it. */
const PIECE_BYTES = 128 * 1024;

export interface LoadProgress {
  totalBytes: number;
  loadedBytes: number;
}

/** Yields between pieces. @returns false when there is no such file. @throws TribError CORRUPT_FILE */
export function* readRdbFile(
  path: string,
  load: StagedLoad,
  progress: LoadProgress,
): Generator<undefined, boolean> {
  const file = openIfThere(path);
  if (file === undefined) return false;
  try {
    progress.totalBytes += fstatSync(file).size;
    const reader = new RdbReader(load);
    for (const piece of piecesOf(file, 0, path)) {
      push(reader, piece, path);
      progress.loadedBytes += piece.length;
      if (reader.isDone) break;
      yield;
    }
    if (!reader.isDone) push(reader, undefined, path);
    return true;
  } finally {
    closeSync(file);
  }
}

/** The bytes of a file in pieces, each its own. @throws TribError CORRUPT_FILE */
export function* piecesOf(file: number, from: number, path: string): Generator<Buffer> {
  for (let at = from; ;) {
    const piece = Buffer.allocUnsafe(PIECE_BYTES);
    const bytes = readPiece(file, piece, at, path);
    if (bytes === 0) return;
    at += bytes;
    yield piece.subarray(0, bytes);
  }
}

function readPiece(file: number, piece: Buffer, at: number, path: string): number {
  try {
    return readSync(file, piece, 0, piece.length, at);
  } catch (error) {
    throw new TribError('CORRUPT_FILE', `cannot read ${path}: ${messageOf(error)}`, {
      cause: error,
      details: { path, offset: at },
    });
  }
}

/** undefined when there is none. @throws TribError CORRUPT_FILE when it cannot be opened. */
export function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new TribError('CORRUPT_FILE', `cannot open ${path}: ${messageOf(error)}`, {
      cause: error,
      details: { path },
    });
  }
}

/** A fault is told with the name of the file; `undefined` is its end. */
export function push(
  reader: RdbReader,
  piece: Buffer | undefined,
  path: string,
): Buffer | undefined {
  try {
    if (piece !== undefined) return reader.push(piece);
    reader.end();
    return undefined;
  } catch (error) {
    if (!(error instanceof RdbError)) throw error;
    throw new TribError('CORRUPT_FILE', `cannot load ${path}: ${error.message}`, {
      hint: [
        'The file was left as it is. redis-check-rdb shows how far it can be read.',
        'Restore it from a backup, or move it away: the node then starts empty.',
      ],
      cause: error,
      details: { path, fault: error.fault, offset: reader.position },
    });
  }
}

/**
 * The journals of this machine: a folder for each state of a cluster in which a run began, in it a file for
 * each run. Fingerprints change with every slot, so the runs of a cluster are found by its members, not by
 * the folder.
 */
import { closeSync, openSync, readSync, readdirSync, rmSync, rmdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isSameCluster, type ClusterPicture } from '../../cluster/picture.js';
import { TribError } from '../../kernel/errors.js';
import { PLAN_BYTES_MAX } from '../../kernel/limits.js';
import { stateFolder } from '../../lab/state.js';
import { Journal } from './journal.js';
import {
  JournalError,
  isFinished,
  parseJournal,
  type JournalHeader,
  type JournalLog,
} from './log.js';
import { isRunId } from './run-id.js';

/** Finished ones that are kept of a cluster, for whoever wants to know what was done. */
const FINISHED_MAX = 5;
const READ_BYTES = 64 * 1024;

export interface StoredJournal {
  readonly run: string;
  readonly path: string;
  readonly log: JournalLog;
}

/** A journal that was altered, or is none. */
export interface DamagedJournal {
  readonly run: string;
  readonly path: string;
  readonly problem: string;
}

export class JournalStore {
  readonly #base: string;

  constructor(environment: Readonly<Record<string, string | undefined>> = process.env) {
    this.#base = join(stateFolder(environment), 'journals');
  }

  /** @throws TribError JOURNAL */
  create(header: JournalHeader): Promise<Journal> {
    const folder = join(this.#base, header.plan.fingerprint);
    return Journal.create(join(folder, `${header.id}.jsonl`), header);
  }

  /** Runs of the cluster with these members, the newest first. */
  runsOf(cluster: ClusterPicture): readonly StoredJournal[] {
    return this.all().flatMap((journal) =>
      'log' in journal && isSameCluster(journal.log.header.cluster, cluster) ? [journal] : [],
    );
  }

  /** Of every cluster, the newest first. */
  all(): readonly (StoredJournal | DamagedJournal)[] {
    return foldersIn(this.#base)
      .flatMap((folder) => foldersIn(join(this.#base, folder)).map((name) => [folder, name]))
      .filter(([, name]) => name!.endsWith('.jsonl') && isRunId(name!.slice(0, -6)))
      .sort(([, a], [, b]) => (a! < b! ? 1 : -1))
      .flatMap(([folder, name]) => read(join(this.#base, folder!, name!), name!.slice(0, -6)));
  }

  /** Deletes what is finished, but for the last few. */
  prune(cluster: ClusterPicture): void {
    const finished = this.runsOf(cluster).filter(({ log }) => isFinished(log));
    for (const { path } of finished.slice(FINISHED_MAX)) {
      rmSync(path, { force: true });
      removeIfEmpty(dirname(path));
    }
  }
}

function read(path: string, run: string): readonly (StoredJournal | DamagedJournal)[] {
  let bytes: Buffer;
  try {
    bytes = readBounded(path);
  } catch (error) {
    // Another process has pruned it.
    if (isMissing(error)) return [];
    return [{ run, path, problem: `it cannot be read: ${(error as Error).message}` }];
  }
  try {
    return [{ run, path, log: parseJournal(bytes) }];
  } catch (error) {
    if (error instanceof JournalError) return [{ run, path, problem: error.message }];
    throw error;
  }
}

/**
 * Pipes and devices have no size, and may have no end: what counts is what comes.
 * @throws what the disk says, and for a file of unbelievable size
 */
export function readBounded(path: string): Buffer {
  const file = openSync(path, 'r');
  try {
    const chunks: Buffer[] = [];
    for (let size = 0; ;) {
      const chunk = Buffer.allocUnsafe(READ_BYTES);
      const count = readSync(file, chunk);
      if (count === 0) return Buffer.concat(chunks);
      chunks.push(chunk.subarray(0, count));
      size += count;
      if (size > PLAN_BYTES_MAX) {
        throw new Error(`it has more than ${PLAN_BYTES_MAX} bytes, more than trib writes`);
      }
    }
  } finally {
    closeSync(file);
  }
}

export function damaged({ path, problem, run }: DamagedJournal): TribError {
  return new TribError('CORRUPT_FILE', `The journal ${path} is damaged: ${problem}.`, {
    hint: 'Put it aside: without it `trib resume` goes by what the cluster says.',
    details: { run, path },
  });
}

function foldersIn(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Other journals are in it, or somebody else has removed it.
  }
}

function isMissing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/**
 * The journals of this machine: a folder for each state of a cluster in which a run began, in it a file for
 * each run. Fingerprints change with every slot, so the runs of a cluster are found by its members, not by
 * the folder.
 */
import { closeSync, openSync, readSync, readdirSync, rmSync, rmdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isSameCluster, type ClusterPicture } from '../../cluster/picture.js';
import { TribError, messageOf } from '../../kernel/errors.js';
import { PLAN_BYTES_MAX } from '../../kernel/limits.js';
import type { NodeId } from '../../kernel/node-id.js';
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
/** Journals on this machine; beyond them the oldest finished ones go, whose clusters may be long gone. */
const ALL_MAX = 100;
const READ_BYTES = 64 * 1024;

export interface StoredJournal {
  readonly run: string;
  readonly path: string;
  readonly log: JournalLog;
}

interface JournalFile {
  readonly run: string;
  readonly path: string;
}

/** A journal that was altered, or is none. */
export interface DamagedJournal {
  readonly run: string;
  readonly path: string;
  readonly problem: string;
}

export class JournalStore {
  readonly #base: string;
  /** Files of other clusters: whom a journal names is in its first line, and stays. */
  readonly #strangers = new Set<string>();

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
    return this.#readNaming(cluster).flatMap((journal) => {
      const isOfIt = 'log' in journal && isSameCluster(journal.log.header.cluster, cluster);
      return isOfIt ? [journal] : [];
    });
  }

  /** Of this cluster, as far as that can be seen, and not to be trusted; the newest first. */
  damagedOf(cluster: ClusterPicture): readonly DamagedJournal[] {
    return this.#readNaming(cluster).flatMap((journal) => ('log' in journal ? [] : [journal]));
  }

  /** Of every cluster, the newest first. */
  all(): readonly (StoredJournal | DamagedJournal)[] {
    return this.#files().flatMap((file) => {
      const journal = read(file);
      return journal === undefined || journal === 'of-others' ? [] : [journal];
    });
  }

  /** Deletes what is finished, but for the last few of this cluster and the last many of all. */
  prune(cluster: ClusterPicture): void {
    const own = this.runsOf(cluster).filter(({ log }) => isFinished(log));
    for (const { path } of own.slice(FINISHED_MAX)) remove(path);
    for (const file of this.#files().slice(ALL_MAX)) {
      const journal = read(file);
      if (typeof journal === 'object' && 'log' in journal && isFinished(journal.log))
        remove(file.path);
    }
  }

  /** Proving a journal takes a hundred times as long as to see that it is of another cluster, as most are. */
  #readNaming({ members }: ClusterPicture): readonly (StoredJournal | DamagedJournal)[] {
    const ids = new Set(members.map(({ id }) => id));
    const files = this.#files().filter(({ path }) => !this.#strangers.has(path));
    return files.flatMap((file) => {
      const journal = read(file, ids);
      if (journal === 'of-others') this.#strangers.add(file.path);
      return journal === undefined || journal === 'of-others' ? [] : [journal];
    });
  }

  #files(): readonly JournalFile[] {
    return foldersIn(this.#base)
      .flatMap((folder) => foldersIn(join(this.#base, folder)).map((name) => [folder, name]))
      .filter(([, name]) => name!.endsWith('.jsonl') && isRunId(name!.slice(0, -6)))
      .sort(([, a], [, b]) => (a! < b! ? 1 : -1))
      .map(([folder, name]) => ({
        run: name!.slice(0, -6),
        path: join(this.#base, folder!, name!),
      }));
  }
}

/**
 * @param members one that names none of them is of others, and not looked at any closer.
 * @returns undefined for one that another process has pruned, and for less than a first line.
 */
function read(
  { run, path }: JournalFile,
  members?: ReadonlySet<NodeId>,
): StoredJournal | DamagedJournal | 'of-others' | undefined {
  let bytes: Buffer;
  try {
    bytes = readBounded(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    return { run, path, problem: `it cannot be read: ${(error as Error).message}` };
  }
  // Nothing is begun before the first line is on the disk.
  if (!bytes.includes('\n')) return undefined;
  if (members && !namesAnyOf(members, bytes)) return 'of-others';
  try {
    return { run, path, log: parseJournal(bytes) };
  } catch (error) {
    if (error instanceof JournalError) return { run, path, problem: error.message };
    throw error;
  }
}

const NODE_ID = /[0-9a-f]{40}/g;

function namesAnyOf(members: ReadonlySet<NodeId>, bytes: Buffer): boolean {
  for (const [id] of bytes.latin1Slice().matchAll(NODE_ID)) {
    if (members.has(id as NodeId)) return true;
  }
  return false;
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
    throw unreadable(path, error);
  }
}

/** What cannot be seen may be a run that is at work: nothing begins beside it. */
function unreadable(path: string, cause: unknown): TribError {
  return new TribError('JOURNAL', `The journals in ${path} cannot be read: ${messageOf(cause)}`, {
    hint: 'Make the folder readable, or name another one with the variable XDG_STATE_HOME.',
    cause,
    details: { path },
  });
}

/** With its folder, when it was the last one in there. */
function remove(path: string): void {
  rmSync(path, { force: true });
  try {
    rmdirSync(dirname(path));
  } catch {
    // Other journals are in it, or somebody else has removed it.
  }
}

function isMissing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

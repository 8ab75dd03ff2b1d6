/**
 * The journal of a run, as it is written. Lines are only ever appended; what was promised is on disk when
 * the promise resolves. Many slots are opened at once, so their lines share an fsync: while one is on its
 * way the next lines gather, and leave together.
 */
import { constants, rmSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolder } from '../../execute/make-folder.js';
import type { MoveJournal, SlotMove } from '../../execute/move/moving.js';
import { TribError, messageOf } from '../../kernel/errors.js';
import type { StepPlace } from '../../plan/plan-resume.js';
import {
  lineOf,
  type JournalEntry,
  type JournalHeader,
  type JournalLog,
  type Outcome,
} from './log.js';

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class Journal implements MoveJournal {
  readonly path: string;
  readonly #file: FileHandle;
  #sum: string;
  #lines: string[] = [];
  #waiters: Waiter[] = [];
  #writing: Promise<void> | undefined;
  #failure: TribError | undefined;
  #hasBegun: boolean;

  private constructor(path: string, file: FileHandle, sum: string, hasBegun: boolean) {
    this.path = path;
    this.#file = file;
    this.#sum = sum;
    this.#hasBegun = hasBegun;
  }

  /** @throws TribError JOURNAL: before anything was changed, so that nothing is moved without one. */
  static async create(path: string, header: JournalHeader): Promise<Journal> {
    let journal: Journal | undefined;
    try {
      makeFolder(dirname(path), 0o700);
      journal = new Journal(path, await open(path, 'ax', 0o600), '', false);
      await journal.#append(header);
      await syncFolder(dirname(path));
      return journal;
    } catch (error) {
      if (journal) {
        await journal.close().catch(() => undefined);
        rmSync(path, { force: true });
      }
      throw error instanceof TribError ? error : unwritable(path, error);
    }
  }

  /** Goes on with one; half a line at its end is cut off first. @throws TribError JOURNAL */
  static async reopen(path: string, log: JournalLog): Promise<Journal> {
    try {
      const file = await open(path, constants.O_RDWR);
      await file.truncate(log.length);
      await file.close();
      const hasBegun = log.entries.some(({ kind }) => kind === 'opening' || kind === 'step-done');
      return new Journal(path, await open(path, 'a'), log.sum, hasBegun);
    } catch (error) {
      throw unwritable(path, error);
    }
  }

  /** Whether the cluster may have been changed. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  opening({ source, target, slots }: SlotMove): Promise<void> {
    this.#hasBegun = true;
    return this.#append({ kind: 'opening', source: source.id, target: target.id, slots });
  }

  moved({ source, target, slots }: SlotMove): void {
    this.#note({ kind: 'moved', source: source.id, target: target.id, slots });
  }

  stepDone(place: StepPlace): void {
    this.#hasBegun = true;
    this.#note({ kind: 'step-done', ...place });
  }

  append(entry: JournalEntry): Promise<void> {
    return this.#append(entry);
  }

  end(outcome: Outcome): Promise<void> {
    return this.#append({ kind: 'end', outcome, at: new Date().toISOString() });
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#file.close();
  }

  /** Losing it costs a look at the cluster, so nobody waits; a disk that fails is told by the next promise. */
  #note(entry: JournalEntry): void {
    this.#append(entry).catch(() => undefined);
  }

  #append(entry: JournalHeader | JournalEntry): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure);
    const { line, sum } = lineOf(entry, this.#sum);
    this.#sum = sum;
    this.#lines.push(line);
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      this.#writing ??= this.#write();
    });
  }

  async #write(): Promise<void> {
    while (this.#lines.length > 0) {
      const [lines, waiters] = [this.#lines, this.#waiters];
      [this.#lines, this.#waiters] = [[], []];
      try {
        if (this.#failure) throw this.#failure;
        await this.#file.appendFile(lines.join(''));
        await this.#file.datasync();
        for (const { resolve } of waiters) resolve();
      } catch (error) {
        this.#failure ??= unwritable(this.path, error);
        for (const { reject } of waiters) reject(this.#failure);
      }
    }
    this.#writing = undefined;
  }
}

/** The name of a new file is in its folder, which has to reach the disk as well. */
async function syncFolder(path: string): Promise<void> {
  // Windows has no such thing, and needs none.
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function unwritable(path: string, cause: unknown): TribError {
  return new TribError('JOURNAL', `The journal ${path} cannot be written: ${messageOf(cause)}`, {
    hint: 'No slot is moved without a journal. The variable XDG_STATE_HOME names another folder for it.',
    cause,
    details: { path },
  });
}

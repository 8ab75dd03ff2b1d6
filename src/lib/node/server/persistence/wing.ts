/**
 * The data of a node on disk: when they are written, and what is read at start. The files themselves are
 * in the files beside this one; what is decided by rule is in `node/persistence`.
 */
import { statSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { latin1ToUtf8, utf8ToLatin1 } from '../../../kernel/bytes.js';
import { messageOf, TribError } from '../../../kernel/errors.js';
import { persistenceLines, type WritingFacts } from '../../persistence/report.js';
import {
  dueSavePoint,
  mayRetry,
  parseSavePoints,
  type SavePoint,
} from '../../persistence/save-points.js';
import { StagedLoad } from '../../persistence/staged-load.js';
import type { Failure, ReloadRequest } from '../../ports/persistence.js';
import type { PersistenceOptions, RunningPersistence } from './options.js';
import { type LoadProgress, readRdbFile } from './rdb-load.js';
import { RdbSaver } from './rdb-saver.js';
import { inOneBreath, inSlices } from './slices.js';

export function createPersistence(options: PersistenceOptions): RunningPersistence {
  return new Persistence(options);
}

const SAVING_FAILED =
  "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. " +
  'Commands that may modify the data set are disabled, because this instance is configured to report ' +
  'errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). ' +
  'Please check the Redis logs for details about the RDB error.';

interface Loading extends LoadProgress {
  readonly startedAtMs: number;
  usedMemoryBytes: number;
}

class Persistence implements RunningPersistence {
  readonly #options: PersistenceOptions;
  readonly #saver: RdbSaver;
  #savePoints: readonly SavePoint[];
  #isSaveScheduled = false;
  /** What CONFIG SET dir named last, absolute. */
  #folder = '';
  #loading: Loading | undefined;
  #loaded = { keys: 0, expired: 0 };
  #isStopped = false;

  constructor(options: PersistenceOptions) {
    const { config } = options;
    this.#options = options;
    this.#saver = new RdbSaver(options);
    this.#savePoints = parseSavePoints(config.get('save') ?? '');
    config.applyWith('dir', (value) => this.#enter(value));
    config.onChange('dir', () => config.settle('dir', utf8ToLatin1(this.#folder)));
    config.onChange('save', (value) => {
      this.#savePoints = parseSavePoints(value);
      options.onStatus();
    });
    config.onChange('stop-writes-on-bgsave-error', () => options.onStatus());
  }

  get isLoading(): boolean {
    return this.#loading !== undefined;
  }

  get isSaving(): boolean {
    return this.#saver.running !== undefined;
  }

  get isRewriting(): boolean {
    return false;
  }

  get lastSaveSeconds(): number {
    return Math.floor(this.#saver.lastSaveMs / 1000);
  }

  get writeRefusal(): string | undefined {
    const stops = this.#options.config.boolean('stop-writes-on-bgsave-error');
    return stops && this.#savePoints.length > 0 && this.#saver.hasFailed
      ? SAVING_FAILED
      : undefined;
  }

  // --- saving ---------------------------------------------------------------

  save(done: (failure: Failure) => void): void {
    this.#saver.start('awaited', done);
  }

  startSave(): void {
    this.#saver.start('background');
  }

  scheduleSave(): void {
    this.#isSaveScheduled = true;
  }

  startRewrite(): Failure {
    return 'not yet';
  }

  scheduleRewrite(): void {
    return;
  }

  noteFlush(): void {
    if (this.#savePoints.length === 0) return;
    this.#saver.cancel();
    this.#saver.saveNow();
  }

  tick(): void {
    if (this.isSaving || this.isRewriting) return;
    const point = dueSavePoint(this.#savePoints, this.#saveHistory());
    if (point !== undefined) {
      const { seconds, changes } = point;
      this.#options.log('notice', `${changes} changes or more in ${seconds} seconds: saving`);
      this.startSave();
    } else if (this.#isSaveScheduled && mayRetry(this.#saveHistory())) {
      this.#isSaveScheduled = false;
      this.startSave();
    }
  }

  #saveHistory(): Parameters<typeof dueSavePoint>[1] {
    const { changes, hasFailed, lastSaveMs, lastAttemptMs } = this.#saver;
    const nowMs = this.#options.nowMs();
    return {
      changes,
      hasFailed,
      secondsSinceSave: Math.floor((nowMs - lastSaveMs) / 1000),
      secondsSinceAttempt: Math.floor((nowMs - lastAttemptMs) / 1000),
    };
  }

  // --- loading --------------------------------------------------------------

  async load(): Promise<void> {
    await inSlices(this.#load(), () => !this.#isStopped);
    this.#endLoading();
  }

  reload({ saves, flushes, merges }: ReloadRequest): Failure {
    const { keyspace, log } = this.#options;
    this.#saver.cancel();
    const failure = saves ? this.#saver.saveNow() : undefined;
    if (failure !== undefined) return failure;
    try {
      const into = flushes ? {} : { into: keyspace.databases };
      inOneBreath(this.#loadRdb({ ...into, twice: merges ? 'replace' : 'refuse' }));
      log('warning', 'The data were loaded again by DEBUG RELOAD');
      return undefined;
    } catch (error) {
      if (!(error instanceof TribError)) throw error;
      log('warning', messageOf(error));
      return error.message;
    } finally {
      this.#endLoading();
    }
  }

  reloadAof(): Failure {
    return 'not yet';
  }

  *#load(): Generator<undefined, void> {
    const { isReplica, log, nowMs, restorePosition } = this.#options;
    const startedAtMs = nowMs();
    const load = yield* this.#loadRdb({ expired: isReplica() ? 'keep' : 'drop' });
    if (load === undefined) return;
    const { position } = load;
    if (position !== undefined) restorePosition(position);
    const took = ((nowMs() - startedAtMs) / 1000).toFixed(3);
    log('notice', `Loaded ${load.loadedKeys} keys from ${this.#saver.path} in ${took} s`);
  }

  *#loadRdb(
    how: ConstructorParameters<typeof StagedLoad>[2],
  ): Generator<undefined, StagedLoad | undefined> {
    const { keyspace, nowMs } = this.#options;
    const load = new StagedLoad(keyspace, nowMs(), how);
    const loading = this.#beginLoading();
    const isThere = yield* readRdbFile(this.#saver.path, load, loading);
    if (!isThere) return undefined;
    if (how?.into === undefined) load.adopt();
    this.#loaded = { keys: load.loadedKeys, expired: load.expiredKeys };
    return load;
  }

  #beginLoading(): Loading {
    const startedAtMs = this.#options.nowMs();
    this.#loading = { startedAtMs, totalBytes: 0, loadedBytes: 0, usedMemoryBytes: 0 };
    this.#options.onStatus();
    return this.#loading;
  }

  #endLoading(): void {
    this.#loading = undefined;
    this.#saver.noteLoaded();
    this.#options.onStatus();
  }

  // --- the end --------------------------------------------------------------

  async finish(save: 'save' | 'nosave' | 'default'): Promise<string | undefined> {
    this.#saver.cancel();
    const saves = save === 'save' || (save === 'default' && this.#savePoints.length > 0);
    if (!saves || this.isLoading) return undefined;
    this.#options.log('notice', 'Saving before the end');
    const failure = await new Promise<Failure>((resolve) => this.#saver.start('awaited', resolve));
    return failure;
  }

  stop(): void {
    this.#isStopped = true;
    this.#saver.cancel();
  }

  // --- the rest -------------------------------------------------------------

  infoLines(): string[] {
    const { nowMs } = this.#options;
    const { changes, lastSaveMs, hasFailed, lastDurationMs, count } = this.#saver;
    const { keys, expired } = this.#loaded;
    const loading = this.#loading;
    return persistenceLines({
      nowMs: nowMs(),
      loading: loading && { ...loading, rdbUsedMemoryBytes: loading.usedMemoryBytes },
      writing: this.#writing(),
      rdb: {
        changes,
        lastSaveMs,
        hasFailed,
        lastDurationMs,
        count,
        loadedKeys: keys,
        expiredKeys: expired,
      },
      rewrite: {
        isScheduled: false,
        lastDurationMs: undefined,
        hasFailed: false,
        count: 0,
        failuresInRow: 0,
      },
      hasWriteFailed: false,
      aof: undefined,
    });
  }

  #writing(): WritingFacts | undefined {
    const { running } = this.#saver;
    if (running === undefined) return undefined;
    const { file, startedAtMs, keysTotal } = running;
    return { kind: 'rdb', startedAtMs, keysTotal, writtenKeys: file.writtenKeys };
  }

  /** CONFIG SET dir: undefined when that is a folder. */
  #enter(value: string): string | undefined {
    const path = latin1ToUtf8(value);
    const from = latin1ToUtf8(this.#options.config.get('dir') ?? '.');
    const folder = isAbsolute(path) ? path : resolve(from, path);
    const found = statSync(folder, { throwIfNoEntry: false });
    if (found === undefined) return 'No such file or directory';
    if (!found.isDirectory()) return 'Not a directory';
    this.#folder = folder;
    return undefined;
  }
}

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
import { partsOf } from '../../persistence/aof-parts.js';
import type { PersistenceOptions, RunningPersistence } from './options.js';
import { Aof } from './aof.js';
import { loadAof } from './aof-load.js';
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
  readonly kind: 'plain' | 'async';
  readonly startedAtMs: number;
  /** What is being read, once it is an RDB file. */
  source: StagedLoad | undefined;
}

class Persistence implements RunningPersistence {
  readonly #options: PersistenceOptions;
  readonly #saver: RdbSaver;
  readonly #aof: Aof;
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
    this.#aof = new Aof({ ...options, isSaving: () => this.isSaving });
    this.#savePoints = parseSavePoints(config.get('save') ?? '');
    options.turn.beforeReplies(() => this.#aof.flush());
    config.applyWith('appendonly', (value) => this.#switchAof(value === 'yes'));
    config.applyWith('dir', (value) => this.#enter(value));
    config.onChange('dir', () => config.settle('dir', utf8ToLatin1(this.#folder)));
    config.onChange('save', (value) => {
      this.#savePoints = parseSavePoints(value);
      options.onStatus();
    });
    config.onChange('stop-writes-on-bgsave-error', () => options.onStatus());
  }

  get loading(): 'plain' | 'async' | undefined {
    return this.#loading?.kind;
  }

  beginSync(kind: 'plain' | 'async'): LoadProgress {
    return this.#beginLoading(kind);
  }

  endSync(): void {
    this.#endLoading();
  }

  get isSaving(): boolean {
    return this.#saver.running !== undefined;
  }

  get isRewriting(): boolean {
    return this.#aof.isRewriting;
  }

  get isAppending(): boolean {
    return this.#aof.isOn;
  }

  get bufferedBytes(): number {
    return this.#aof.facts()?.bufferedBytes ?? 0;
  }

  get lastSaveSeconds(): number {
    return Math.floor(this.#saver.lastSaveMs / 1000);
  }

  get writeRefusal(): string | undefined {
    const stops = this.#options.config.boolean('stop-writes-on-bgsave-error');
    if (stops && this.#savePoints.length > 0 && this.#saver.hasFailed) return SAVING_FAILED;
    const { error } = this.#aof;
    return error === undefined ? undefined : `MISCONF Errors writing to the AOF file: ${error}`;
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
    return this.#aof.startRewrite();
  }

  scheduleRewrite(): void {
    this.#aof.scheduleRewrite();
  }

  noteFlush(): void {
    if (this.#savePoints.length === 0) return;
    this.#saver.cancel();
    this.#saver.saveNow();
  }

  append(db: number, argv: readonly string[]): void {
    this.#aof.append(db, argv);
    this.#options.turn.wake();
  }

  noteReplaced(): void {
    this.#aof.startOver();
  }

  tick(): void {
    this.#aof.tick();
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
    if (!this.#isStopped && this.#options.config.boolean('appendonly')) this.#openAof();
    this.#endLoading();
  }

  #openAof(): void {
    try {
      this.#aof.open();
    } catch (error) {
      if (error instanceof TribError) throw error;
      throw new TribError('BAD_CONFIG', `cannot write the append-only file: ${messageOf(error)}`, {
        hint: 'Set dir to a folder that this user may write, or appendonly to no.',
        cause: error,
      });
    }
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
    const { keyspace, log } = this.#options;
    try {
      const found = this.#aof.findWritten();
      keyspace.clear();
      inOneBreath(this.#loadAof(found));
      log('warning', 'The data were loaded again by DEBUG LOADAOF');
      return undefined;
    } catch (error) {
      log('warning', messageOf(error));
      return messageOf(error);
    } finally {
      this.#endLoading();
    }
  }

  *#load(): Generator<undefined, void> {
    if (this.#options.config.boolean('appendonly')) {
      yield* this.#loadAof(this.#aof.find());
      return;
    }
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
    loading.source = load;
    const isThere = yield* readRdbFile(this.#saver.path, load, loading);
    if (!isThere) return undefined;
    if (how?.into === undefined) load.adopt();
    this.#loaded = { keys: load.loadedKeys, expired: load.expiredKeys };
    return load;
  }

  *#loadAof(found: ReturnType<Aof['find']>): Generator<undefined, void> {
    if (partsOf(found.manifest).length === 0) return;
    const { apply, config, keyspace, log, nowMs } = this.#options;
    yield* loadAof({
      ...found,
      keyspace,
      apply,
      log,
      nowMs,
      mayBeTruncated: config.boolean('aof-load-truncated'),
      progress: this.#beginLoading(),
    });
  }

  #switchAof(isOn: boolean): string | undefined {
    // What is loaded decides by itself how it goes on.
    if (this.#loading !== undefined) return undefined;
    if (!isOn) {
      this.#aof.turnOff();
      return undefined;
    }
    const failure = this.#aof.turnOn();
    return failure === undefined ? undefined : 'Unable to turn on AOF. Check server logs.';
  }

  #beginLoading(kind: 'plain' | 'async' = 'plain'): Loading {
    const startedAtMs = this.#options.nowMs();
    this.#loading = { kind, startedAtMs, totalBytes: 0, loadedBytes: 0, source: undefined };
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
    const appendFailure = this.#aof.finish();
    if (appendFailure !== undefined) return appendFailure;
    const saves = save === 'save' || (save === 'default' && this.#savePoints.length > 0);
    if (!saves || this.#loading !== undefined) return undefined;
    this.#options.log('notice', 'Saving before the end');
    const failure = await new Promise<Failure>((resolve) => this.#saver.start('awaited', resolve));
    return failure;
  }

  stop(): void {
    this.#isStopped = true;
    this.#saver.cancel();
    this.#aof.stop();
  }

  // --- the rest -------------------------------------------------------------

  infoLines(): string[] {
    const { nowMs } = this.#options;
    const { changes, lastSaveMs, hasFailed, lastDurationMs, count } = this.#saver;
    const { keys, expired } = this.#loaded;
    const loading = this.#loading;
    return persistenceLines({
      nowMs: nowMs(),
      loading: loading && { ...loading, rdbUsedMemoryBytes: loading.source?.usedMemoryBytes ?? 0 },
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
      rewrite: this.#aof.rewriteFacts(),
      hasWriteFailed: this.#aof.hasWriteFailed,
      aof: this.#aof.facts(),
    });
  }

  #writing(): WritingFacts | undefined {
    const { running } = this.#saver;
    if (running === undefined) return this.#aof.writing();
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

/** The RDB file of a node: writing it, one at a time, and what is known of the last time. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { latin1ToUtf8 } from '../../../kernel/bytes.js';
import { messageOf } from '../../../kernel/errors.js';
import type { StreamPosition } from '../../persistence/staged-load.js';
import type { Failure } from '../../ports/persistence.js';
import type { ConfigWing, Log } from '../../ports/wings.js';
import { REDIS_VERSION } from '../../ports/version.js';
import type { Keyspace } from '../../store/keyspace.js';
import { unattended } from '../fault.js';
import { SnapshotFile } from './snapshot-file.js';

export interface RdbSaverOptions {
  readonly keyspace: Keyspace;
  readonly config: ConfigWing;
  readonly log: Log;
  readonly nowMs: () => number;
  readonly usedBytes: () => number;
  /** Where the data stand in the history that replicas know; undefined without one. */
  readonly position: () => StreamPosition | undefined;
  /** The last attempt in the background went otherwise than the one before. */
  readonly onStatus: () => void;
  /** Something threw that nothing was to throw. */
  readonly onFatal: (reason: string) => void;
}

interface Running {
  readonly file: SnapshotFile;
  readonly startedAtMs: number;
  readonly keysTotal: number;
}

export class RdbSaver {
  readonly #options: RdbSaverOptions;
  #running: Running | undefined;
  /** Changes that are on disk; the keyspace counts all there ever were. */
  #savedChanges = 0;
  #lastSaveMs: number;
  #lastAttemptMs = 0;
  #lastDurationMs: number | undefined;
  #hasFailed = false;
  #count = 0;

  constructor(options: RdbSaverOptions) {
    this.#options = options;
    this.#lastSaveMs = options.nowMs();
  }

  get path(): string {
    const { config } = this.#options;
    const name = (directive: string): string => latin1ToUtf8(config.get(directive) ?? '');
    return join(name('dir'), name('dbfilename'));
  }

  get running(): Running | undefined {
    return this.#running;
  }

  get lastSaveMs(): number {
    return this.#lastSaveMs;
  }

  get lastAttemptMs(): number {
    return this.#lastAttemptMs;
  }

  /** undefined before the first one in the background. */
  get lastDurationMs(): number | undefined {
    return this.#lastDurationMs;
  }

  /** The last attempt in the background failed. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /** Attempts so far. */
  get count(): number {
    return this.#count;
  }

  /** Changes since the last save. Keys that expired by themselves are none. */
  get changes(): number {
    return this.#changeCount - this.#savedChanges;
  }

  /** What is in memory now is what is on disk. */
  noteLoaded(): void {
    this.#savedChanges = this.#changeCount;
  }

  /** BGSAVE, SAVE and the last save before the end; `done` hears what became of it. */
  start(how: 'background' | 'awaited', done: (failure: Failure) => void = () => undefined): void {
    const { keyspace, log, nowMs } = this.#options;
    const { path } = this;
    const file = this.#newFile();
    const running = { file, startedAtMs: nowMs(), keysTotal: keyspace.keyCount() };
    const changes = this.#changeCount;
    this.#running = running;
    this.#count++;
    if (how === 'background') {
      this.#lastAttemptMs = running.startedAtMs;
      log('notice', `Saving ${running.keysTotal} keys to ${path} in the background`);
    }
    const end = (failure: Failure): void => {
      // A broken-off one may end after the next has begun.
      if (this.#running === running) this.#running = undefined;
      if (how === 'background') this.#lastDurationMs = nowMs() - running.startedAtMs;
      if (failure === undefined) this.#noteSaved(changes, path);
      else if (file.isCancelled) log('notice', 'Saving was broken off');
      else {
        log('warning', `Cannot save to ${path}: ${failure}`);
        if (how === 'background') this.#settle(true);
      }
      done(failure);
    };
    const ended = file.writeTo(path).then(
      () => end(undefined),
      (error: unknown) => end(messageOf(error)),
    );
    unattended(ended, this.#options.onFatal);
  }

  /** DEBUG RELOAD, FLUSHALL: nothing else happens until it is done. */
  saveNow(): Failure {
    const { path } = this;
    const changes = this.#changeCount;
    this.#count++;
    try {
      this.#newFile().writeToSync(path);
    } catch (error) {
      this.#options.log('warning', `Cannot save to ${path}: ${messageOf(error)}`);
      return messageOf(error);
    }
    this.#noteSaved(changes, path);
    return undefined;
  }

  cancel(): void {
    this.#running?.file.cancel();
    this.#running = undefined;
  }

  get #changeCount(): number {
    const { changeCount, expiredCount } = this.#options.keyspace;
    return changeCount - expiredCount;
  }

  #noteSaved(changes: number, path: string): void {
    this.#savedChanges = changes;
    this.#lastSaveMs = this.#options.nowMs();
    this.#options.log('notice', `Saved to ${path}`);
    this.#settle(false);
  }

  #settle(hasFailed: boolean): void {
    this.#hasFailed = hasFailed;
    this.#options.onStatus();
  }

  #newFile(): SnapshotFile {
    const { keyspace, config, nowMs, usedBytes, position } = this.#options;
    const dir = latin1ToUtf8(config.get('dir') ?? '');
    return new SnapshotFile({
      keyspace,
      databases: keyspace.databases,
      checksum: config.boolean('rdbchecksum'),
      compression: config.boolean('rdbcompression'),
      aux: auxFields(nowMs(), usedBytes(), position(), false),
      temporaryPath: join(dir, temporaryName('rdb')),
      syncsOften: config.boolean('rdb-save-incremental-fsync'),
    });
  }
}

/** Nodes of one process may share a folder, so the process alone does not tell whose it is. */
export function temporaryName(extension: string): string {
  return `temp-${process.pid}-${randomBytes(4).toString('hex')}.${extension}`;
}

/** What a file says about itself, in the order of real servers. */
export function auxFields(
  nowMs: number,
  usedBytes: number,
  position: StreamPosition | undefined,
  isAofBase: boolean,
): readonly (readonly [string, string])[] {
  return [
    ['redis-ver', REDIS_VERSION],
    ['redis-bits', '64'],
    ['ctime', String(Math.floor(nowMs / 1000))],
    ['used-mem', String(usedBytes)],
    ...(position === undefined
      ? []
      : ([
          ['repl-stream-db', String(position.streamDb)],
          ['repl-id', position.replicationId],
          ['repl-offset', String(position.offset)],
        ] as const)),
    ['aof-base', isAofBase ? '1' : '0'],
  ];
}

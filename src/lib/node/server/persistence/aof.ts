/**
 * The append-only file of a node: off, on, or waiting for its first base. It is written anew (`rewrite`)
 * from a picture of the data, while an increment begun at the same moment takes what comes later; the
 * manifest changes when both are whole, so at every moment the files it names are all there is.
 */
import { renameSync } from 'node:fs';
import { messageOf } from '../../../kernel/errors.js';
import { type AofManifest, type AofPart, EMPTY_MANIFEST } from '../../../wire/aof-manifest.js';
import {
  dueGrowth,
  nextBase,
  partsOf,
  pendingIncrementName,
  rewritten,
  withIncrement,
} from '../../persistence/aof-parts.js';
import type { AofFacts, RewriteFacts, WritingFacts } from '../../persistence/report.js';
import { RewriteRecord } from '../../persistence/rewrite-record.js';
import type { Failure } from '../../ports/persistence.js';
import type { Configuration } from '../../config/configuration.js';
import type { Log } from '../../ports/wings.js';
import type { Keyspace } from '../../store/keyspace.js';
import { unattended } from '../fault.js';
import { AofFile } from './aof-file.js';
import { AofFolder } from './aof-folder.js';
import { AofWriter } from './aof-writer.js';
import { auxFields, temporaryName } from './rdb-saver.js';
import { SnapshotFile } from './snapshot-file.js';

export interface AofOptions {
  readonly keyspace: Keyspace;
  readonly config: Configuration;
  readonly log: Log;
  readonly nowMs: () => number;
  readonly usedBytes: () => number;
  /** An RDB file is being written. */
  readonly isSaving: () => boolean;
  /** The data have changes that will be appended: a base begun now would have them twice. */
  readonly hasUntold: () => boolean;
  readonly onStatus: () => void;
  readonly onFatal: (reason: string) => void;
}

interface Rewrite {
  readonly file: SnapshotFile;
  readonly base: AofPart;
  readonly startedAtMs: number;
  readonly keysTotal: number;
}

export class Aof {
  readonly #options: AofOptions;
  #folder: AofFolder;
  #manifest: AofManifest = EMPTY_MANIFEST;
  /** The highest number an increment had here. */
  #lastIncrement = 0;
  #writer: AofWriter | undefined;
  /** What is appended counts only with a base that is not there yet. */
  #awaitsBase = false;
  #rewrite: Rewrite | undefined;
  readonly #record = new RewriteRecord();
  /** Bytes of all parts but the increment being written. */
  #settledBytes = 0;
  #baseBytes = 0;

  constructor(options: AofOptions) {
    const { config, log } = options;
    this.#options = options;
    this.#folder = new AofFolder(config, log);
    for (const name of ['appendfsync', 'aof-timestamp-enabled']) {
      config.onChange(name, () => this.#writer?.readConfig());
    }
  }

  get isOn(): boolean {
    return this.#writer !== undefined || this.#awaitsBase;
  }

  get isRewriting(): boolean {
    return this.#rewrite !== undefined;
  }

  /** What the disk says while writes do not reach it. */
  get error(): string | undefined {
    return this.#writer?.error;
  }

  append(db: number, argv: readonly string[]): void {
    this.#writer?.append(db, argv);
  }

  flush(): void {
    this.#writer?.flush();
  }

  // --- start ------------------------------------------------------------------

  /** The parts to load. The folder is looked for anew: `dir` may have changed. @throws TribError CORRUPT_FILE */
  find(): { readonly folder: AofFolder; readonly manifest: AofManifest } {
    const { config, log } = this.#options;
    this.#folder = new AofFolder(config, log);
    this.#manifest = this.#folder.upgrade(this.#folder.readManifest());
    return { folder: this.#folder, manifest: this.#manifest };
  }

  /** DEBUG LOADAOF: all that was done, in the files. */
  findWritten(): { readonly folder: AofFolder; readonly manifest: AofManifest } {
    this.#writer?.finish();
    return { folder: this.#folder, manifest: this.#folder.readManifest() };
  }

  /** Everything is loaded: go on behind it. A file that is new gets a base, however empty. @throws what the disk says */
  open(): void {
    const folder = this.#folder;
    folder.create();
    let manifest = this.#manifest;
    if (partsOf(manifest).length === 0) {
      const base = nextBase(manifest, folder.filename, this.#isRdbBase);
      this.#newBase().writeToSync(folder.pathOf(base.name));
      manifest = { ...manifest, base };
    }
    const last = manifest.increments.at(-1);
    const next = last === undefined ? this.#withIncrement(manifest) : { part: last, manifest };
    const file = new AofFile(folder.pathOf(next.part.name), 'append');
    if (next.manifest !== this.#manifest) folder.writeManifest(next.manifest);
    this.#manifest = next.manifest;
    this.#settledBytes = this.#bytesOf(partsOf(this.#manifest)) - file.bytes;
    this.#baseBytes = this.#manifest.base === undefined ? 0 : folder.sizeOf(this.#manifest.base);
    this.#write(file);
    this.#forgetHistory();
  }

  // --- turning it on and off ----------------------------------------------------

  /** CONFIG SET appendonly yes: it is on once a first base is written. */
  turnOn(): Failure {
    const { config, log } = this.#options;
    this.#folder = new AofFolder(config, log);
    try {
      this.#manifest = this.#folder.readManifest();
    } catch (error) {
      return messageOf(error);
    }
    this.#awaitsBase = true;
    if (this.#options.isSaving() || this.#options.hasUntold()) {
      this.scheduleRewrite();
      return undefined;
    }
    const failure = this.startRewrite();
    if (failure !== undefined) this.turnOff();
    return failure;
  }

  turnOff(): void {
    const wasPending = this.#awaitsBase;
    this.#cancelRewrite();
    this.#record.isScheduled = false;
    this.#awaitsBase = false;
    this.#closeWriter();
    if (wasPending) this.#folder.removeNow(pendingIncrementName(this.#folder.filename));
    this.#options.onStatus();
  }

  /** Other data took the place of ours: what was appended so far is about data that are gone. */
  startOver(): void {
    if (!this.isOn) return;
    this.#cancelRewrite();
    this.#closeWriter();
    this.#awaitsBase = true;
    const failure = this.startRewrite();
    if (failure !== undefined) this.scheduleRewrite();
  }

  // --- rewriting ----------------------------------------------------------------

  scheduleRewrite(): void {
    this.#record.schedule();
  }

  /** The moment of the picture is now. */
  startRewrite(): Failure {
    const { keyspace, log, nowMs } = this.#options;
    this.#record.isScheduled = false;
    const folder = this.#folder;
    try {
      folder.create();
      if (this.isOn) this.#beginIncrement();
      else this.#manifest = folder.readManifest();
    } catch (error) {
      log('warning', `The append-only file cannot be rewritten: ${messageOf(error)}`);
      this.#noteRewrite(false);
      return messageOf(error);
    }
    const base = nextBase(this.#manifest, folder.filename, this.#isRdbBase);
    const keysTotal = keyspace.keyCount();
    const rewrite = { file: this.#newBase(), base, startedAtMs: nowMs(), keysTotal };
    this.#rewrite = rewrite;
    this.#record.count++;
    log('notice', `Rewriting the append-only file in the background, ${keysTotal} keys`);
    const ended = rewrite.file.writeTo(folder.pathOf(base.name)).then(
      (bytes) => this.#finish(rewrite, bytes),
      (error: unknown) => this.#fail(rewrite, messageOf(error)),
    );
    unattended(ended, this.#options.onFatal);
    return undefined;
  }

  /** Ten times a second. */
  tick(): void {
    const { config, isSaving, log, nowMs } = this.#options;
    this.flush();
    if (this.isRewriting || isSaving() || !this.#record.mayBegin(nowMs())) return;
    if (this.#record.isScheduled) {
      this.startRewrite();
      return;
    }
    if (!this.isOn || this.#awaitsBase) return;
    const growth = dueGrowth({
      currentBytes: this.#currentBytes,
      baseBytes: this.#baseBytes,
      percentage: config.number('auto-aof-rewrite-percentage'),
      minBytes: config.number('auto-aof-rewrite-min-size'),
    });
    if (growth === undefined) return;
    log('notice', `The append-only file has grown by ${growth}%`);
    this.startRewrite();
  }

  #beginIncrement(): void {
    const folder = this.#folder;
    if (this.#awaitsBase) {
      this.#openPending();
      return;
    }
    const writer = this.#writer!;
    writer.flush(true);
    if (writer.bufferedBytes > 0) throw new Error(writer.error ?? 'its writes fail');
    const { part, manifest } = this.#withIncrement(this.#manifest);
    const file = new AofFile(folder.pathOf(part.name), 'new');
    folder.writeManifest(manifest);
    this.#manifest = manifest;
    this.#settledBytes += writer.file.bytes;
    writer.goOn(file);
  }

  /** What comes from now on belongs to a base that begins now as well. */
  #openPending(): void {
    const folder = this.#folder;
    folder.create();
    this.#closeWriter();
    this.#write(new AofFile(folder.pathOf(pendingIncrementName(folder.filename)), 'new'));
    this.#settledBytes = 0;
  }

  #finish(rewrite: Rewrite, bytes: number): void {
    const folder = this.#folder;
    // What a broken-off one left is named nowhere, and the next one takes its place.
    if (this.#rewrite !== rewrite) return;
    try {
      this.#adopt(rewrite.base);
    } catch (error) {
      folder.removeNow(rewrite.base.name);
      this.#fail(rewrite, messageOf(error));
      return;
    }
    this.#rewrite = undefined;
    this.#settledBytes = bytes;
    this.#baseBytes = this.#currentBytes;
    this.#noteRewrite(true, rewrite);
    this.#options.log('notice', `The append-only file was rewritten: ${bytes} bytes of base`);
    this.#forgetHistory();
  }

  /** The new base takes the place of what it was made of. */
  #adopt(base: AofPart): void {
    const folder = this.#folder;
    const manifest = rewritten(this.#manifest, base, this.isOn && !this.#awaitsBase);
    if (!this.#awaitsBase) {
      folder.writeManifest(manifest);
      this.#manifest = manifest;
      return;
    }
    const next = this.#withIncrement({
      ...manifest,
      increments: this.#manifest.increments,
    });
    renameSync(folder.pathOf(pendingIncrementName(folder.filename)), folder.pathOf(next.part.name));
    // From here on the increment has its name, so even a manifest that fails changes nothing here.
    const adopted = { ...manifest, increments: [next.part] };
    try {
      folder.writeManifest(adopted);
    } catch (error) {
      renameSync(
        folder.pathOf(next.part.name),
        folder.pathOf(pendingIncrementName(folder.filename)),
      );
      throw error;
    }
    this.#manifest = adopted;
    this.#awaitsBase = false;
  }

  #withIncrement(manifest: AofManifest): ReturnType<typeof withIncrement> {
    const next = withIncrement(manifest, this.#folder.filename, this.#lastIncrement);
    this.#lastIncrement = next.part.sequence;
    return next;
  }

  #fail(rewrite: Rewrite, reason: string): void {
    if (this.#rewrite !== rewrite) return;
    this.#rewrite = undefined;
    this.#options.log('warning', `The append-only file was not rewritten: ${reason}`);
    this.#noteRewrite(false, rewrite);
    // Without a base nothing that is appended counts.
    if (this.#awaitsBase) this.#record.isScheduled = true;
  }

  #noteRewrite(isDone: boolean, rewrite?: Rewrite): void {
    const { log, nowMs } = this.#options;
    const minutes = this.#record.note(isDone, rewrite?.startedAtMs, nowMs());
    if (minutes === 0) return;
    const { failuresInRow } = this.#record;
    log('warning', `Rewriting failed ${failuresInRow} times in a row; again in ${minutes} min`);
  }

  #cancelRewrite(): void {
    this.#rewrite?.file.cancel();
    this.#rewrite = undefined;
  }

  // --- the end ------------------------------------------------------------------

  /** @returns why the node should rather not end. */
  finish(): Failure {
    if (this.#awaitsBase) return 'the first append-only file is still being written';
    this.#cancelRewrite();
    try {
      this.#writer?.finish();
      return undefined;
    } catch (error) {
      return `the append-only file cannot be written: ${messageOf(error)}`;
    }
  }

  stop(): void {
    this.#cancelRewrite();
    this.#writer?.close();
    this.#writer = undefined;
  }

  // --- facts --------------------------------------------------------------------

  get hasWriteFailed(): boolean {
    return this.#writer?.hasWriteFailed ?? false;
  }

  rewriteFacts(): RewriteFacts {
    return this.#record;
  }

  facts(): AofFacts | undefined {
    if (!this.isOn) return undefined;
    const writer = this.#writer;
    return {
      currentBytes: this.#currentBytes,
      baseBytes: this.#baseBytes,
      isRewritePending: this.#record.isScheduled,
      bufferedBytes: writer?.bufferedBytes ?? 0,
      isSyncing: writer?.isSyncing ?? false,
      delayedSyncs: writer?.delayedSyncs ?? 0,
    };
  }

  writing(): WritingFacts | undefined {
    if (this.#rewrite === undefined) return undefined;
    const { file, startedAtMs, keysTotal } = this.#rewrite;
    return { kind: 'aof', startedAtMs, keysTotal, writtenKeys: file.writtenKeys };
  }

  get #currentBytes(): number {
    return this.#settledBytes + (this.#writer?.file.bytes ?? 0);
  }

  #bytesOf(parts: readonly AofPart[]): number {
    return parts.reduce((sum, part) => sum + this.#folder.sizeOf(part), 0);
  }

  // --- files --------------------------------------------------------------------

  get #isRdbBase(): boolean {
    return this.#options.config.boolean('aof-use-rdb-preamble');
  }

  #write(file: AofFile): void {
    const { config, isSaving, log, nowMs, onFatal, onStatus } = this.#options;
    const isDiskBusy = (): boolean => this.isRewriting || isSaving();
    this.#writer = new AofWriter(file, { config, log, nowMs, isDiskBusy, onStatus, onFatal });
  }

  #closeWriter(): void {
    const writer = this.#writer;
    if (writer === undefined) return;
    this.#writer = undefined;
    writer.flush(true);
    writer.file.retire();
  }

  #newBase(): SnapshotFile {
    const { config, keyspace, nowMs, usedBytes } = this.#options;
    const seconds = Math.floor(nowMs() / 1000);
    const annotation = config.boolean('aof-timestamp-enabled') ? `#TS:${seconds}` : undefined;
    return new SnapshotFile({
      keyspace,
      databases: keyspace.databases,
      checksum: config.boolean('rdbchecksum'),
      compression: config.boolean('rdbcompression'),
      aux: auxFields(nowMs(), usedBytes(), undefined, true),
      ...(this.#isRdbBase ? {} : { commands: { annotation } }),
      temporaryPath: this.#folder.pathOf(temporaryName('aof')),
      syncsOften: config.boolean('aof-rewrite-incremental-fsync'),
    });
  }

  #forgetHistory(): void {
    const { history } = this.#manifest;
    const keeps = this.#options.config.boolean('aof-disable-auto-gc');
    if (history.length === 0 || keeps) return;
    const manifest = { ...this.#manifest, history: [] };
    try {
      this.#folder.writeManifest(manifest);
    } catch (error) {
      // It stays history, and goes after the next rewrite.
      this.#options.log('warning', `The manifest keeps its history: ${messageOf(error)}`);
      return;
    }
    this.#manifest = manifest;
    this.#folder.removeLater(history.map(({ name }) => name));
  }
}

/**
 * A snapshot that is written to a file first, and sent from there once its length is known. While it is
 * being written further replicas may join; when sending, each goes at its own pace.
 */
import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn, setTimeout as rest } from 'node:timers/promises';
import { messageOf } from '../../../kernel/errors.js';
import type { Snapshot } from '../../persistence/snapshot.js';
import { unattended } from '../fault.js';
import type { ReplicaSession, SyncRound } from './replica-session.js';
import {
  ENTRIES_PER_STEP,
  REST_MS,
  SLICE_MS,
  type SyncRoundOptions,
  UNSENT_BYTES_MAX,
} from './sync-round.js';

const PIECE_BYTES = 256 * 1024;
/** Gathered before it is written: the disk likes few long writes. */
const UNWRITTEN_BYTES_MAX = 1024 * 1024;
const NAME_HEX_BYTES = 6;

export interface FileRoundOptions extends SyncRoundOptions {
  readonly directory: string;
}

export class FileRound implements SyncRound {
  readonly form = 'counted';
  readonly #options: FileRoundOptions;
  readonly #path: string;
  readonly #sessions: Set<ReplicaSession>;
  readonly #snapshot: Snapshot;
  #chunks: Buffer[] = [];
  #gatheredBytes = 0;
  #isMaking = true;

  constructor(options: FileRoundOptions) {
    const name = `temp-sync-${process.pid}-${randomBytes(NAME_HEX_BYTES).toString('hex')}.rdb`;
    this.#options = options;
    this.#path = join(options.directory, name);
    this.#sessions = new Set(options.sessions);
    this.#snapshot = options.snapshot((chunk) => {
      this.#chunks.push(chunk);
      this.#gatheredBytes += chunk.length;
    });
  }

  get isMaking(): boolean {
    return this.#isMaking;
  }

  start(): void {
    unattended(this.#run(), this.#options.onFatal);
  }

  /** Somebody whose data were these at the moment of the snapshot: it gets what has been said since from another. */
  join(session: ReplicaSession): void {
    const [other] = this.#sessions;
    if (other !== undefined) session.holdAs(other);
    this.#sessions.add(session);
  }

  leave(session: ReplicaSession): void {
    this.#sessions.delete(session);
    if (this.#sessions.size === 0) this.#made();
  }

  async #run(): Promise<void> {
    let file: FileHandle | undefined;
    try {
      file = await open(this.#path, 'wx+');
      const bytes = await this.#make(file);
      this.#made();
      await Promise.all([...this.#sessions].map((session) => this.#sendTo(session, file!, bytes)));
    } catch (error) {
      this.#made();
      this.#options.onFailed([...this.#sessions], messageOf(error));
    } finally {
      // What cannot be removed any more (its folder is gone) concerns no replica.
      await file?.close().catch(() => undefined);
      await rm(this.#path, { force: true }).catch(() => undefined);
    }
  }

  #made(): void {
    if (!this.#isMaking) return;
    this.#isMaking = false;
    this.#snapshot.cancel();
    this.#options.onMade();
  }

  /** @returns the length of the file */
  async #make(file: FileHandle): Promise<number> {
    let bytes = 0;
    for (let isWhole = false; !isWhole && this.#isMaking;) {
      isWhole = this.#makeSome();
      if (isWhole || this.#gatheredBytes >= UNWRITTEN_BYTES_MAX) {
        const gathered = this.#takeChunks();
        bytes += gathered.length;
        await file.appendFile(gathered);
      } else await nextTurn();
    }
    return bytes;
  }

  #makeSome(): boolean {
    const untilMs = performance.now() + SLICE_MS;
    while (performance.now() < untilMs && this.#gatheredBytes < UNWRITTEN_BYTES_MAX) {
      if (this.#snapshot.advance(ENTRIES_PER_STEP)) return true;
    }
    return false;
  }

  #takeChunks(): Buffer {
    this.#gatheredBytes = 0;
    return Buffer.concat(this.#chunks.splice(0));
  }

  async #sendTo(session: ReplicaSession, file: FileHandle, bytes: number): Promise<void> {
    session.send(`$${bytes}\r\n`);
    for (let at = 0; at < bytes && this.#sessions.has(session);) {
      if (session.client.pendingBytes > UNSENT_BYTES_MAX) {
        await rest(REST_MS);
        continue;
      }
      const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, bytes - at));
      const { bytesRead } = await file.read(piece, 0, piece.length, at);
      if (bytesRead === 0) throw new Error(`${this.#path} became shorter`);
      at += bytesRead;
      if (this.#sessions.has(session)) session.send(piece.subarray(0, bytesRead));
    }
    if (this.#sessions.has(session)) session.snapshotSent();
  }
}

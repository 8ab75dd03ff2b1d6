/**
 * What commands did, on its way into the append-only file. All of a turn is written in one piece before any
 * reply of that turn leaves; how soon it is on the disk itself is `appendfsync`:
 *
 * always: before the replies as well, once for all clients of the turn. A write or a sync that fails then
 * ends the node, because it cannot keep its word any more.
 * everysec: within a second or two, in the background. A write waits for up to two seconds for a sync under
 * way, because the system would make it wait anyway, and everybody with it.
 * no: whenever the system likes.
 */
import { getSystemErrorMap } from 'node:util';
import { StreamWriter } from '../../replication/stream-writer.js';
import type { ConfigWing, Log } from '../../ports/wings.js';
import type { AofFile } from './aof-file.js';

export interface AofWriterOptions {
  readonly config: ConfigWing;
  readonly log: Log;
  readonly nowMs: () => number;
  /** Something is being written besides, so that syncs may be left out if the configuration says so. */
  readonly isDiskBusy: () => boolean;
  /** `error` has changed. */
  readonly onStatus: () => void;
  /** The node cannot keep its word and must end. */
  readonly onFatal: (reason: string) => void;
}

type Policy = 'always' | 'everysec' | 'no';

const POSTPONE_SECONDS = 2;
/** A full disk is told of every half minute, not with every write. */
const COMPLAINT_SECONDS = 30;

export class AofWriter {
  readonly #options: AofWriterOptions;
  readonly #stream = new StreamWriter();
  #file: AofFile;
  /** What a failed or postponed write left. */
  #unwritten: Buffer | undefined;
  #policy: Policy = 'everysec';
  #hasTimestamps = false;
  #timestampSeconds = 0;
  #postponedAtSeconds: number | undefined;
  #lastSyncSeconds: number;
  #complainedAtSeconds = 0;
  #writeError: string | undefined;
  #syncError: string | undefined;
  #delayedSyncs = 0;

  constructor(file: AofFile, options: AofWriterOptions) {
    this.#file = file;
    this.#options = options;
    this.#lastSyncSeconds = this.#nowSeconds;
    this.readConfig();
  }

  /** Call when `appendfsync` or `aof-timestamp-enabled` changed. */
  readConfig(): void {
    const { config } = this.#options;
    this.#policy = config.get('appendfsync') as Policy;
    this.#hasTimestamps = config.boolean('aof-timestamp-enabled');
  }

  get file(): AofFile {
    return this.#file;
  }

  get bufferedBytes(): number {
    return this.#stream.pendingBytes + (this.#unwritten?.length ?? 0);
  }

  get delayedSyncs(): number {
    return this.#delayedSyncs;
  }

  get isSyncing(): boolean {
    return this.#file.isSyncing;
  }

  get hasWriteFailed(): boolean {
    return this.#writeError !== undefined;
  }

  /** What the disk says while writes do not reach it. */
  get error(): string | undefined {
    return this.#writeError ?? this.#syncError;
  }

  append(db: number, argv: readonly string[]): void {
    if (this.#hasTimestamps) this.#annotate();
    this.#stream.command(db, argv);
  }

  /** A new increment: the reader to come begins with database 0, and with this file alone. */
  goOn(file: AofFile): void {
    this.flush(true);
    this.#file.retire();
    this.#file = file;
    this.#stream.forgetDb();
    this.#lastSyncSeconds = this.#nowSeconds;
  }

  /** At the end of every turn, and ten times a second. */
  flush(isForced = false): void {
    if (this.bufferedBytes > 0) {
      if (!isForced && this.#isPostponed()) return;
      if (!this.#write()) return;
    }
    if (!this.#file.isSynced) this.#sync();
  }

  /** The last write; what was acknowledged is on the disk when this returns. @throws what the disk says. */
  finish(): void {
    this.flush(true);
    if (this.error !== undefined) throw new Error(this.error);
    this.#file.syncNow();
  }

  close(): void {
    this.#file.closeNow();
  }

  #annotate(): void {
    const seconds = this.#nowSeconds;
    if (seconds <= this.#timestampSeconds) return;
    this.#timestampSeconds = seconds;
    this.#stream.annotate(`#TS:${seconds}`);
  }

  #isPostponed(): boolean {
    if (this.#policy !== 'everysec' || !this.#file.isSyncing) {
      return false;
    }
    const seconds = this.#nowSeconds;
    this.#postponedAtSeconds ??= seconds;
    if (seconds - this.#postponedAtSeconds < POSTPONE_SECONDS) return true;
    this.#delayedSyncs++;
    this.#options.log(
      'notice',
      'A sync of the append-only file takes long: writing without waiting for it, which may be slow',
    );
    return false;
  }

  #write(): boolean {
    const fresh = this.#stream.pendingBytes === 0 ? undefined : this.#stream.take();
    const rest = this.#unwritten;
    const bytes = rest && fresh ? Buffer.concat([rest, fresh]) : (rest ?? fresh!);
    this.#unwritten = undefined;
    this.#postponedAtSeconds = undefined;
    const failure = this.#file.write(bytes);
    if (failure === undefined) {
      this.#settleWrite(undefined);
      return true;
    }
    this.#unwritten = bytes.subarray(failure.kept);
    const text = systemText(failure.error);
    this.#complain(`Cannot write to the append-only file: ${text}`);
    if (this.#policy === 'always')
      this.#options.onFatal(`cannot write ${this.#file.path}: ${text}`);
    else this.#settleWrite(text);
    return false;
  }

  #sync(): void {
    const { config, isDiskBusy, onFatal } = this.#options;
    if (config.boolean('no-appendfsync-on-rewrite') && isDiskBusy()) return;
    if (this.#policy === 'always') {
      try {
        this.#file.syncNow();
      } catch (error) {
        onFatal(`cannot sync ${this.#file.path}: ${systemText(error as NodeJS.ErrnoException)}`);
      }
      this.#lastSyncSeconds = this.#nowSeconds;
    } else if (this.#policy === 'everysec' && this.#nowSeconds > this.#lastSyncSeconds) {
      this.#lastSyncSeconds = this.#nowSeconds;
      if (!this.#file.isSyncing) this.#file.sync((error) => this.#settleSync(error));
    }
  }

  #settleWrite(error: string | undefined): void {
    if (error === this.#writeError) return;
    if (error === undefined) {
      this.#options.log('warning', 'The append-only file can be written again');
      this.#complainedAtSeconds = 0;
    }
    this.#writeError = error;
    this.#options.onStatus();
  }

  #settleSync(thrown: NodeJS.ErrnoException | null): void {
    const error = thrown === null ? undefined : systemText(thrown);
    if (error === this.#syncError) return;
    if (error !== undefined) this.#complain(`Cannot sync the append-only file: ${error}`);
    this.#syncError = error;
    this.#options.onStatus();
  }

  #complain(text: string): void {
    const seconds = this.#nowSeconds;
    if (seconds - this.#complainedAtSeconds <= COMPLAINT_SECONDS) return;
    this.#complainedAtSeconds = seconds;
    this.#options.log('warning', text);
  }

  get #nowSeconds(): number {
    return Math.floor(this.#options.nowMs() / 1000);
  }
}

/** As strerror(3) says it: `No space left on device`. */
export function systemText({ errno, message }: NodeJS.ErrnoException): string {
  const text = errno === undefined ? undefined : getSystemErrorMap().get(errno)?.[1];
  return text === undefined ? message : text.charAt(0).toUpperCase() + text.slice(1);
}

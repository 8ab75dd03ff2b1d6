/**
 * What a replica says to its primary and hears from it, from the first PING to the first byte of the
 * stream: a machine without a socket. Bytes go in, in any chunks; effects come out in order.
 *
 *   greeting -> asking -> (continue) ------------------------> streaming
 *                      -> (full) announced -> transferring -> ^
 */
import { RdbError } from '../../wire/rdb/format.js';
import { type RdbListener, RdbReader } from '../../wire/rdb/reader.js';
import { encodeRequest } from '../../wire/resp/request-encoder.js';

export interface LinkIntroduction {
  readonly user: string;
  /** Empty: no AUTH. */
  readonly password: string;
  readonly listeningPort: number;
  /** Empty: the primary takes the address it sees. */
  readonly announcedIp: string;
  /** Valkey tells its version; a primary that does not know the word says so, and nothing depends on it. */
  readonly version?: string;
}

/** The history we can go on from; undefined asks for everything. */
export interface LinkResume {
  readonly replicationId: string;
  /** Bytes applied. */
  readonly offset: number;
  /** We were the primary until now, and ask the other side to take our place. */
  readonly isFailover?: boolean;
}

export type LinkEffect =
  | { readonly kind: 'send'; readonly text: string }
  /** The primary goes on from our offset; with a new id if it was promoted meanwhile. */
  | { readonly kind: 'continue'; readonly replicationId: string | undefined }
  /** A snapshot comes: see `SnapshotTaker`. */
  | { readonly kind: 'full-sync'; readonly replicationId: string; readonly offset: number }
  /** Bytes of a snapshot that is collected. */
  | { readonly kind: 'snapshot'; readonly bytes: Buffer }
  /** The snapshot is whole: put it in place. `needsAck`: the primary waits for an ACK before it streams. */
  | { readonly kind: 'loaded'; readonly needsAck: boolean }
  | { readonly kind: 'stream'; readonly bytes: Buffer }
  /** This attempt is over. `isFinal`: trying again soon will not help. */
  | { readonly kind: 'give-up'; readonly reason: string; readonly isFinal: boolean };

/** A snapshot is read as it comes, its keys going to a listener, or its bytes are collected. */
export type SnapshotTaker = RdbListener | 'collect';

export type LinkPhase = 'greeting' | 'asking' | 'announced' | 'transferring' | 'streaming' | 'over';

/** What an RDB header line announces. */
interface TransferFrame {
  /** Bytes of the file, or undefined in the form that ends with a mark. */
  readonly length: number | undefined;
  readonly mark: Buffer;
}

const LINE_BYTES_MAX = 16 * 1024;
const MARK_BYTES = 40;

export class PrimaryLink {
  readonly #introduction: LinkIntroduction;
  readonly #resume: LinkResume | undefined;
  readonly #startTransfer: () => SnapshotTaker;
  #phase: LinkPhase = 'greeting';
  /** Commands sent whose reply line has not come, oldest first. */
  #awaited: string[] = [];
  #lines: Buffer = Buffer.alloc(0);
  /** Undefined while the snapshot is collected. */
  #reader: RdbReader | undefined;
  #frame: TransferFrame | undefined;
  #transferredBytes = 0;
  #effects: LinkEffect[] = [];

  constructor(
    introduction: LinkIntroduction,
    resume: LinkResume | undefined,
    startTransfer: () => SnapshotTaker,
  ) {
    this.#introduction = introduction;
    this.#resume = resume;
    this.#startTransfer = startTransfer;
  }

  get phase(): LinkPhase {
    return this.#phase;
  }

  /** Bytes of the snapshot: all (-1 before it begins, 0 if the primary does not say) and received. */
  get transfer(): { readonly totalBytes: number; readonly readBytes: number } {
    const totalBytes = this.#frame === undefined ? -1 : (this.#frame.length ?? 0);
    return { totalBytes, readBytes: this.#transferredBytes };
  }

  connected(): LinkEffect[] {
    this.#request('PING');
    return this.#take();
  }

  receive(chunk: Buffer): LinkEffect[] {
    let bytes: Buffer | undefined = chunk;
    while (bytes !== undefined && bytes.length > 0) {
      if (this.#phase === 'streaming') {
        this.#effects.push({ kind: 'stream', bytes });
        bytes = undefined;
      } else if (this.#phase === 'transferring') bytes = this.#receiveSnapshot(bytes);
      else if (this.#phase === 'over') bytes = undefined;
      else bytes = this.#receiveLine(bytes);
    }
    return this.#take();
  }

  #take(): LinkEffect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  #request(...argv: readonly string[]): void {
    this.#effects.push({ kind: 'send', text: encodeRequest(argv) });
    this.#awaited.push(argv[0]!);
  }

  #giveUp(reason: string, isFinal = false): void {
    this.#phase = 'over';
    this.#effects.push({ kind: 'give-up', reason, isFinal });
  }

  /** Takes one line. @returns the bytes behind it, or undefined when the line is not whole yet. */
  #receiveLine(bytes: Buffer): Buffer | undefined {
    const all = this.#lines.length === 0 ? bytes : Buffer.concat([this.#lines, bytes]);
    const end = all.indexOf(10);
    if (end < 0) {
      if (all.length > LINE_BYTES_MAX) this.#giveUp('the primary sends an endless line');
      this.#lines = Buffer.from(all);
      return undefined;
    }
    this.#lines = Buffer.alloc(0);
    const line = all.latin1Slice(0, end > 0 && all[end - 1] === 13 ? end - 1 : end);
    // Empty lines keep the link alive while the primary prepares the snapshot.
    if (line !== '') this.#takeLine(line);
    return all.subarray(end + 1);
  }

  #takeLine(line: string): void {
    if (this.#phase === 'announced') {
      this.#takeTransferHeader(line);
      return;
    }
    const command = this.#awaited.shift();
    switch (command) {
      case 'PING': {
        this.#takePong(line);
        return;
      }
      case 'AUTH':
        if (line.startsWith('-'))
          this.#giveUp(`the primary refuses our password: ${line.slice(1)}`);
        return;
      case 'REPLCONF':
        // An older primary may not know an option; nothing depends on the answer.
        if (this.#awaited.length === 0) this.#ask();
        return;
      case 'PSYNC': {
        this.#takeSyncAnswer(line);
        return;
      }
      default: {
        this.#giveUp(`unexpected line from the primary: ${line}`);
        return;
      }
    }
  }

  #takePong(line: string): void {
    const isAlive = /^(?:\+|-NOAUTH|-NOPERM|-ERR operation not permitted)/.test(line);
    if (!isAlive) {
      this.#giveUp(`the primary answers PING with ${line}`);
      return;
    }
    const { user, password, listeningPort, announcedIp, version } = this.#introduction;
    if (password !== '') {
      if (user === '') this.#request('AUTH', password);
      else this.#request('AUTH', user, password);
    }
    this.#request('REPLCONF', 'listening-port', String(listeningPort));
    if (announcedIp !== '') this.#request('REPLCONF', 'ip-address', announcedIp);
    this.#request('REPLCONF', 'capa', 'eof', 'capa', 'psync2');
    if (version !== undefined) this.#request('REPLCONF', 'version', version);
  }

  #ask(): void {
    this.#phase = 'asking';
    if (this.#resume === undefined) {
      this.#request('PSYNC', '?', '-1');
      return;
    }
    const { replicationId, offset, isFailover } = this.#resume;
    const word = isFailover === true ? ['FAILOVER'] : [];
    this.#request('PSYNC', replicationId, String(offset + 1), ...word);
  }

  #takeSyncAnswer(line: string): void {
    const full = /^\+FULLRESYNC ([0-9a-zA-Z]{40}) ([0-9]{1,16})$/.exec(line);
    if (full) {
      this.#announce(full[1]!, Number(full[2]));
      return;
    }
    const partial = /^\+CONTINUE(?: ([0-9a-zA-Z]{40}))?$/.exec(line);
    if (partial && this.#resume) {
      this.#phase = 'streaming';
      this.#effects.push({ kind: 'continue', replicationId: partial[1] });
      return;
    }
    this.#giveUp(`the primary does not let us synchronize: ${line.replace(/^-/, '')}`);
  }

  #announce(replicationId: string, offset: number): void {
    this.#phase = 'announced';
    this.#effects.push({ kind: 'full-sync', replicationId, offset });
  }

  #takeTransferHeader(line: string): void {
    const withLength = /^\$([0-9]{1,15})$/.exec(line);
    const withMark = /^\$EOF:(.{40})$/s.exec(line);
    if (withLength) this.#frame = { length: Number(withLength[1]), mark: Buffer.alloc(0) };
    else if (withMark)
      this.#frame = { length: undefined, mark: Buffer.from(withMark[1]!, 'latin1') };
    else {
      this.#giveUp(`the primary cannot send its data: ${line.replace(/^-/, '')}`);
      return;
    }
    this.#phase = 'transferring';
    const taker = this.#startTransfer();
    this.#reader = taker === 'collect' ? undefined : new RdbReader(taker);
  }

  /** Takes bytes of the snapshot. @returns what lies behind its end. */
  #receiveSnapshot(bytes: Buffer): Buffer | undefined {
    const { length, mark } = this.#frame!;
    const reader = this.#reader;
    if (reader === undefined) {
      return length === undefined
        ? this.#collectMarked(mark, bytes)
        : this.#collectCounted(length, bytes);
    }
    let rest: Buffer | undefined = bytes;
    try {
      const wanted = length === undefined ? bytes.length : length - this.#transferredBytes;
      const mine = bytes.subarray(0, wanted);
      this.#transferredBytes += mine.length;
      if (!reader.isDone) {
        const behind = reader.push(mine);
        if (length === undefined) rest = behind;
        else rest = bytes.subarray(mine.length);
      } else if (length !== undefined) rest = bytes.subarray(mine.length);
    } catch (error) {
      if (!(error instanceof RdbError)) throw error;
      this.#giveUp(error.message, error.fault === 'unsupported' || error.fault === 'version');
      return undefined;
    }
    if (length !== undefined) return this.#finishCounted(length, rest);
    return reader.isDone ? this.#finishMarked(mark, rest ?? Buffer.alloc(0)) : undefined;
  }

  #collectCounted(length: number, bytes: Buffer): Buffer | undefined {
    const mine = bytes.subarray(0, length - this.#transferredBytes);
    this.#transferredBytes += mine.length;
    this.#effects.push({ kind: 'snapshot', bytes: mine });
    if (this.#transferredBytes < length) return undefined;
    this.#finish(false);
    return bytes.subarray(mine.length);
  }

  /** Behind the mark the primary says nothing until it hears from us, so the mark is what comes last. */
  #collectMarked(mark: Buffer, bytes: Buffer): Buffer | undefined {
    this.#transferredBytes += bytes.length;
    const all = this.#lines.length === 0 ? bytes : Buffer.concat([this.#lines, bytes]);
    const end = Math.max(0, all.length - MARK_BYTES);
    this.#lines = Buffer.from(all.subarray(end));
    if (end > 0) this.#effects.push({ kind: 'snapshot', bytes: all.subarray(0, end) });
    if (this.#lines.equals(mark)) {
      this.#lines = Buffer.alloc(0);
      this.#finish(true);
    }
    return undefined;
  }

  #finishCounted(length: number, rest: Buffer | undefined): Buffer | undefined {
    if (this.#transferredBytes < length) return undefined;
    if (!this.#reader!.isDone) {
      this.#giveUp('the snapshot ends in the middle');
      return undefined;
    }
    this.#finish(false);
    return rest;
  }

  /** The mark may come in pieces of its own; `#lines` collects it. */
  #finishMarked(mark: Buffer, rest: Buffer): Buffer | undefined {
    const all = Buffer.concat([this.#lines, rest]);
    if (all.length < MARK_BYTES) {
      this.#lines = all;
      return undefined;
    }
    this.#lines = Buffer.alloc(0);
    if (!all.subarray(0, MARK_BYTES).equals(mark)) {
      this.#giveUp('the snapshot is not followed by its end mark');
      return undefined;
    }
    this.#finish(true);
    return all.subarray(MARK_BYTES);
  }

  #finish(needsAck: boolean): void {
    this.#reader = undefined;
    this.#phase = 'streaming';
    this.#effects.push({ kind: 'loaded', needsAck });
  }
}

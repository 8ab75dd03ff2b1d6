/**
 * What a replica says to its primary and hears from it, from the first PING to the first byte of the
 * stream: a machine without a socket. Bytes go in, in any chunks; effects come out in order.
 *
 *   greeting -> asking -> (continue) ------------------------> streaming
 *                      -> (full) announced -> transferring -> ^
 *                      -> (refused: SYNC) announced ...
 */
import { encodeRequest } from '../../wire/resp/request-encoder.js';
import { IncomingSnapshot, readFrame, type SnapshotTaker } from './incoming-snapshot.js';

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
  /** PSYNC was refused, so SYNC was said, the old form: a snapshot comes, of a history without name and offset. */
  | { readonly kind: 'plain-sync'; readonly refusal: string }
  /** Bytes of a snapshot that is collected. */
  | { readonly kind: 'snapshot'; readonly bytes: Buffer }
  /** The snapshot is whole: put it in place. `needsAck`: the primary waits for an ACK before it streams. */
  | { readonly kind: 'loaded'; readonly needsAck: boolean }
  | { readonly kind: 'stream'; readonly bytes: Buffer }
  /** This attempt is over. `isFinal`: trying again soon will not help. */
  | { readonly kind: 'give-up'; readonly reason: string; readonly isFinal: boolean };

export type LinkPhase = 'greeting' | 'asking' | 'announced' | 'transferring' | 'streaming' | 'over';

const LINE_BYTES_MAX = 16 * 1024;
/** It knows PSYNC, and cannot serve it now; whoever refuses for another reason is asked by SYNC. */
const LATER = /^-(?:NOMASTERLINK|LOADING)/;

export class PrimaryLink {
  readonly #introduction: LinkIntroduction;
  readonly #resume: LinkResume | undefined;
  readonly #startTransfer: () => SnapshotTaker;
  #phase: LinkPhase = 'greeting';
  /** Commands sent whose reply line has not come, oldest first. */
  #awaited: string[] = [];
  #lines: Buffer = Buffer.alloc(0);
  #snapshot: IncomingSnapshot | undefined;
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
    const snapshot = this.#snapshot;
    if (snapshot === undefined) return { totalBytes: -1, readBytes: 0 };
    return { totalBytes: snapshot.frame.length ?? 0, readBytes: snapshot.readBytes };
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
      this.#phase = 'announced';
      this.#effects.push({ kind: 'full-sync', replicationId: full[1]!, offset: Number(full[2]) });
      return;
    }
    const partial = /^\+CONTINUE(?: ([0-9a-zA-Z]{40}))?$/.exec(line);
    if (partial && this.#resume) {
      this.#phase = 'streaming';
      this.#effects.push({ kind: 'continue', replicationId: partial[1] });
      return;
    }
    if (!line.startsWith('-') || LATER.test(line) || this.#resume?.isFailover === true) {
      this.#giveUp(`the primary does not let us synchronize: ${line.replace(/^-/, '')}`);
      return;
    }
    this.#phase = 'announced';
    this.#effects.push({ kind: 'plain-sync', refusal: line.slice(1) });
    this.#effects.push({ kind: 'send', text: encodeRequest(['SYNC']) });
  }

  #takeTransferHeader(line: string): void {
    const frame = readFrame(line);
    if (frame === undefined) {
      this.#giveUp(`the primary cannot send its data: ${line.replace(/^-/, '')}`);
      return;
    }
    this.#phase = 'transferring';
    this.#snapshot = new IncomingSnapshot(frame, this.#startTransfer(), (bytes) =>
      this.#effects.push({ kind: 'snapshot', bytes }),
    );
  }

  /** Takes bytes of the snapshot. @returns what lies behind its end. */
  #receiveSnapshot(bytes: Buffer): Buffer | undefined {
    const snapshot = this.#snapshot!;
    const intake = snapshot.receive(bytes);
    switch (intake.kind) {
      case 'more':
        return undefined;
      case 'whole':
        this.#phase = 'streaming';
        this.#effects.push({ kind: 'loaded', needsAck: snapshot.isMarked });
        return intake.rest;
      case 'damaged':
        this.#giveUp(intake.reason, intake.isFinal);
        return undefined;
    }
  }
}

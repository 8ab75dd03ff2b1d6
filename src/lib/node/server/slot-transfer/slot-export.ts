/**
 * The source's half: the picture of the slots' keys as commands, then every write to them that came after the
 * moment of the picture, in one stream. Marks stand in it that the target sends back once it has applied what
 * is before them: so the source knows how far behind the target is, and that it is alive. It sends no more than
 * the target can apply in passing, because that one has clients too.
 */
import type { SlotRange } from '../../../kernel/ranges.js';
import { requestBytes } from '../../../wire/resp/request-encoder.js';
import { Snapshot } from '../../persistence/snapshot.js';
import { SlotEntry } from '../../store/entry.js';
import type { Keyspace } from '../../store/keyspace.js';
import { guarded } from '../fault.js';
import type { Channel } from './channel.js';

export interface SlotExportOptions {
  readonly channel: Channel;
  readonly keyspace: Keyspace;
  readonly ranges: readonly SlotRange[];
  /** More than that waiting for the target ends the transfer; 0 is no bound. */
  readonly waitingBytesMax: () => number;
  readonly copied: () => void;
  readonly confirmed: (unsentBytes: number, unconfirmedBytes: number, bytes: number) => void;
  readonly broken: (why: string) => void;
}

const ENTRIES_PER_STEP = 100;
/** Long enough to get somewhere, short enough not to be felt by clients. */
const SLICE_MS = 2;
/** On its way to the target, or there and not applied: some milliseconds' work. */
const WINDOW_BYTES = 128 * 1024;
const MARK_EVERY_BYTES = 16 * 1024;
const MARK_EVERY_MS = 1000;

export class SlotExport {
  readonly #options: SlotExportOptions;
  readonly #slots = new Set<number>();
  #snapshot: Snapshot | undefined;
  /** Writes that wait for the end of the picture, or for the end of this round of the event loop. */
  #waiting: Buffer[] = [];
  #nextWaiting = 0;
  #waitingBytes = 0;
  #sentBytes = 0;
  #confirmedBytes = 0;
  #markedBytes = 0;
  #db = -1;
  #state: 'agreed' | 'copying' | 'following' | 'over' = 'agreed';
  #isScheduled = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: SlotExportOptions) {
    this.#options = options;
    for (const { first, last } of options.ranges) {
      for (let slot = first; slot <= last; slot++) this.#slots.add(slot);
    }
  }

  covers(slot: number): boolean {
    return this.#slots.has(slot);
  }

  /** The moment of the picture is now. */
  begin(): void {
    const { keyspace } = this.#options;
    this.#state = 'copying';
    this.#snapshot = new Snapshot({
      keyspace,
      databases: keyspace.databases,
      belongs: (entry) => entry instanceof SlotEntry && this.#slots.has(entry.slot),
      emit: (chunk) => this.#send(chunk),
      checksum: false,
      aux: [],
      commands: { annotation: undefined },
    });
    this.#timer = setInterval(() => this.#guarded(() => this.#mark()), MARK_EVERY_MS);
    this.#timer.unref();
    this.#copy();
  }

  /** A write to one of the slots, as replicas hear it. */
  feed(db: number, argv: readonly string[]): void {
    if (this.#state === 'over' || this.#state === 'agreed') return;
    if (db !== this.#db) this.#wait(requestBytes(['SELECT', String(db)]));
    this.#db = db;
    this.#wait(requestBytes(argv));
    if (this.#state === 'following' && !this.#isScheduled) {
      this.#isScheduled = true;
      setImmediate(() => this.#guarded(() => this.#follow()));
    }
    this.#judgeBacklog();
  }

  /** Nothing more is sent but these words. */
  seal(words: readonly string[]): void {
    while (this.#waitingBytes > 0) this.#sendSome();
    this.#send(requestBytes(['CLUSTER', 'SYNCSLOTS', ...words]));
    this.stop();
  }

  /** The target has applied that much. */
  confirm(bytes: number): void {
    const wasShut = this.#isShut;
    this.#confirmedBytes = bytes;
    if (this.#state === 'copying' && wasShut) this.#copy();
    if (this.#state !== 'following') return;
    if (wasShut) this.#follow();
    const { channel, confirmed } = this.#options;
    confirmed(channel.pendingBytes + this.#waitingBytes, this.#sentBytes - bytes, bytes);
  }

  /** The window: enough is on its way. */
  get #isShut(): boolean {
    return this.#sentBytes - this.#confirmedBytes > WINDOW_BYTES;
  }

  stop(): void {
    this.#state = 'over';
    clearInterval(this.#timer);
    this.#snapshot?.cancel();
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  /** An error of ours is the end of this transfer, and of nothing else: nothing has changed hands yet. */
  #guarded(work: () => void): void {
    guarded(work, (reason) => this.#options.broken(reason));
  }

  #copy(): void {
    if (this.#state !== 'copying') return;
    const untilMs = performance.now() + SLICE_MS;
    let isDone = false;
    while (!isDone && !this.#isShut && performance.now() < untilMs) {
      isDone = this.#snapshot!.advance(ENTRIES_PER_STEP);
    }
    if (!isDone) {
      if (this.#isShut) this.#mark();
      else setImmediate(() => this.#guarded(() => this.#copy()));
      return;
    }
    this.#send(requestBytes(['CLUSTER', 'SYNCSLOTS', 'COPIED']));
    // Whatever database the picture ended in.
    this.#state = 'following';
    this.#options.copied();
    this.#follow();
  }

  #follow(): void {
    this.#isScheduled = false;
    if (this.#state !== 'following') return;
    while (this.#waitingBytes > 0 && !this.#isShut) this.#sendSome();
    this.#mark();
  }

  #mark(): void {
    if (this.#state === 'over') return;
    this.#markedBytes = this.#sentBytes;
    this.#send(requestBytes(['CLUSTER', 'SYNCSLOTS', 'MARK', String(this.#sentBytes)]));
  }

  #wait(bytes: Buffer): void {
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
  }

  /** Many small writes leave as one. */
  #sendSome(): void {
    const batch: Buffer[] = [];
    let bytes = 0;
    while (this.#nextWaiting < this.#waiting.length && bytes < MARK_EVERY_BYTES) {
      const write = this.#waiting[this.#nextWaiting++]!;
      batch.push(write);
      bytes += write.length;
    }
    this.#waitingBytes -= bytes;
    if (this.#nextWaiting === this.#waiting.length) {
      this.#waiting = [];
      this.#nextWaiting = 0;
    }
    this.#send(Buffer.concat(batch));
  }

  #send(bytes: Uint8Array): void {
    this.#sentBytes += bytes.length;
    this.#options.channel.write(bytes);
    if (this.#sentBytes - this.#markedBytes > MARK_EVERY_BYTES) this.#mark();
  }

  #judgeBacklog(): void {
    const limit = this.#options.waitingBytesMax();
    const waiting = this.#waitingBytes + this.#options.channel.pendingBytes;
    if (limit > 0 && waiting > limit) {
      this.#options.broken('The target does not keep up: output buffer limit reached');
    }
  }
}

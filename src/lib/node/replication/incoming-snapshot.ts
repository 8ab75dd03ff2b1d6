/**
 * A snapshot on its way in, in either form: so many bytes, or bytes with a mark behind their end. It is read
 * as it comes, its keys going to a listener, or its bytes are handed on to whoever collects them.
 */
import { RdbError } from '../../wire/rdb/format.js';
import { type RdbListener, RdbReader } from '../../wire/rdb/reader.js';

/** A snapshot is read as it comes, its keys going to a listener, or its bytes are collected. */
export type SnapshotTaker = RdbListener | 'collect';

/** What the line before it announces. */
export interface SnapshotFrame {
  /** Bytes of the file, or undefined in the form that ends with a mark. */
  readonly length: number | undefined;
  readonly mark: Buffer;
}

export type Intake =
  | { readonly kind: 'more' }
  /** It is whole; `rest` lies behind it. */
  | { readonly kind: 'whole'; readonly rest: Buffer }
  /** `isFinal`: the next one will be no better. */
  | { readonly kind: 'damaged'; readonly reason: string; readonly isFinal: boolean };

const MARK_BYTES = 40;
const MORE: Intake = { kind: 'more' };

/** @returns undefined when the line announces no snapshot. */
export function readFrame(line: string): SnapshotFrame | undefined {
  const withLength = /^\$([0-9]{1,15})$/.exec(line);
  if (withLength) return { length: Number(withLength[1]), mark: Buffer.alloc(0) };
  const withMark = /^\$EOF:(.{40})$/s.exec(line);
  if (withMark) return { length: undefined, mark: Buffer.from(withMark[1]!, 'latin1') };
  return undefined;
}

export class IncomingSnapshot {
  readonly frame: SnapshotFrame;
  readonly #collect: (bytes: Buffer) => void;
  /** Undefined while the snapshot is collected. */
  readonly #reader: RdbReader | undefined;
  #readBytes = 0;
  /** What may be, or become, the mark: it may come in pieces of its own. */
  #tail: Buffer = Buffer.alloc(0);

  /** @param collect gets the bytes, when the taker collects them */
  constructor(frame: SnapshotFrame, taker: SnapshotTaker, collect: (bytes: Buffer) => void) {
    this.frame = frame;
    this.#reader = taker === 'collect' ? undefined : new RdbReader(taker);
    this.#collect = collect;
  }

  get readBytes(): number {
    return this.#readBytes;
  }

  get isMarked(): boolean {
    return this.frame.length === undefined;
  }

  receive(bytes: Buffer): Intake {
    const { length, mark } = this.frame;
    if (this.#reader === undefined) {
      return length === undefined
        ? this.#collectMarked(mark, bytes)
        : this.#collectCounted(length, bytes);
    }
    return this.#read(this.#reader, bytes);
  }

  #read(reader: RdbReader, bytes: Buffer): Intake {
    const { length, mark } = this.frame;
    let rest: Buffer | undefined = bytes;
    try {
      const wanted = length === undefined ? bytes.length : length - this.#readBytes;
      const mine = bytes.subarray(0, wanted);
      this.#readBytes += mine.length;
      if (!reader.isDone) {
        const behind = reader.push(mine);
        if (length === undefined) rest = behind;
        else rest = bytes.subarray(mine.length);
      } else if (length !== undefined) rest = bytes.subarray(mine.length);
    } catch (error) {
      if (!(error instanceof RdbError)) throw error;
      const isFinal = error.fault === 'unsupported' || error.fault === 'version';
      return { kind: 'damaged', reason: error.message, isFinal };
    }
    if (length === undefined) {
      return reader.isDone ? this.#awaitMark(mark, rest ?? Buffer.alloc(0)) : MORE;
    }
    if (this.#readBytes < length) return MORE;
    if (!reader.isDone) return damaged('the snapshot ends in the middle');
    return { kind: 'whole', rest: rest ?? Buffer.alloc(0) };
  }

  #awaitMark(mark: Buffer, rest: Buffer): Intake {
    const all = Buffer.concat([this.#tail, rest]);
    this.#tail = all;
    if (all.length < MARK_BYTES) return MORE;
    if (!all.subarray(0, MARK_BYTES).equals(mark)) {
      return damaged('the snapshot is not followed by its end mark');
    }
    return { kind: 'whole', rest: all.subarray(MARK_BYTES) };
  }

  #collectCounted(length: number, bytes: Buffer): Intake {
    const mine = bytes.subarray(0, length - this.#readBytes);
    this.#readBytes += mine.length;
    this.#collect(mine);
    return this.#readBytes < length ? MORE : { kind: 'whole', rest: bytes.subarray(mine.length) };
  }

  /** Behind the mark the primary says nothing until it hears from us, so the mark is what comes last. */
  #collectMarked(mark: Buffer, bytes: Buffer): Intake {
    this.#readBytes += bytes.length;
    const all = this.#tail.length === 0 ? bytes : Buffer.concat([this.#tail, bytes]);
    const end = Math.max(0, all.length - MARK_BYTES);
    this.#tail = Buffer.from(all.subarray(end));
    if (end > 0) this.#collect(all.subarray(0, end));
    return this.#tail.equals(mark) ? { kind: 'whole', rest: Buffer.alloc(0) } : MORE;
  }
}

function damaged(reason: string): Intake {
  return { kind: 'damaged', reason, isFinal: false };
}

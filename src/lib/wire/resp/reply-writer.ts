/**
 * The reply sink of a connection: bytes that gather while the commands of a turn run, and leave together.
 *
 * Short texts are written character by character: up to a few dozen of them a call out of JavaScript costs
 * more than the copy. Long ones get memory of their own, because one answer may be longer than any buffer;
 * the parts before them are held in order.
 */
import { formatDouble } from './double.js';
import { ReplyBuffers, SMALL_BYTES } from './reply-buffers.js';
import type { ReplySink } from './reply-sink.js';

const CR = 13;
const LF = 10;
const PLUS = 43;
const MINUS = 45;
const ZERO = 48;
const COLON = 58;
const DOLLAR = 36;
const STAR = 42;
const PERCENT = 37;
const TILDE = 126;
const GREATER = 62;
const COMMA = 44;
const EQUALS = 61;

/** Up to here a loop beats `latin1Write`. */
const LOOP_BYTES_MAX = 48;
/** Longer texts get memory of their own. */
const SHARED_BYTES_MAX = 16 * 1024;
/** A type byte, a number, CR LF twice; with the longest shared text still below the small buffer's size. */
const FRAME_BYTES_MAX = 32;
const SMALL_INTEGER_MAX = 999_999_999;

const NOTHING: Buffer = Buffer.alloc(0);

/** The beginning of a buffer, written. */
interface Part {
  readonly buffer: Buffer;
  readonly length: number;
}

/** Takes bytes; says whether they are free to be written over afterwards. */
export type TakeBytes = (bytes: Buffer) => boolean;

export class ReplyWriter implements ReplySink {
  protocol: 2 | 3 = 2;
  /** Errors written so far, and the last of them: how dispatch knows that a command failed. */
  errorCount = 0;
  lastError = '';
  readonly #buffers: ReplyBuffers;
  #buffer: Buffer = NOTHING;
  #at = 0;
  /** Full parts before `#buffer`. */
  #held: Part[] = [];
  #heldBytes = 0;

  constructor(buffers = new ReplyBuffers()) {
    this.#buffers = buffers;
  }

  /** Written and not taken. */
  get pendingBytes(): number {
    return this.#heldBytes + this.#at;
  }

  get isEmpty(): boolean {
    return this.#at === 0 && this.#held.length === 0;
  }

  /** Everything written, part by part; the writer is empty afterwards. */
  leave(take: TakeBytes): void {
    if (this.#held.length > 0) {
      const held = this.#held;
      this.#held = [];
      this.#heldBytes = 0;
      for (const { buffer, length } of held) this.#leavePart(take, buffer, length);
    }
    const length = this.#at;
    if (length === 0) return;
    const buffer = this.#buffer;
    this.#buffer = NOTHING;
    this.#at = 0;
    this.#leavePart(take, buffer, length);
  }

  /** Everything written, as latin1. */
  take(): string {
    let text = '';
    this.leave((bytes) => {
      text += bytes.latin1Slice(0, bytes.length);
      return true;
    });
    return text;
  }

  /** What is written from here on may be withdrawn: give what this returns to `withdraw`. */
  mark(): number {
    this.#hold();
    return this.#held.length;
  }

  /** Forget what was written since the mark. */
  withdraw(mark: number): void {
    for (const part of this.#held.splice(mark)) this.#heldBytes -= part.length;
    this.#at = 0;
  }

  /** Forget the latest, so that `bytes` are pending, as they were. @returns false when fewer are left. */
  rewind(bytes: number): boolean {
    let excess = this.pendingBytes - bytes;
    if (excess > this.#at) {
      excess -= this.#at;
      this.#at = 0;
      while (excess > 0) {
        const { buffer, length } = this.#held.pop()!;
        const kept = Math.max(0, length - excess);
        if (kept > 0) this.#held.push({ buffer, length: kept });
        this.#heldBytes -= length - kept;
        excess -= length - kept;
      }
    } else if (excess > 0) {
      this.#at -= excess;
    }
    return excess >= 0;
  }

  /** Forget all that was written. */
  discard(): void {
    this.withdraw(0);
  }

  // --- the sink --------------------------------------------------------------

  status(text: string): void {
    this.#line(PLUS, text);
  }

  error(text: string): void {
    this.errorCount++;
    this.lastError = text;
    // Client input may be quoted in an error; a line break in it would end the reply early.
    this.#line(MINUS, text.replace(/[\r\n]/g, ' '));
  }

  integer(value: number | bigint): void {
    if (typeof value === 'number' && value >= 0 && value <= SMALL_INTEGER_MAX) {
      this.#number(COLON, value);
    } else {
      this.#line(COLON, String(value));
    }
  }

  bulk(latin1: string): void {
    const { length } = latin1;
    if (length > SHARED_BYTES_MAX) {
      this.#number(DOLLAR, length);
      this.raw(latin1);
      this.#lineEnd();
      return;
    }
    this.#number(DOLLAR, length, length + 2);
    this.#put(latin1);
    this.#lineEnd();
  }

  null(): void {
    this.raw(this.protocol === 3 ? '_\r\n' : '$-1\r\n');
  }

  nullArray(): void {
    this.raw(this.protocol === 3 ? '_\r\n' : '*-1\r\n');
  }

  array(length: number): void {
    this.#number(STAR, length);
  }

  map(pairs: number): void {
    if (this.protocol === 3) this.#number(PERCENT, pairs);
    else this.#number(STAR, pairs * 2);
  }

  set(length: number): void {
    this.#number(this.protocol === 3 ? TILDE : STAR, length);
  }

  push(length: number): void {
    this.#number(this.protocol === 3 ? GREATER : STAR, length);
  }

  double(value: number): void {
    const digits = formatDouble(value);
    if (this.protocol === 3) this.#line(COMMA, digits);
    else this.bulk(digits);
  }

  boolean(value: boolean): void {
    if (this.protocol === 3) this.raw(value ? '#t\r\n' : '#f\r\n');
    else this.integer(value ? 1 : 0);
  }

  verbatim(latin1: string, format: 'txt' | 'mkd' = 'txt'): void {
    if (this.protocol !== 3) {
      this.bulk(latin1);
      return;
    }
    this.#number(EQUALS, latin1.length + 4);
    this.raw(`${format}:`);
    this.raw(latin1);
    this.raw('\r\n');
  }

  raw(latin1: string): void {
    if (latin1.length > SHARED_BYTES_MAX) {
      this.#hold();
      this.#holdPart(Buffer.from(latin1, 'latin1'), latin1.length);
      return;
    }
    this.#reserve(latin1.length);
    this.#put(latin1);
  }

  // --- bytes -----------------------------------------------------------------

  #line(type: number, text: string): void {
    if (text.length > SHARED_BYTES_MAX) {
      this.raw(`${String.fromCharCode(type)}${text}\r\n`);
      return;
    }
    this.#reserve(text.length + 3);
    this.#buffer[this.#at++] = type;
    this.#put(text);
    this.#lineEnd();
  }

  /** `$5`, with room for `more` bytes behind it. `value` is a whole number from 0 on. */
  #number(type: number, value: number, more = 0): void {
    this.#reserve(FRAME_BYTES_MAX + more);
    const buffer = this.#buffer;
    let at = this.#at;
    buffer[at++] = type;
    if (value < 10) {
      buffer[at++] = ZERO + value;
    } else {
      let digits = 2;
      for (let bound = 100; bound <= value; bound *= 10) digits++;
      for (let rest = value, place = at + digits; rest > 0; rest = (rest / 10) | 0) {
        buffer[--place] = ZERO + (rest % 10);
      }
      at += digits;
    }
    buffer[at++] = CR;
    buffer[at++] = LF;
    this.#at = at;
  }

  /** There is room for it. */
  #put(text: string): void {
    const { length } = text;
    const buffer = this.#buffer;
    let at = this.#at;
    if (length <= LOOP_BYTES_MAX) {
      for (let index = 0; index < length; index++) buffer[at++] = text.charCodeAt(index);
    } else {
      at += buffer.latin1Write(text, at, length);
    }
    this.#at = at;
  }

  #lineEnd(): void {
    this.#reserve(2);
    this.#buffer[this.#at++] = CR;
    this.#buffer[this.#at++] = LF;
  }

  /** Room for `bytes`, which is less than a large buffer has. */
  #reserve(bytes: number): void {
    if (this.#buffer.length - this.#at < bytes) this.#makeRoom(bytes);
  }

  #makeRoom(bytes: number): void {
    const { length } = this.#buffer;
    if (length === 0 && bytes <= SMALL_BYTES) {
      this.#buffer = this.#buffers.small();
    } else if (length === SMALL_BYTES) {
      const small = this.#buffer;
      this.#buffer = this.#buffers.large();
      small.copy(this.#buffer, 0, 0, this.#at);
      this.#buffers.giveBack(small);
    } else {
      this.#hold();
      this.#buffer = this.#buffers.large();
    }
  }

  /** The current part is over. */
  #hold(): void {
    if (this.#at > 0) this.#holdPart(this.#buffer, this.#at);
    this.#buffer = NOTHING;
    this.#at = 0;
  }

  #holdPart(buffer: Buffer, length: number): void {
    this.#held.push({ buffer, length });
    this.#heldBytes += length;
  }

  #leavePart(take: TakeBytes, buffer: Buffer, length: number): void {
    if (take(buffer.subarray(0, length))) this.#buffers.giveBack(buffer);
  }
}

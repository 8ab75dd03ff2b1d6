/**
 * Requests as a server reads them: arrays of bulks, or a typed line. Bytes go in as they come; whole
 * commands come out as latin1 words. Any chunking gives the same commands.
 *
 * What cannot be a request is told in the words real servers use, after which the stream is lost: the
 * connection answers with them and closes. A client that has not logged in may send only short things,
 * so that strangers cannot make the server hold much.
 */
import {
  ARGUMENTS_MAX,
  BULK_BYTES_MAX,
  INLINE_BYTES_MAX,
  UNAUTHENTICATED_ARGUMENTS_MAX,
  UNAUTHENTICATED_BULK_BYTES_MAX,
} from '../../kernel/limits.js';
import { ByteWindow } from './byte-window.js';
import { latin1Text, TextMemory } from './short-text.js';
import { splitWords } from '../quoted-words.js';

const CR = 13;
const LF = 10;
const STAR = 42;
const DOLLAR = 36;
const MINUS = 45;
const ZERO = 48;

/** A request of so many words gets its array at once. */
const RESERVED_WORDS_MAX = 32;

/** `readNumber` found no number. */
const INVALID = -2;
/** The line's end has not arrived. */
const INCOMPLETE = -3;

export class RequestParser extends ByteWindow {
  /** Set once; nothing comes out after it. The text follows `-ERR ` on the wire. */
  error: string | undefined;
  /** False until the client has logged in, where a password is wanted. */
  isTrusted = true;
  bulkBytesMax = BULK_BYTES_MAX;
  readonly #names = new TextMemory();
  #argv: string[] = [];
  #read = 0;
  #missing = 0;
  #bulkLength = -1;

  /** The next whole command; undefined when more bytes are needed, or after an error. */
  next(): string[] | undefined {
    while (this.error === undefined) {
      if (this.#missing > 0) return this.#readBulks();
      if (this.at >= this.end) return undefined;
      if (this.buffer[this.at] === STAR) {
        if (!this.#readCount()) return undefined;
      } else {
        const words = this.#readInline();
        if (words === undefined || words.length > 0) return words;
      }
    }
    return undefined;
  }

  /** True when a command has begun and its rest is missing. */
  get isMidCommand(): boolean {
    return this.#missing > 0 || this.pendingBytes > 0;
  }

  #readCount(): boolean {
    const count = this.#readNumber('too big mbulk count string');
    if (count === INCOMPLETE) return false;
    if (count === INVALID || count > ARGUMENTS_MAX) return this.#fail('invalid multibulk length');
    if (count > UNAUTHENTICATED_ARGUMENTS_MAX && !this.isTrusted) {
      return this.#fail('unauthenticated multibulk length');
    }
    // Empty and negative counts are skipped in silence.
    if (count > 0) {
      this.#missing = count;
      this.#read = 0;
      // No more than what has been seen to come: a peer announces what it likes.
      this.#argv = count <= RESERVED_WORDS_MAX ? new Array<string>(count) : [];
    }
    return true;
  }

  #readBulks(): string[] | undefined {
    const argv = this.#argv;
    while (this.#missing > 0) {
      if (this.#bulkLength < 0 && !this.#readBulkLength()) return undefined;
      const length = this.#bulkLength;
      if (this.end - this.at < length + 2) return undefined;
      argv[this.#read] =
        this.#read === 0
          ? this.#names.text(this.buffer, this.at, length)
          : latin1Text(this.buffer, this.at, length);
      this.at += length + 2;
      this.#bulkLength = -1;
      this.#read++;
      this.#missing--;
    }
    return argv;
  }

  #readBulkLength(): boolean {
    if (this.at >= this.end) return false;
    const first = this.buffer[this.at]!;
    if (first !== DOLLAR) {
      // As the reference does: wait for the whole line before judging its first byte.
      if (this.#lineEnd('too big bulk count string') < 0) return false;
      return this.#fail(`expected '$', got '${String.fromCharCode(first)}'`);
    }
    const length = this.#readNumber('too big bulk count string');
    if (length === INCOMPLETE) return false;
    if (length < 0 || length > this.bulkBytesMax) return this.#fail('invalid bulk length');
    if (length > UNAUTHENTICATED_BULK_BYTES_MAX && !this.isTrusted) {
      return this.#fail('unauthenticated bulk length');
    }
    this.#bulkLength = length;
    return true;
  }

  /** The number after the type byte, its line consumed; -1 stands for every negative one. */
  #readNumber(tooBig: string): number {
    const { buffer, end } = this;
    let at = this.at + 1;
    // The common case in one pass: up to nine digits and CR LF.
    let value = 0;
    let digits = 0;
    for (; at < end && digits < 10; at++, digits++) {
      const digit = buffer[at]! - ZERO;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    const isCanonical = digits === 1 || (digits > 1 && digits < 10 && buffer[this.at + 1] !== ZERO);
    if (isCanonical && at + 1 < end && buffer[at] === CR) {
      this.at = at + 2;
      return value;
    }
    const lineEnd = this.#lineEnd(tooBig);
    if (lineEnd < 0) return INCOMPLETE;
    const text = buffer.latin1Slice(this.at + 1, lineEnd);
    this.at = lineEnd + 2;
    if (!/^(?:0|-?[1-9][0-9]{0,18})$/.test(text)) return INVALID;
    return text.charCodeAt(0) === MINUS ? -1 : Number(text);
  }

  /** Where the CR of the line stands, its LF having arrived too; -1 if not yet. */
  #lineEnd(tooBig: string): number {
    const found = this.buffer.indexOf(CR, this.at);
    const isThere = found >= 0 && found < this.end;
    if (isThere && found + 1 < this.end) return found;
    if (!isThere && this.pendingBytes > INLINE_BYTES_MAX) this.#fail(tooBig);
    return -1;
  }

  #readInline(): string[] | undefined {
    const found = this.buffer.indexOf(LF, this.at);
    if (found < 0 || found >= this.end) {
      if (this.pendingBytes > INLINE_BYTES_MAX) this.#fail('too big inline request');
      return undefined;
    }
    const lineEnd = found > this.at && this.buffer[found - 1] === CR ? found - 1 : found;
    const words = splitWords(this.buffer.latin1Slice(this.at, lineEnd));
    this.at = found + 1;
    if (words === undefined) this.#fail('unbalanced quotes in request');
    return words;
  }

  #fail(text: string): false {
    this.error = `Protocol error: ${text}`;
    return false;
  }
}

/**
 * The commands of an append-only file, as its bytes come, in any chunks. Stricter than a client's requests:
 * what we read was written by a server, so the first byte that a server would not have written is a
 * sign of damage.
 *
 * A file may end in the middle of a command, because its writer did; everything before is good
 * (`wholeBytes`).
 */
import { ARGUMENTS_MAX, STRING_BYTES_MAX } from '../kernel/limits.js';
import { ByteWindow } from './resp/byte-window.js';

const CR = 13;
const LF = 10;
const STAR = 42;
const DOLLAR = 36;
const HASH = 35;

/** A type byte and the longest number that is believed. */
const LINE_BYTES_MAX = 16;
/** Annotations may say more than a number. */
const ANNOTATION_BYTES_MAX = 1024;

const INCOMPLETE = -1;
const WRONG = -2;

export class AofReader extends ByteWindow {
  /** Set once; nothing comes out after it. */
  error: string | undefined;
  #wholeBytes = 0;
  #argv: string[] = [];
  #missing = 0;
  #bulkLength = -1;

  /** Bytes up to the end of the last whole command or annotation. */
  get wholeBytes(): number {
    return this.#wholeBytes;
  }

  /** The next command; undefined when more bytes are needed, or after an error. */
  next(): string[] | undefined {
    while (this.error === undefined && (this.#missing > 0 || this.at < this.end)) {
      if (this.#missing > 0) return this.#readWords();
      const first = this.buffer[this.at]!;
      if (first === HASH) {
        if (!this.#skipAnnotation()) return undefined;
      } else {
        if (first !== STAR) return this.#fail('a command does not begin with *');
        const count = this.#readNumber();
        if (count === INCOMPLETE) return undefined;
        if (count < 1 || count > ARGUMENTS_MAX) return this.#fail('a wrong number of words');
        this.#missing = count;
        this.#argv = [];
      }
    }
    return undefined;
  }

  #readWords(): string[] | undefined {
    while (this.#missing > 0) {
      if (this.#bulkLength < 0) {
        if (this.at >= this.end) return undefined;
        if (this.buffer[this.at] !== DOLLAR) return this.#fail('a word does not begin with $');
        const length = this.#readNumber();
        if (length === INCOMPLETE) return undefined;
        if (length < 0 || length > STRING_BYTES_MAX) return this.#fail('a wrong length of a word');
        this.#bulkLength = length;
      }
      const wordEnd = this.at + this.#bulkLength;
      if (this.end < wordEnd + 2) return undefined;
      if (this.buffer[wordEnd] !== CR || this.buffer[wordEnd + 1] !== LF) {
        return this.#fail('a word is longer than it says');
      }
      this.#argv.push(this.buffer.latin1Slice(this.at, wordEnd));
      this.at = wordEnd + 2;
      this.#bulkLength = -1;
      this.#missing--;
    }
    this.#wholeBytes = this.consumedBytes;
    return this.#argv;
  }

  #skipAnnotation(): boolean {
    const found = this.buffer.indexOf(LF, this.at);
    if (found < 0 || found >= this.end) {
      if (this.pendingBytes > ANNOTATION_BYTES_MAX) this.#fail('a line without an end');
      return false;
    }
    this.at = found + 1;
    this.#wholeBytes = this.consumedBytes;
    return true;
  }

  /** The number after the type byte, its line consumed. */
  #readNumber(): number {
    const lineEnd = this.buffer.indexOf(CR, this.at);
    const isThere = lineEnd >= 0 && lineEnd + 1 < this.end;
    const bytes = (isThere ? lineEnd : this.end) - this.at;
    if (bytes > LINE_BYTES_MAX) return WRONG;
    if (!isThere) return INCOMPLETE;
    const text = this.buffer.latin1Slice(this.at + 1, lineEnd);
    if (this.buffer[lineEnd + 1] !== LF || !/^(?:0|[1-9][0-9]*)$/.test(text)) return WRONG;
    this.at = lineEnd + 2;
    return Number(text);
  }

  #fail(text: string): string[] | undefined {
    this.error = `${text}, at byte ${this.consumedBytes}`;
    return undefined;
  }
}

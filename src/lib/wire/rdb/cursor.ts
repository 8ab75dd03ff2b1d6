/**
 * Bytes that arrive in any chunks, read in RDB's primitives.
 *
 * Every `try…` either takes one whole primitive or takes nothing and remembers how many bytes it would
 * have needed; the caller yields and tries again. Chunks are joined only when enough of them are there,
 * so a 512 MB string arriving in 64 KB pieces is copied once and not eight thousand times.
 */
import { STRING_BYTES_MAX } from '../../kernel/limits.js';
import { Crc64 } from '../crc64.js';
import { lzfDecompress } from '../lzf.js';
import { RdbError } from './format.js';

/** A length, or (when `encoding` is not -1) the announcement of a specially encoded string. */
interface Length {
  readonly value: number;
  readonly encoding: number;
  readonly bytes: number;
}

const SPECIAL_INT8 = 0;
const SPECIAL_INT16 = 1;
const SPECIAL_INT32 = 2;
const SPECIAL_LZF = 3;

export class RdbCursor {
  #bytes: Buffer;
  #at = 0;
  /** Chunks not joined to `#bytes` yet. */
  #later: Buffer[] = [];
  #laterBytes = 0;
  /** Bytes from `#at` on that the last failed attempt wanted. */
  #wanted = 0;
  #consumedBefore = 0;
  readonly #crc: Crc64 | undefined;
  #crcAt = 0;

  constructor(options: { readonly checksum: boolean; readonly bytes?: Buffer }) {
    this.#bytes = options.bytes ?? Buffer.alloc(0);
    this.#crc = options.checksum ? new Crc64() : undefined;
  }

  /** Bytes read so far, for messages. */
  get position(): number {
    return this.#consumedBefore + this.#at;
  }

  /** Bytes given and not read. */
  get remaining(): number {
    return this.#bytes.length - this.#at + this.#laterBytes;
  }

  /** @returns whether it is worth trying again. */
  push(chunk: Buffer): boolean {
    this.#later.push(chunk);
    this.#laterBytes += chunk.length;
    if (this.remaining < this.#wanted) return false;
    this.#foldChecksum();
    this.#consumedBefore += this.#at;
    const rest = this.#bytes.subarray(this.#at);
    this.#bytes =
      rest.length === 0 && this.#later.length === 1 ? chunk : Buffer.concat([rest, ...this.#later]);
    this.#at = 0;
    this.#crcAt = 0;
    this.#later = [];
    this.#laterBytes = 0;
    this.#wanted = 0;
    return true;
  }

  /** Everything not read yet. */
  takeRest(): Buffer {
    const rest = Buffer.concat([this.#bytes.subarray(this.#at), ...this.#later]);
    this.#at = this.#bytes.length;
    this.#later = [];
    this.#laterBytes = 0;
    return rest;
  }

  /** Checksum of all bytes read so far. */
  checksum(): Buffer {
    this.#foldChecksum();
    return this.#crc!.digest();
  }

  tryByte(): number | undefined {
    if (!this.#has(1)) return undefined;
    return this.#bytes[this.#at++]!;
  }

  tryBytes(count: number): Buffer | undefined {
    if (!this.#has(count)) return undefined;
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  /** A plain length; a special encoding here is an error. */
  tryLength(): number | undefined {
    const length = this.#peekLength();
    if (length === undefined) return undefined;
    if (length.encoding >= 0) throw this.malformed('a string encoding where a length belongs');
    this.#at += length.bytes;
    return length.value;
  }

  /** A length whose value does not matter (it may be the 64 ones that say "unknown"). */
  trySkipLength(): true | undefined {
    if (!this.#has(1)) return undefined;
    const first = this.#bytes[this.#at]!;
    const bytes = first < 0x40 ? 1 : first < 0x80 ? 2 : first === 0x80 ? 5 : first === 0x81 ? 9 : 0;
    if (bytes === 0) throw this.malformed('a string encoding where a number belongs');
    return this.tryBytes(bytes) && true;
  }

  tryString(): string | undefined {
    const length = this.#peekLength();
    if (length === undefined) return undefined;
    if (length.encoding >= 0) return this.#tryEncodedString(length.encoding);
    if (length.value > STRING_BYTES_MAX) throw this.#tooLong(length.value);
    if (!this.#has(length.bytes + length.value)) return undefined;
    const from = this.#at + length.bytes;
    this.#at = from + length.value;
    return this.#bytes.latin1Slice(from, this.#at);
  }

  trySkipString(): true | undefined {
    // Decoding is the one way to know that a compressed string is sound; plain ones cost nothing to skip.
    const length = this.#peekLength();
    if (length === undefined) return undefined;
    if (length.encoding >= 0)
      return this.#tryEncodedString(length.encoding) === undefined ? undefined : true;
    if (length.value > STRING_BYTES_MAX) throw this.#tooLong(length.value);
    return this.tryBytes(length.bytes + length.value) && true;
  }

  malformed(what: string): RdbError {
    return new RdbError('malformed', `RDB: ${what}, at byte ${this.position}`);
  }

  /** Real servers keep a little more than we can; to hold a part of a value would be worse than none. */
  #tooLong(bytes: number): RdbError {
    return new RdbError(
      'unsupported',
      `RDB: a string of ${bytes} bytes, at byte ${this.position}; this node keeps at most ${STRING_BYTES_MAX}`,
    );
  }

  #tryEncodedString(encoding: number): string | undefined {
    const at = this.#at + 1;
    switch (encoding) {
      case SPECIAL_INT8:
        return this.tryBytes(2) && String(this.#bytes.readInt8(at));
      case SPECIAL_INT16:
        return this.tryBytes(3) && String(this.#bytes.readInt16LE(at));
      case SPECIAL_INT32:
        return this.tryBytes(5) && String(this.#bytes.readInt32LE(at));
      case SPECIAL_LZF:
        return this.#tryCompressedString();
      default:
        throw this.malformed(`unknown string encoding ${encoding}`);
    }
  }

  #tryCompressedString(): string | undefined {
    const start = this.#at;
    this.#at++;
    const compressed = this.tryLength();
    const original = compressed === undefined ? undefined : this.tryLength();
    if (compressed === undefined || original === undefined) {
      this.#backTo(start);
      return undefined;
    }
    const longer = Math.max(compressed, original);
    if (longer > STRING_BYTES_MAX) throw this.#tooLong(longer);
    const input = this.tryBytes(compressed);
    if (input === undefined) {
      this.#backTo(start);
      return undefined;
    }
    const output = lzfDecompress(input, original);
    if (!output.ok) throw this.malformed(output.error);
    return output.value.latin1Slice();
  }

  /** Undo a half-read primitive; what is wanted counts from its start. */
  #backTo(start: number): void {
    this.#wanted += this.#at - start;
    this.#at = start;
  }

  #has(count: number): boolean {
    if (this.#bytes.length - this.#at >= count) return true;
    this.#wanted = count;
    return false;
  }

  #peekLength(): Length | undefined {
    if (!this.#has(1)) return undefined;
    const first = this.#bytes[this.#at]!;
    switch (first >> 6) {
      case 0:
        return { value: first, encoding: -1, bytes: 1 };
      case 1:
        if (!this.#has(2)) return undefined;
        return { value: ((first & 63) << 8) | this.#bytes[this.#at + 1]!, encoding: -1, bytes: 2 };
      case 3:
        return { value: 0, encoding: first & 63, bytes: 1 };
      default:
        return this.#peekWideLength(first);
    }
  }

  #peekWideLength(first: number): Length | undefined {
    if (first === 0x80) {
      if (!this.#has(5)) return undefined;
      return { value: this.#bytes.readUInt32BE(this.#at + 1), encoding: -1, bytes: 5 };
    }
    if (first !== 0x81) throw this.malformed(`unknown length form ${first}`);
    if (!this.#has(9)) return undefined;
    const high = this.#bytes.readUInt32BE(this.#at + 1);
    if (high >= 0x20_0000) throw this.malformed('a length beyond all bounds');
    const value = high * 0x1_0000_0000 + this.#bytes.readUInt32BE(this.#at + 5);
    return { value, encoding: -1, bytes: 9 };
  }

  #foldChecksum(): void {
    this.#crc?.update(this.#bytes, this.#crcAt, this.#at);
    this.#crcAt = this.#at;
  }
}

/**
 * Bytes that arrive in any chunks, read in RDB's primitives.
 *
 * Every `try…` either takes one whole primitive or takes nothing and remembers how many bytes it would
 * have needed; the caller yields and tries again. Chunks are joined only when enough of them are there,
 * so a 512 MB string arriving in 64 KB pieces is copied once and not eight thousand times.
 */
import { toBytes } from '../../kernel/bytes.js';
import { BULK_BYTES_MAX, STRING_BYTES_MAX } from '../../kernel/limits.js';
import { Crc64 } from '../crc64.js';
import { lzfDecompress } from '../lzf.js';
import { RdbError } from './format.js';

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
  /** What `#peekLength` found: fields, because an object for every string of a file is felt. */
  #length = 0;
  #lengthBytes = 0;
  /** -1, or the special encoding that stands where the length would. */
  #encoding = -1;
  /** While bytes are kept as they are: those of chunks gone, and where they begin in this one. */
  #kept: Buffer[] | undefined;
  #keptBytes = 0;
  #keepFrom = 0;

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
    this.#foldKept();
    this.#consumedBefore += this.#at;
    const rest = this.#bytes.subarray(this.#at);
    this.#bytes =
      rest.length === 0 && this.#later.length === 1 ? chunk : Buffer.concat([rest, ...this.#later]);
    this.#at = 0;
    this.#crcAt = 0;
    this.#keepFrom = 0;
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

  peekByte(): number | undefined {
    return this.#has(1) ? this.#bytes[this.#at] : undefined;
  }

  tryBytes(count: number): Buffer | undefined {
    if (!this.#has(count)) return undefined;
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  /** From here on, all that is read is kept as it is, for `takeKept`. */
  startKeeping(): void {
    this.#kept = [];
    this.#keptBytes = 0;
    this.#keepFrom = this.#at;
  }

  takeKept(): Buffer {
    this.#foldKept();
    const kept = this.#kept ?? [];
    this.#kept = undefined;
    return Buffer.concat(kept);
  }

  /** A plain length; a special encoding here is an error. */
  tryLength(): number | undefined {
    if (!this.#peekLength()) return undefined;
    if (this.#encoding >= 0) throw this.malformed('a string encoding where a length belongs');
    this.#at += this.#lengthBytes;
    return this.#length;
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
    if (!this.#peekString()) return undefined;
    if (this.#encoding >= 0) return this.#tryEncodedString();
    const from = this.#at + this.#lengthBytes;
    this.#at = from + this.#length;
    return this.#bytes.latin1Slice(from, this.#at);
  }

  /** A string as bytes; they are a view of what was read, or of what came out of a compressed one. */
  tryBlob(): Buffer | undefined {
    if (!this.#peekString()) return undefined;
    if (this.#encoding === SPECIAL_LZF) return this.#tryCompressedBytes();
    if (this.#encoding >= 0) {
      const digits = this.#tryEncodedString();
      return digits === undefined ? undefined : toBytes(digits);
    }
    this.#at += this.#lengthBytes + this.#length;
    return this.#bytes.subarray(this.#at - this.#length, this.#at);
  }

  trySkipString(): true | undefined {
    // Decoding is the one way to know that a compressed string is sound; plain ones cost nothing to skip.
    if (!this.#peekString()) return undefined;
    if (this.#encoding >= 0) return this.#tryEncodedString() === undefined ? undefined : true;
    this.#at += this.#lengthBytes + this.#length;
    return true;
  }

  tryDouble(): number | undefined {
    if (!this.#has(8)) return undefined;
    this.#at += 8;
    return this.#bytes.readDoubleLE(this.#at - 8);
  }

  /** A signed 64-bit number, rounded where a double cannot hold it. */
  tryInt64(): number | undefined {
    if (!this.#has(8)) return undefined;
    this.#at += 8;
    const low = this.#bytes.readUInt32LE(this.#at - 8);
    return this.#bytes.readInt32LE(this.#at - 4) * 0x1_0000_0000 + low;
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

  #tryEncodedString(): string | undefined {
    const at = this.#at + 1;
    switch (this.#encoding) {
      case SPECIAL_INT8:
        return this.tryBytes(2) && String(this.#bytes.readInt8(at));
      case SPECIAL_INT16:
        return this.tryBytes(3) && String(this.#bytes.readInt16LE(at));
      case SPECIAL_INT32:
        return this.tryBytes(5) && String(this.#bytes.readInt32LE(at));
      case SPECIAL_LZF:
        return this.#tryCompressedBytes()?.latin1Slice();
      default:
        throw this.malformed(`unknown string encoding ${this.#encoding}`);
    }
  }

  #tryCompressedBytes(): Buffer | undefined {
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
    return output.value;
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

  /** The length at hand, or the encoding. @returns false when its bytes are not all there. */
  #peekLength(): boolean {
    if (!this.#has(1)) return false;
    const first = this.#bytes[this.#at]!;
    this.#encoding = -1;
    switch (first >> 6) {
      case 0:
        this.#length = first;
        this.#lengthBytes = 1;
        return true;
      case 1:
        if (!this.#has(2)) return false;
        this.#length = ((first & 63) << 8) | this.#bytes[this.#at + 1]!;
        this.#lengthBytes = 2;
        return true;
      case 3:
        this.#encoding = first & 63;
        return true;
      default:
        return this.#peekWideLength(first);
    }
  }

  #peekWideLength(first: number): boolean {
    if (first === 0x80) {
      if (!this.#has(5)) return false;
      this.#length = this.#bytes.readUInt32BE(this.#at + 1);
      this.#lengthBytes = 5;
      return true;
    }
    if (first !== 0x81) throw this.malformed(`unknown length form ${first}`);
    if (!this.#has(9)) return false;
    const high = this.#bytes.readUInt32BE(this.#at + 1);
    if (high >= 0x20_0000) throw this.malformed('a length beyond all bounds');
    this.#length = high * 0x1_0000_0000 + this.#bytes.readUInt32BE(this.#at + 5);
    this.#lengthBytes = 9;
    return true;
  }

  /** As `#peekLength`, and true only when all bytes of a plain string are there, too. */
  #peekString(): boolean {
    if (!this.#peekLength()) return false;
    if (this.#encoding >= 0) return true;
    if (this.#length > STRING_BYTES_MAX) throw this.#tooLong(this.#length);
    return this.#has(this.#lengthBytes + this.#length);
  }

  #foldChecksum(): void {
    this.#crc?.update(this.#bytes, this.#crcAt, this.#at);
    this.#crcAt = this.#at;
  }

  #foldKept(): void {
    if (this.#kept === undefined) return;
    this.#kept.push(this.#bytes.subarray(this.#keepFrom, this.#at));
    this.#keptBytes += this.#at - this.#keepFrom;
    this.#keepFrom = this.#at;
    if (this.#keptBytes > BULK_BYTES_MAX) {
      throw new RdbError(
        'unsupported',
        `RDB: a value of more than ${BULK_BYTES_MAX} bytes, before byte ${this.position}; nobody could take it in one piece`,
      );
    }
  }
}

/**
 * Writes an RDB snapshot in chunks: nothing bigger than one chunk (or one value) is ever held. Version 9
 * with plain strings is what every server since 5.0 reads.
 */
import { Crc64 } from '../crc64.js';
import { LzfCompressor } from '../lzf.js';
import { Opcode, RDB_VERSION_WRITTEN, STRING_TYPE } from './format.js';

/** What the body of a value is made of. */
export interface RdbBody {
  length(count: number): void;
  /** A latin1 string. */
  text(latin1: string): void;
  /** Eight bytes, as sorted sets have their scores. */
  double(value: number): void;
}

export interface RdbWriterOptions {
  /** Takes each chunk; it is the receiver's from then on. */
  readonly emit: (chunk: Buffer) => void;
  /** False writes eight zero bytes, which readers accept (`rdbchecksum no`). */
  readonly checksum: boolean;
  /** `rdbcompression`: long strings in their short form, where that saves anything. */
  readonly compression?: boolean;
  readonly chunkBytes?: number;
}

const CHUNK_BYTES = 64 * 1024;
/** Opcode, expiry, type, and two lengths: the most a record has besides its strings. */
const LENGTH_BYTES_MAX = 9;
const RECORD_OVERHEAD_BYTES = 1 + 8 + 1 + 2 * LENGTH_BYTES_MAX;

export class RdbWriter implements RdbBody {
  readonly #emit: (chunk: Buffer) => void;
  readonly #chunkBytes: number;
  readonly #crc: Crc64 | undefined;
  readonly #short: ShortForm | undefined;
  #chunk: Buffer;
  #at = 0;

  constructor(options: RdbWriterOptions) {
    this.#emit = options.emit;
    this.#chunkBytes = options.chunkBytes ?? CHUNK_BYTES;
    this.#crc = options.checksum ? new Crc64() : undefined;
    this.#short = options.compression === true ? new ShortForm() : undefined;
    this.#chunk = Buffer.allocUnsafe(this.#chunkBytes);
  }

  header(aux: Iterable<readonly [name: string, value: string]>): void {
    this.#room(9);
    this.#latin1(`REDIS${String(RDB_VERSION_WRITTEN).padStart(4, '0')}`);
    for (const [name, value] of aux) {
      this.#room(RECORD_OVERHEAD_BYTES + name.length + value.length);
      this.#chunk[this.#at++] = Opcode.aux;
      this.#string(name);
      this.#string(value);
    }
  }

  /** Announces the keys that follow; the sizes are hints to the loader. */
  selectDb(db: number, keys: number, expiring: number): void {
    this.#room(2 + 3 * 9);
    this.#chunk[this.#at++] = Opcode.selectDb;
    this.#at = writeLength(this.#chunk, this.#at, db);
    this.#chunk[this.#at++] = Opcode.resizeDb;
    this.#at = writeLength(this.#chunk, this.#at, keys);
    this.#at = writeLength(this.#chunk, this.#at, expiring);
  }

  string(key: string, value: string, expireAtMs: number | undefined): void {
    this.#room(RECORD_OVERHEAD_BYTES + key.length + value.length);
    this.#expiry(expireAtMs);
    this.#chunk[this.#at++] = STRING_TYPE;
    this.#string(key);
    this.#string(value);
  }

  /** A key whose value is not a string: its body follows. */
  record(type: number, key: string, expireAtMs: number | undefined): void {
    this.#room(RECORD_OVERHEAD_BYTES + key.length);
    this.#expiry(expireAtMs);
    this.#chunk[this.#at++] = type;
    this.#string(key);
  }

  length(count: number): void {
    this.#room(LENGTH_BYTES_MAX);
    this.#at = writeLength(this.#chunk, this.#at, count);
  }

  text(latin1: string): void {
    this.#room(LENGTH_BYTES_MAX + latin1.length);
    this.#string(latin1);
  }

  double(value: number): void {
    this.#room(8);
    this.#at = this.#chunk.writeDoubleLE(value, this.#at);
  }

  /** Writes the end mark and the checksum, and emits what is left. */
  end(): void {
    this.#room(9);
    this.#chunk[this.#at++] = Opcode.end;
    this.#crc?.update(this.#chunk, 0, this.#at);
    const checksum = this.#crc?.digest() ?? Buffer.alloc(8);
    checksum.copy(this.#chunk, this.#at);
    this.#at += checksum.length;
    this.#emit(this.#chunk.subarray(0, this.#at));
    this.#at = 0;
  }

  /** Emit what is there, so that a reader sees progress. */
  flush(): void {
    if (this.#at === 0) return;
    const full = this.#chunk.subarray(0, this.#at);
    this.#crc?.update(full);
    this.#emit(full);
    this.#chunk = Buffer.allocUnsafe(this.#chunkBytes);
    this.#at = 0;
  }

  #expiry(expireAtMs: number | undefined): void {
    if (expireAtMs === undefined) return;
    this.#chunk[this.#at++] = Opcode.expireMs;
    this.#at = this.#chunk.writeBigInt64LE(BigInt(expireAtMs), this.#at);
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#chunk.length) return;
    this.flush();
    if (bytes > this.#chunk.length) this.#chunk = Buffer.allocUnsafe(bytes);
  }

  #latin1(text: string): void {
    this.#at += this.#chunk.latin1Write(text, this.#at);
  }

  #string(text: string): void {
    if (this.#short !== undefined && text.length >= COMPRESSIBLE_BYTES_MIN) {
      const end = this.#short.write(this.#chunk, this.#at, text);
      if (end >= 0) {
        this.#at = end;
        return;
      }
    }
    this.#at = writeString(this.#chunk, this.#at, text);
  }
}

/** Shorter strings have nothing to give, as real servers see it. */
const COMPRESSIBLE_BYTES_MIN = 21;
/** A string must become this much shorter, its two lengths not counted. */
const SAVED_BYTES_MIN = 4;
const COMPRESSED = 0xc3;

/** Strings in their compressed form. */
class ShortForm {
  readonly #compressor = new LzfCompressor();
  #input = Buffer.allocUnsafe(1024);
  #output = Buffer.allocUnsafe(1024);

  /** @returns the position behind it; -1 when it would save nothing, and nothing is written. */
  write(bytes: Buffer, at: number, text: string): number {
    const { length } = text;
    if (this.#input.length < length) {
      // A giant is not kept in mind for the sake of those after it.
      const room = length > CHUNK_BYTES ? length : Math.max(length, 2 * this.#input.length);
      this.#input = Buffer.allocUnsafe(room);
      this.#output = Buffer.allocUnsafe(room);
    }
    this.#input.latin1Write(text, 0);
    const input = this.#input.subarray(0, length);
    const size = this.#compressor.compress(input, this.#output, 0, length - SAVED_BYTES_MIN);
    if (size < 0) return -1;
    bytes[at] = COMPRESSED;
    const behind = writeLength(bytes, writeLength(bytes, at + 1, size), length);
    this.#output.copy(bytes, behind, 0, size);
    if (length > CHUNK_BYTES) {
      this.#input = Buffer.allocUnsafe(CHUNK_BYTES);
      this.#output = Buffer.allocUnsafe(CHUNK_BYTES);
    }
    return behind + size;
  }
}

/** Up to this many bytes a loop is quicker than to call the machine that copies. */
const SPELLED_OUT_MAX = 12;

/** Writes a string the shortest way that is not compression. @returns the position behind it. */
export function writeString(bytes: Buffer, at: number, text: string): number {
  const integer = smallInteger(text);
  if (integer !== undefined) {
    if (integer >= -0x80 && integer <= 0x7f) {
      bytes[at] = 0xc0;
      return bytes.writeInt8(integer, at + 1);
    }
    if (integer >= -0x8000 && integer <= 0x7fff) {
      bytes[at] = 0xc1;
      return bytes.writeInt16LE(integer, at + 1);
    }
    bytes[at] = 0xc2;
    return bytes.writeInt32LE(integer, at + 1);
  }
  const from = writeLength(bytes, at, text.length);
  if (text.length > SPELLED_OUT_MAX) return from + bytes.latin1Write(text, from);
  for (let index = 0; index < text.length; index++) bytes[from + index] = text.charCodeAt(index);
  return from + text.length;
}

export function writeLength(bytes: Buffer, at: number, length: number): number {
  if (length < 0x40) {
    bytes[at] = length;
    return at + 1;
  }
  if (length < 0x4000) return bytes.writeUInt16BE(0x4000 | length, at);
  if (length <= 0xffff_ffff) {
    bytes[at] = 0x80;
    return bytes.writeUInt32BE(length, at + 1);
  }
  bytes[at] = 0x81;
  return bytes.writeBigUInt64BE(BigInt(length), at + 1);
}

/** The int32 whose decimal form the text is, if it is one. */
function smallInteger(text: string): number | undefined {
  if (text.length === 0 || text.length > 11) return undefined;
  const first = text.charCodeAt(0);
  if (first !== 45 && (first < 48 || first > 57)) return undefined;
  const value = Number(text);
  if ((value | 0) !== value || String(value) !== text) return undefined;
  return value;
}

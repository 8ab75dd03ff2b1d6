/**
 * DUMP payloads: one value without its key, then two bytes of RDB version and the CRC64 of all that.
 * Written with version 9, so that every server since 5.0 restores it.
 */
import { err, ok, type Result } from '../../kernel/result.js';
import { Crc64 } from '../crc64.js';
import { RdbCursor } from './cursor.js';
import {
  RDB_VERSION_READ_MAX,
  RDB_VERSION_WRITTEN,
  RdbError,
  STRING_TYPE,
  VALUE_TYPES,
} from './format.js';
import { skipValue } from './values.js';
import { type RdbBody, writeLength, writeString } from './writer.js';

const FOOTER_BYTES = 10;
const LENGTH_BYTES_MAX = 9;
const DUMP_BYTES_FIRST = 256;

export type DumpFault =
  /** Too short, too new, or the checksum is wrong. */
  | { readonly kind: 'footer' }
  /** The footer is right and the value is not. */
  | { readonly kind: 'malformed'; readonly message: string }
  /** A sound value of a type that this node does not serve. */
  | { readonly kind: 'unsupported'; readonly typeName: string };

/** The payload of a value, as latin1. @param write writes its body */
export function makeDump(type: number, write: (body: RdbBody) => void): string {
  const body = new DumpBody(type);
  write(body);
  return body.finish();
}

class DumpBody implements RdbBody {
  #bytes = Buffer.allocUnsafe(DUMP_BYTES_FIRST);
  #at = 0;

  constructor(type: number) {
    this.#bytes[this.#at++] = type;
  }

  length(count: number): void {
    this.#room(LENGTH_BYTES_MAX);
    this.#at = writeLength(this.#bytes, this.#at, count);
  }

  text(latin1: string): void {
    this.#room(LENGTH_BYTES_MAX + latin1.length);
    this.#at = writeString(this.#bytes, this.#at, latin1);
  }

  double(value: number): void {
    this.#room(8);
    this.#at = this.#bytes.writeDoubleLE(value, this.#at);
  }

  finish(): string {
    this.#room(FOOTER_BYTES);
    const bytes = this.#bytes;
    let at = bytes.writeUInt16LE(RDB_VERSION_WRITTEN, this.#at);
    at += new Crc64().update(bytes, 0, at).digest().copy(bytes, at);
    return bytes.latin1Slice(0, at);
  }

  #room(bytes: number): void {
    const needed = this.#at + bytes;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length));
    this.#bytes.copy(grown, 0, 0, this.#at);
    this.#bytes = grown;
  }
}

/** The string in a payload. */
export function parseDump(payload: string): Result<string, DumpFault> {
  const bytes = Buffer.from(payload, 'latin1');
  if (!hasSoundFooter(bytes)) return err({ kind: 'footer' });
  const body = bytes.subarray(1, bytes.length - FOOTER_BYTES);
  const cursor = new RdbCursor({ checksum: false, bytes: body });
  const code = bytes[0]!;
  try {
    if (code === STRING_TYPE) {
      const value = cursor.tryString();
      if (value === undefined || cursor.remaining > 0)
        return malformed('the string does not fill it');
      return ok(value);
    }
    const type = VALUE_TYPES.get(code);
    if (type === undefined) return malformed(`unknown value type ${code}`);
    if (type.layout.kind !== 'unknown') {
      const isWhole = skipValue(cursor, type).next().done === true;
      if (!isWhole || cursor.remaining > 0) return malformed(`the ${type.name} does not fill it`);
    }
    return err({ kind: 'unsupported', typeName: type.name });
  } catch (error) {
    if (error instanceof RdbError) return malformed(error.message);
    throw error;
  }
}

function hasSoundFooter(bytes: Buffer): boolean {
  if (bytes.length <= FOOTER_BYTES) return false;
  const footer = bytes.length - FOOTER_BYTES;
  if (bytes.readUInt16LE(footer) > RDB_VERSION_READ_MAX) return false;
  const checksum = new Crc64().update(bytes, 0, footer + 2).digest();
  return checksum.equals(bytes.subarray(footer + 2));
}

const malformed = (message: string): Result<string, DumpFault> =>
  err({ kind: 'malformed', message });

/**
 * DUMP payloads: one value without its key, then two bytes of RDB version and the CRC64 of all that.
 * Written with version 9, so that every server since 5.0 restores it.
 */
import { PAYLOAD_BYTES_MAX } from '../../kernel/limits.js';
import { err, ok, type Result } from '../../kernel/result.js';
import { Crc64 } from '../crc64.js';
import { CollectionReader, type CollectionSink } from './collection-reader.js';
import { RdbCursor } from './cursor.js';
import { fieldsWithoutExpiry } from './expiring-hash.js';
import {
  type CollectionKind,
  Opcode,
  RDB_VERSION_READ_MAX,
  RDB_VERSION_WRITTEN,
  RdbError,
  type RdbFamily,
  VALKEY_VERSION_READ_MAX,
  type ValueType,
  valueTypesOf,
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

/** Takes the value in a payload: one string, or the elements of one collection. */
export interface DumpReceiver {
  string(value: string): void;
  collection(kind: CollectionKind): CollectionSink;
}

/** The payload of a value, as latin1; or why there is none. @param write writes its body */
export function makeDump(type: number, write: (body: RdbBody) => void): Result<string> {
  const body = new DumpBody(type);
  try {
    write(body);
  } catch (error) {
    if (error instanceof PayloadTooLong) return err(error.message);
    throw error;
  }
  return ok(body.finish());
}

/** Functions are in payloads, as in files, since this version. */
const FUNCTION_VERSION = 10;

/** What FUNCTION RESTORE takes, as latin1: each library with its opcode. @param codes latin1, not empty */
export function functionDumpOf(codes: readonly string[]): string {
  const parts = codes.map((code) => {
    const bytes = Buffer.allocUnsafe(1 + LENGTH_BYTES_MAX + code.length);
    bytes[0] = Opcode.function2;
    return bytes.subarray(0, writeString(bytes, 1, code));
  });
  return dumpOf(Opcode.function2, Buffer.concat(parts).subarray(1), FUNCTION_VERSION);
}

/** The payload of a value as it stands in a file, as latin1. @param version one that knows its type */
export function dumpOf(type: number, body: Buffer, version: number): string {
  const head = Buffer.from([type]);
  const foot = Buffer.allocUnsafe(FOOTER_BYTES);
  foot.writeUInt16LE(version, 0);
  new Crc64().update(head).update(body).update(foot, 0, 2).digest().copy(foot, 2);
  return head.latin1Slice() + body.latin1Slice() + foot.latin1Slice();
}

class PayloadTooLong extends Error {
  constructor() {
    super(
      `the payload would be longer than ${PAYLOAD_BYTES_MAX} bytes, the most this node can send`,
    );
  }
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
    if (needed > PAYLOAD_BYTES_MAX) throw new PayloadTooLong();
    const doubled = Math.min(2 * this.#bytes.length, PAYLOAD_BYTES_MAX);
    const grown = Buffer.allocUnsafe(Math.max(needed, doubled));
    this.#bytes.copy(grown, 0, 0, this.#at);
    this.#bytes = grown;
  }
}

/** Hands the value in a payload over. What the receiver was told counts only when the result is ok. */
export function parseDump(payload: string, receiver: DumpReceiver): Result<undefined, DumpFault> {
  const bytes = Buffer.from(payload, 'latin1');
  const family = familyOf(bytes);
  if (family === undefined) return err({ kind: 'footer' });
  const body = bytes.subarray(1, bytes.length - FOOTER_BYTES);
  const code = bytes[0]!;
  const type = valueTypesOf(family).get(code);
  if (type === undefined) return malformed(`unknown value type ${code}`);
  try {
    return parseBody(body, type, receiver);
  } catch (error) {
    if (error instanceof RdbError) return malformed(error.message);
    throw error;
  }
}

function parseBody(
  body: Buffer,
  type: ValueType,
  receiver: DumpReceiver,
): Result<undefined, DumpFault> {
  const { holds, layout, name } = type;
  const cursor = new RdbCursor({ checksum: false, bytes: body });
  const mayExpire = layout.kind === 'ttl-fields' || layout.kind === 'ttl-listpack';
  if (holds !== undefined && !mayExpire) {
    const isWhole = tellValue(cursor, type, receiver);
    return isWhole && cursor.remaining === 0 ? ok(undefined) : malformed(`no whole ${name}`);
  }
  const unserved = err({ kind: 'unsupported', typeName: name } as const);
  if (layout.kind === 'unknown') return unserved;
  const isWhole = skipValue(cursor, type).next().done === true;
  if (!isWhole || cursor.remaining > 0) return malformed(`no whole ${name}`);
  const fields = mayExpire ? fieldsWithoutExpiry(body, type) : undefined;
  if (fields === undefined) return unserved;
  return tellFields(fields, receiver) ? ok(undefined) : malformed('a field is there twice');
}

/** @returns false when the bytes end before the value does. */
function tellValue(cursor: RdbCursor, type: ValueType, receiver: DumpReceiver): boolean {
  if (type.holds === 'string') {
    const value = cursor.tryString();
    if (value !== undefined) receiver.string(value);
    return value !== undefined;
  }
  const reader = new CollectionReader(cursor);
  reader.begin(type, receiver.collection(type.holds!));
  return reader.advance();
}

function tellFields(fields: readonly string[], receiver: DumpReceiver): boolean {
  const sink = receiver.collection('hash');
  for (let at = 0; at < fields.length; at += 2) {
    if (!sink.field(fields[at]!, fields[at + 1]!)) return false;
  }
  return true;
}

/** Undefined when the payload is too short, too new, or not what its checksum is of. */
function familyOf(bytes: Buffer): RdbFamily | undefined {
  if (bytes.length <= FOOTER_BYTES) return undefined;
  const footer = bytes.length - FOOTER_BYTES;
  const version = bytes.readUInt16LE(footer);
  if (version > RDB_VERSION_READ_MAX && version !== VALKEY_VERSION_READ_MAX) return undefined;
  const checksum = new Crc64().update(bytes, 0, footer + 2).digest();
  if (!checksum.equals(bytes.subarray(footer + 2))) return undefined;
  return version > RDB_VERSION_READ_MAX ? 'valkey' : 'redis';
}

const malformed = (message: string): Result<undefined, DumpFault> =>
  err({ kind: 'malformed', message });

/**
 * Listpacks: how servers since 7.0 hold small hashes, sorted sets, sets and the nodes of lists, and how
 * these stand in their files. Header (bytes in all, entries), entries, 0xff. An entry is its encoding and
 * data, followed by their length, so that it can be walked from either end.
 *
 * A blob may come from anybody, so every length is checked against the blob, and every promise kept.
 */
import { err, ok, type Result } from '../kernel/result.js';

const HEADER_BYTES = 6;
const END = 0xff;
/** A count that says "too many to say". */
const COUNT_UNKNOWN = 0xffff;

/** The entries as latin1 strings, integers in decimal; or what is wrong with the blob. */
export function readListpack(bytes: Buffer): Result<string[]> {
  if (bytes.length <= HEADER_BYTES) return err('a listpack too short for its header');
  if (bytes.readUInt32LE(0) !== bytes.length)
    return err('a listpack of another length than it says');
  const last = bytes.length - 1;
  if (bytes[last] !== END) return err('a listpack without an end');
  const count = bytes.readUInt16LE(4);
  const texts: string[] = [];
  let at = HEADER_BYTES;
  while (at < last) {
    const first = bytes[at]!;
    const data = at + headBytes(first);
    const end = data <= last ? data + dataBytes(bytes, at, first) : Infinity;
    const length = end - at;
    const next = end + backBytes(length);
    if (next > last) return err('a listpack entry out of bounds');
    texts.push(isText(first) ? bytes.latin1Slice(data, end) : integerText(bytes, at, first));
    if (!hasBackLength(bytes, end, length)) return err('a listpack entry of two lengths');
    at = next;
  }
  if (count !== COUNT_UNKNOWN && count !== texts.length) {
    return err('a listpack with another number of entries than it says');
  }
  return ok(texts);
}

/** The bytes before the data; 1 for an encoding that does not exist, whose data then reach too far. */
function headBytes(first: number): number {
  if (first < 0xe0) return first >= 0xc0 ? 2 : 1;
  if (first < 0xf0) return 2;
  return first === 0xf0 ? 5 : 1;
}

function dataBytes(bytes: Buffer, at: number, first: number): number {
  if (first < 0x80) return 0;
  if (first < 0xc0) return first & 0x3f;
  if (first < 0xe0) return 0;
  if (first < 0xf0) return ((first & 0x0f) << 8) | bytes[at + 1]!;
  switch (first) {
    case 0xf0:
      return bytes.readUInt32LE(at + 1);
    case 0xf1:
      return 2;
    case 0xf2:
      return 3;
    case 0xf3:
      return 4;
    case 0xf4:
      return 8;
    default:
      return Infinity;
  }
}

function isText(first: number): boolean {
  return (first & 0xc0) === 0x80 || (first & 0xf0) === 0xe0 || first === 0xf0;
}

function integerText(bytes: Buffer, at: number, first: number): string {
  if (first < 0x80) return String(first);
  if (first < 0xe0) {
    // Thirteen bits with a sign.
    const raw = ((first & 0x1f) << 8) | bytes[at + 1]!;
    return String(raw >= 0x1000 ? raw - 0x2000 : raw);
  }
  switch (first) {
    case 0xf1:
      return String(bytes.readInt16LE(at + 1));
    case 0xf2:
      return String(bytes.readIntLE(at + 1, 3));
    case 0xf3:
      return String(bytes.readInt32LE(at + 1));
    default:
      return String(bytes.readBigInt64LE(at + 1));
  }
}

/** How many bytes the length behind an entry takes; the odd bounds are the format's. */
function backBytes(length: number): number {
  if (length <= 127) return 1;
  if (length < 16_383) return 2;
  if (length < 2_097_151) return 3;
  return length < 268_435_455 ? 4 : 5;
}

/** Seven bits a byte, most significant first; all but the first byte have their top bit set. */
function hasBackLength(bytes: Buffer, at: number, length: number): boolean {
  const size = backBytes(length);
  let read = 0;
  for (let index = 0; index < size; index++) {
    const byte = bytes[at + index]!;
    if (byte >= 0x80 !== index > 0) return false;
    read = read * 128 + (byte & 0x7f);
  }
  return read === length;
}

/**
 * Ziplists: what listpacks were before 7.0. Header (bytes in all, where the last entry begins, entries),
 * entries, 0xff. An entry is the length of the one before it, its encoding, and its data.
 */
import { err, ok, type Result } from '../kernel/result.js';

const HEADER_BYTES = 10;
const END = 0xff;
const COUNT_UNKNOWN = 0xffff;
/** As the length of the entry before: four bytes with the real one follow. */
const WIDE_LENGTH = 0xfe;

/** What the encoding of an entry says; undefined for one that does not exist. */
interface EntryHead {
  readonly bytes: number;
  /** Undefined for an integer, whose data are read by its encoding. */
  readonly textBytes?: number;
  readonly integerBytes?: number;
}

/** The entries as latin1 strings, integers in decimal; or what is wrong with the blob. */
export function readZiplist(bytes: Buffer): Result<string[]> {
  if (bytes.length <= HEADER_BYTES) return err('a ziplist too short for its header');
  if (bytes.readUInt32LE(0) !== bytes.length)
    return err('a ziplist of another length than it says');
  const last = bytes.length - 1;
  if (bytes[last] !== END) return err('a ziplist without an end');
  const tail = bytes.readUInt32LE(4);
  const count = bytes.readUInt16LE(8);
  const texts: string[] = [];
  let before = HEADER_BYTES;
  let at = HEADER_BYTES;
  while (at < last) {
    const isWide = bytes[at] === WIDE_LENGTH;
    const encodingAt = at + (isWide ? 5 : 1);
    if (encodingAt >= last) return err('a ziplist entry out of bounds');
    const lengthBefore = isWide ? bytes.readUInt32LE(at + 1) : bytes[at]!;
    if (lengthBefore !== at - before) return err('a ziplist entry of two lengths');
    const head = headOf(bytes, encodingAt);
    if (head === undefined) return err('a ziplist entry of an unknown encoding');
    const data = encodingAt + head.bytes;
    const end = data + (head.textBytes ?? head.integerBytes ?? 0);
    if (end > last) return err('a ziplist entry out of bounds');
    texts.push(
      head.textBytes === undefined ? integerText(bytes, encodingAt) : bytes.latin1Slice(data, end),
    );
    before = at;
    at = end;
  }
  if (tail !== before) return err('a ziplist whose last entry is elsewhere');
  if (count !== COUNT_UNKNOWN && count !== texts.length) {
    return err('a ziplist with another number of entries than it says');
  }
  return ok(texts);
}

/** Reads up to four bytes behind `at`: there, or (as garbage that is found out) in the end of the blob. */
function headOf(bytes: Buffer, at: number): EntryHead | undefined {
  const first = bytes[at]!;
  switch (first >> 6) {
    case 0:
      return { bytes: 1, textBytes: first };
    case 1:
      return { bytes: 2, textBytes: ((first & 0x3f) << 8) | (bytes[at + 1] ?? 0) };
    case 2:
      if (first !== 0x80 || at + 5 > bytes.length) return undefined;
      return { bytes: 5, textBytes: bytes.readUInt32BE(at + 1) };
    default:
      return integerHead(first);
  }
}

function integerHead(first: number): EntryHead | undefined {
  switch (first) {
    case 0xc0:
      return { bytes: 1, integerBytes: 2 };
    case 0xd0:
      return { bytes: 1, integerBytes: 4 };
    case 0xe0:
      return { bytes: 1, integerBytes: 8 };
    case 0xf0:
      return { bytes: 1, integerBytes: 3 };
    case 0xfe:
      return { bytes: 1, integerBytes: 1 };
    default:
      // The small ones, 0 to 12, are in the encoding itself.
      return first >= 0xf1 && first <= 0xfd ? { bytes: 1 } : undefined;
  }
}

function integerText(bytes: Buffer, at: number): string {
  const first = bytes[at]!;
  switch (first) {
    case 0xc0:
      return String(bytes.readInt16LE(at + 1));
    case 0xd0:
      return String(bytes.readInt32LE(at + 1));
    case 0xe0:
      return String(bytes.readBigInt64LE(at + 1));
    case 0xf0:
      return String(bytes.readIntLE(at + 1, 3));
    case 0xfe:
      return String(bytes.readInt8(at + 1));
    default:
      return String((first & 0x0f) - 1);
  }
}

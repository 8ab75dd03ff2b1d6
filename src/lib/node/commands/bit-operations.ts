/** What the commands about single bits do; BITFIELD is in `bit-fields.ts`. Their table is in `bits.ts`. */
import { STRING_BYTES_MAX } from '../../kernel/limits.js';
import { err, ok, type Result } from '../../kernel/result.js';
import { byteAt, bytesOf, stringLength } from '../store/string-bytes.js';
import { integer, NOT_AN_INTEGER, SYNTAX_ERROR } from './arguments.js';
import { patchString, readString, stringForWriting } from './string-access.js';
import { storeNothing, storeResult } from './store-result.js';
import type { StoreCall } from './store-call.js';

export const BAD_BIT_OFFSET = 'ERR bit offset is not an integer or out of range';

/** undefined: none, or beyond the longest string, and the client has been told. */
function bitOffset(call: StoreCall, text: string): number | undefined {
  const offset = integer(text);
  if (offset !== undefined && offset >= 0 && offset < STRING_BYTES_MAX * 8) return offset;
  call.reply.error(BAD_BIT_OFFSET);
  return undefined;
}

/** The bit within its byte; the first one is the highest. */
function maskAt(offset: number): number {
  return 0x80 >> (offset % 8);
}

export function setbit(call: StoreCall): void {
  const { argv, reply } = call;
  const key = argv[1]!;
  const offset = bitOffset(call, argv[2]!);
  if (offset === undefined) return;
  const bit = argv[3];
  if (bit !== '0' && bit !== '1') {
    reply.error('ERR bit is not an integer or out of range');
    return;
  }
  const entry = stringForWriting(call, key);
  if (entry === null) return;
  const at = Math.floor(offset / 8);
  const mask = maskAt(offset);
  const byte = entry === undefined ? 0 : byteAt(entry, at);
  const wasSet = (byte & mask) !== 0;
  reply.integer(wasSet ? 1 : 0);
  if (entry !== undefined && at < stringLength(entry) && wasSet === (bit === '1')) {
    // A real server has made it writable by now, and says so.
    entry.encoding = 'raw';
    return;
  }
  patchString(call, key, entry, at, String.fromCharCode(bit === '1' ? byte | mask : byte & ~mask));
  call.db.notify('string', 'setbit', key);
}

export function getbit(call: StoreCall): void {
  const offset = bitOffset(call, call.argv[2]!);
  if (offset === undefined) return;
  const entry = readString(call, call.argv[1]!);
  if (entry === null) return;
  const byte = entry === undefined ? 0 : byteAt(entry, Math.floor(offset / 8));
  call.reply.integer((byte & maskAt(offset)) === 0 ? 0 : 1);
}

// --- ranges -----------------------------------------------------------------

/** Bits, both ends included; empty where `first` is above `last`. */
interface BitRange {
  readonly first: number;
  readonly last: number;
}

const NO_BITS: BitRange = { first: 1, last: 0 };

/** Clamped to a string of so many bytes; negative ends count from behind. undefined: no such unit. */
function bitRange(start: number, end: number, unit: string, length: number): BitRange | undefined {
  const isBits = unit.toLowerCase() === 'bit';
  if (!isBits && unit.toLowerCase() !== 'byte') return undefined;
  const total = isBits ? length * 8 : length;
  const first = Math.max(0, start < 0 ? start + total : start);
  const last = Math.min(total - 1, Math.max(0, end < 0 ? end + total : end));
  return isBits ? { first, last } : { first: first * 8, last: last * 8 + 7 };
}

export function bitcount(call: StoreCall): void {
  const entry = readString(call, call.argv[1]!);
  if (entry === null) return;
  if (entry === undefined) {
    call.reply.integer(0);
    return;
  }
  const range = countedRange(call.argv, stringLength(entry));
  if (!range.ok) {
    call.reply.error(range.error);
    return;
  }
  const { first, last } = range.value;
  if (first > last) {
    call.reply.integer(0);
    return;
  }
  const bytes = bytesOf(entry, first >> 3, (last >> 3) + 1);
  // What the first and the last byte have outside of the range.
  const before = first % 8 === 0 ? 0 : (bytes[0]! >> (8 - (first % 8))) & 0xff;
  const behind = bytes.at(-1)! & (0xff >> ((last % 8) + 1));
  call.reply.integer(countBits(bytes) - bitsOf(before) - bitsOf(behind));
}

/** `[start end [BYTE|BIT]]`, checked in the order of real servers. */
function countedRange(argv: readonly string[], length: number): Result<BitRange> {
  const [, , startText, endText, unit = 'BYTE'] = argv;
  if (argv.length === 3 || argv.length > 5) return err(SYNTAX_ERROR);
  const start = integer(startText ?? '0');
  const end = integer(endText ?? '-1');
  if (start === undefined || end === undefined) return err(NOT_AN_INTEGER);
  // Both negative and the wrong way round is empty, even where clamping would meet at the beginning.
  if (start < 0 && end < 0 && start > end) return ok(NO_BITS);
  const range = bitRange(start, end, unit, length);
  return range === undefined ? err(SYNTAX_ERROR) : ok(range);
}

function bitsOf(byte: number): number {
  let count = 0;
  for (let rest = byte; rest > 0; rest &= rest - 1) count++;
  return count;
}

const BITS_OF_BYTE = Uint8Array.from({ length: 256 }, (_, byte) => bitsOf(byte));

function countBits(bytes: Uint8Array): number {
  let count = 0;
  for (const byte of bytes) count += BITS_OF_BYTE[byte]!;
  return count;
}

export function bitpos(call: StoreCall): void {
  const { argv, reply } = call;
  const bit = integer(argv[2]!);
  if (bit !== 0 && bit !== 1) {
    reply.error(bit === undefined ? NOT_AN_INTEGER : 'ERR The bit argument must be 1 or 0.');
    return;
  }
  const entry = readString(call, argv[1]!);
  if (entry === null) return;
  if (entry === undefined) {
    reply.integer(bit === 1 ? -1 : 0);
    return;
  }
  const length = stringLength(entry);
  const range = searchedRange(argv, length);
  if (!range.ok) {
    reply.error(range.error);
    return;
  }
  const { first, last } = range.value;
  if (first > last) {
    reply.integer(-1);
    return;
  }
  const bytes = bytesOf(entry, first >> 3, (last >> 3) + 1);
  const found = firstBit(bytes, bit, first % 8);
  const position = found < 0 ? Infinity : found + (first - (first % 8));
  if (position <= last) reply.integer(position);
  // Behind a string without an end of the range there are zeros without end.
  else reply.integer(argv.length < 5 && bit === 0 ? length * 8 : -1);
}

/** `[start [end [BYTE|BIT]]]`, checked in the order of real servers. */
function searchedRange(argv: readonly string[], length: number): Result<BitRange> {
  const [, , , startText, endText, unit = 'BYTE'] = argv;
  if (argv.length > 6) return err(SYNTAX_ERROR);
  const start = integer(startText ?? '0');
  if (start === undefined) return err(NOT_AN_INTEGER);
  const end = integer(endText ?? '-1');
  const range = bitRange(start, end ?? 0, unit, length);
  if (range === undefined) return err(SYNTAX_ERROR);
  return end === undefined ? err(NOT_AN_INTEGER) : ok(range);
}

/** From the bit `from` of the first byte on; -1 when there is none. */
function firstBit(bytes: Uint8Array, bit: 0 | 1, from: number): number {
  const flip = bit === 1 ? 0 : 0xff;
  for (let at = 0; at < bytes.length; at++) {
    const wanted = (bytes[at]! ^ flip) & (at === 0 ? 0xff >> from : 0xff);
    if (wanted !== 0) return at * 8 + Math.clz32(wanted) - 24;
  }
  return -1;
}

// --- BITOP ------------------------------------------------------------------

const OPERATIONS: ReadonlyMap<string, (a: number, b: number) => number> = new Map<
  string,
  (a: number, b: number) => number
>([
  ['and', (a, b) => a & b],
  ['or', (a, b) => a | b],
  ['xor', (a, b) => a ^ b],
]);

export function bitop(call: StoreCall): void {
  const { argv, reply } = call;
  const name = argv[1]!.toLowerCase();
  const operation = OPERATIONS.get(name);
  if (operation === undefined && name !== 'not') {
    reply.error(SYNTAX_ERROR);
    return;
  }
  if (name === 'not' && argv.length !== 4) {
    reply.error('ERR BITOP NOT must be called with a single source key.');
    return;
  }
  const sources: Uint8Array[] = [];
  let length = 0;
  for (let at = 3; at < argv.length; at++) {
    const entry = readString(call, argv[at]!);
    if (entry === null) return;
    const source = entry === undefined ? new Uint8Array() : bytesOf(entry);
    sources.push(source);
    length = Math.max(length, source.length);
  }
  const target = argv[2]!;
  reply.integer(length);
  if (length === 0) {
    storeNothing(call, target);
    return;
  }
  const result = Buffer.alloc(length);
  result.set(sources[0]!);
  if (operation === undefined) for (let at = 0; at < length; at++) result[at]! ^= 0xff;
  else for (const source of sources.slice(1)) combineInto(result, source, operation);
  storeResult(call, target, result.latin1Slice(), ['string', 'set']).encoding = 'raw';
}

/** A source that is too short goes on as zeros. */
function combineInto(
  result: Uint8Array,
  source: Uint8Array,
  operation: (a: number, b: number) => number,
): void {
  for (let at = 0; at < result.length; at++) {
    result[at] = operation(result[at]!, at < source.length ? source[at]! : 0);
  }
}

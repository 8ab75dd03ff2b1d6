/** Reading and writing the field shapes of the bus: checked 64-bit numbers, NUL-padded text, ids. */
import { isNodeId, type NodeId } from '../../kernel/node-id.js';
import { ID_BYTES, IP_BYTES } from './layout.js';

/** What makes a well-framed message meaningless. Thrown inside the codec only; callers get a Result. */
export class BusDefect extends Error {
  override readonly name = 'BusDefect';
}

const HIGH_WORD_MAX = 0x1f_ffff;

/** Epochs and offsets: exact JavaScript numbers, so anything past 2^53 is refused, not rounded. */
export function readU64(bytes: Buffer, at: number): number {
  const high = bytes.readUInt32BE(at);
  if (high > HIGH_WORD_MAX) throw new BusDefect(`64-bit field at ${at} is beyond 2^53`);
  return high * 0x1_0000_0000 + bytes.readUInt32BE(at + 4);
}

export function writeU64(bytes: Buffer, value: number, at: number): void {
  bytes.writeUInt32BE(Math.floor(value / 0x1_0000_0000), at);
  bytes.writeUInt32BE(value % 0x1_0000_0000, at + 4);
}

export function readId(bytes: Buffer, at: number): NodeId {
  const text = bytes.latin1Slice(at, at + ID_BYTES);
  if (!isNodeId(text)) throw new BusDefect(`no node id at ${at}`);
  return text;
}

/** An id, or undefined where the field is all zero. */
export function readOptionalId(bytes: Buffer, at: number): NodeId | undefined {
  return bytes[at] === 0 ? undefined : readId(bytes, at);
}

/** Digits, letters, dots, colons, and the zone of a link-local address. */
const ADDRESS_TEXT = /^[0-9A-Za-z.:%_-]*$/;

/**
 * An address ends up in nodes.conf, in redirects and in connect(): a blank or a line feed in it would
 * corrupt all three, so it is checked here, once.
 */
export function readIp(bytes: Buffer, at: number): string {
  const text = readPadded(bytes, at, at + IP_BYTES);
  if (!ADDRESS_TEXT.test(text)) throw new BusDefect(`no address at ${at}`);
  return text;
}

/** Text up to the first NUL or the end of the field. */
export function readPadded(bytes: Buffer, from: number, to: number): string {
  const end = bytes.subarray(from, to).indexOf(0);
  return bytes.latin1Slice(from, end < 0 ? to : from + end);
}

/**
 * Zipmaps: small hashes as servers before 2.6 wrote them. How many (254 and more: not said), then length
 * and field, length, unused bytes and value, and 0xff. Lengths from 254 on follow in four bytes.
 */
import { err, ok, type Result } from '../kernel/result.js';

const END = 0xff;
const WIDE_LENGTH = 0xfe;
const COUNT_UNKNOWN = 0xfe;

/** Fields and values in turn, as latin1 strings; or what is wrong with the blob. */
export function readZipmap(bytes: Buffer): Result<string[]> {
  const last = bytes.length - 1;
  if (last < 1 || bytes[last] !== END) return err('a zipmap without an end');
  const texts: string[] = [];
  let at = 1;
  while (at < last) {
    const isValue = texts.length % 2 === 1;
    const first = bytes[at]!;
    if (first === END) return err('a zipmap that ends early');
    const isWide = first === WIDE_LENGTH;
    if (isWide && at + 5 > last) return err('a zipmap entry out of bounds');
    const length = isWide ? bytes.readUInt32LE(at + 1) : first;
    at += isWide ? 5 : 1;
    const unused = isValue ? bytes[at++]! : 0;
    const end = at + length;
    if (end + unused > last) return err('a zipmap entry out of bounds');
    texts.push(bytes.latin1Slice(at, end));
    at = end + unused;
  }
  if (texts.length % 2 === 1) return err('a zipmap with a field that has no value');
  if (bytes[0]! < COUNT_UNKNOWN && bytes[0] !== texts.length / 2) {
    return err('a zipmap with another number of fields than it says');
  }
  return ok(texts);
}

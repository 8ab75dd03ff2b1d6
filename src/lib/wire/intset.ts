/** Intsets: small sets of nothing but integers. Width of one (2, 4 or 8 bytes), how many, and they, rising. */
import { err, ok, type Result } from '../kernel/result.js';

const HEADER_BYTES = 8;

/** The members in decimal; or what is wrong with the blob. */
export function readIntset(bytes: Buffer): Result<string[]> {
  if (bytes.length < HEADER_BYTES) return err('an intset too short for its header');
  const width = bytes.readUInt32LE(0);
  if (width !== 2 && width !== 4 && width !== 8) return err('an intset of an unknown width');
  const count = bytes.readUInt32LE(4);
  if (bytes.length !== HEADER_BYTES + count * width) {
    return err('an intset of another length than it says');
  }
  if (count === 0) return err('an intset of nothing');
  return width === 8 ? wideMembers(bytes, count) : members(bytes, count, width);
}

const OUT_OF_ORDER = 'an intset out of order';

function members(bytes: Buffer, count: number, width: number): Result<string[]> {
  const texts = new Array<string>(count);
  let before = -Infinity;
  for (let index = 0; index < count; index++) {
    const member = bytes.readIntLE(HEADER_BYTES + index * width, width);
    if (member <= before) return err(OUT_OF_ORDER);
    texts[index] = String(member);
    before = member;
  }
  return ok(texts);
}

function wideMembers(bytes: Buffer, count: number): Result<string[]> {
  const texts = new Array<string>(count);
  let before: bigint | undefined;
  for (let index = 0; index < count; index++) {
    const member = bytes.readBigInt64LE(HEADER_BYTES + index * 8);
    if (before !== undefined && member <= before) return err(OUT_OF_ORDER);
    texts[index] = String(member);
    before = member;
  }
  return ok(texts);
}

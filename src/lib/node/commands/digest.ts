/**
 * Fingerprints of data that every Redis-compatible server computes alike: equal digests, equal data. Tests of
 * replication and migration compare a real server with an embedded node in one line.
 *
 * The state is twenty bytes that start as zeros. `xor` folds something in regardless of order (keys of a
 * data set, members of a set); `mix` makes order count (a key before its value, the elements of a list).
 */
import { createHash } from 'node:crypto';
import { toBytes } from '../../kernel/bytes.js';
import { formatDouble } from '../../wire/resp/double.js';
import type { Database } from '../store/database.js';
import { type Entry, NEVER } from '../store/entry.js';
import { type TypeName, typeName, type Value } from '../store/value.js';

const DIGEST_BYTES = 20;

/** A new type of value must have its number here, or this does not compile. */
const TYPE_NUMBERS: Readonly<Record<TypeName, number>> = {
  string: 0,
  list: 1,
  set: 2,
  zset: 3,
  hash: 4,
};

/** Mixed into keys that expire. When they do is not: two servers never agree to the millisecond. */
const EXPIRES = Buffer.from('!!expire!!');

class Digest {
  #state: Buffer = Buffer.alloc(DIGEST_BYTES);

  xor(bytes: Uint8Array): void {
    const other = sha1(bytes);
    for (let at = 0; at < DIGEST_BYTES; at++) this.#state[at]! ^= other[at]!;
  }

  mix(bytes: Uint8Array): void {
    this.xor(bytes);
    this.#state = sha1(this.#state);
  }

  get bytes(): Uint8Array {
    return this.#state;
  }

  hex(): string {
    return this.#state.toString('hex');
  }
}

/** DEBUG DIGEST: all databases of a node, as 40 hex digits; zeros when there is nothing. */
export function dataSetDigest(databases: readonly Database[]): string {
  const digest = new Digest();
  for (const db of databases) {
    if (db.size === 0) continue;
    digest.mix(uint32(db.index));
    for (const entry of db) {
      const one = new Digest();
      one.mix(toBytes(entry.key));
      mixEntry(one, entry);
      digest.xor(one.bytes);
    }
  }
  return digest.hex();
}

/** DEBUG DIGEST-VALUE: one value without its key. Zeros for a key that is not there. */
export function valueDigest(entry: Entry | undefined): string {
  const digest = new Digest();
  if (entry !== undefined) mixEntry(digest, entry);
  return digest.hex();
}

function mixEntry(digest: Digest, entry: Entry): void {
  digest.mix(uint32(TYPE_NUMBERS[typeName(entry.value)]));
  mixValue(digest, entry.value);
  if (entry.expireAtMs !== NEVER) digest.xor(EXPIRES);
}

function mixValue(digest: Digest, value: Value): void {
  if (typeof value === 'string') {
    digest.mix(toBytes(value));
    return;
  }
  switch (value.kind) {
    case 'list':
      for (const element of value) digest.mix(toBytes(element));
      return;
    case 'set':
      for (const member of value) digest.xor(toBytes(member));
      return;
    case 'zset':
      value.forEach((member, score) => xorPair(digest, member, formatDouble(score)));
      return;
    case 'hash':
      value.forEach((field, text) => xorPair(digest, field, text));
  }
}

/** Members and fields have no order among each other; what belongs to one is mixed in order. */
function xorPair(digest: Digest, first: string, second: string): void {
  const one = new Digest();
  one.mix(toBytes(first));
  one.mix(toBytes(second));
  digest.xor(one.bytes);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function sha1(bytes: Uint8Array): Buffer {
  return createHash('sha1').update(bytes).digest();
}

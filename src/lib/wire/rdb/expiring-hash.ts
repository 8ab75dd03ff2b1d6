/**
 * Hashes whose fields may expire, as Redis 7.4 and Valkey 9 write them. Expiring fields are not served; but
 * a hash that once had one is written in these forms too, and is as good as any other.
 */
import { readListpack } from '../listpack.js';
import { RdbCursor } from './cursor.js';
import type { ValueType } from './format.js';

/** What the forms say of a field without expiry. */
const NEVER_BEFORE = 0;
const NEVER_BEHIND = -1;

/**
 * Names and values in turn, or undefined when a field does expire.
 * @param bytes the whole body, whose extent is known to be right
 */
export function fieldsWithoutExpiry(bytes: Buffer, type: ValueType): string[] | undefined {
  const { layout } = type;
  const cursor = new RdbCursor({ checksum: false, bytes });
  if (layout.kind === 'ttl-listpack') {
    cursor.tryBytes(layout.headBytes);
    return fieldsOfListpack(cursor, type);
  }
  if (layout.kind !== 'ttl-fields') throw cursor.malformed(`a ${type.name} has no fields`);
  cursor.tryBytes(layout.headBytes);
  const texts: string[] = [];
  for (let left = cursor.tryLength()!; left > 0; left--) {
    if (layout.ttl === 'before' && cursor.tryLength() !== NEVER_BEFORE) return undefined;
    texts.push(cursor.tryString()!, cursor.tryString()!);
    if (layout.ttl === 'behind' && cursor.tryInt64() !== NEVER_BEHIND) return undefined;
  }
  return texts;
}

function fieldsOfListpack(cursor: RdbCursor, type: ValueType): string[] | undefined {
  const triples = readListpack(cursor.tryBlob()!);
  if (!triples.ok) throw cursor.malformed(triples.error);
  if (triples.value.length % 3 !== 0) throw cursor.malformed(`a ${type.name} not made of triples`);
  const texts: string[] = [];
  for (let at = 0; at < triples.value.length; at += 3) {
    const [name, value, ttl] = triples.value.slice(at, at + 3) as [string, string, string];
    if (ttl !== String(NEVER_BEFORE)) return undefined;
    texts.push(name, value);
  }
  return texts;
}

/** What the RDB tests share: a record of what a reader told, and ways to cut bytes. */
import { RdbReader } from '../../../src/lib/wire/rdb/reader.js';
import { RdbWriter } from '../../../src/lib/wire/rdb/writer.js';

export interface StoredString {
  readonly db: number;
  readonly key: string;
  readonly value: string;
  readonly expireAtMs: number | undefined;
}

export function readAll(
  chunks: Iterable<Buffer>,
  unserved: 'refuse' | 'skip' = 'refuse',
): { strings: StoredString[]; skipped: string[]; aux: Map<string, string>; rest: Buffer } {
  const strings: StoredString[] = [];
  const skipped: string[] = [];
  const aux = new Map<string, string>();
  let db = 0;
  const reader = new RdbReader(
    {
      aux: (name, value) => void aux.set(name, value),
      selectDb: (index) => (db = index),
      string: (key, value, expireAtMs) => strings.push({ db, key, value, expireAtMs }),
      skipped: (key, typeName) => skipped.push(`${key}: ${typeName}`),
      skippedFunction: () => skipped.push('function'),
    },
    { unserved },
  );
  let rest: Buffer = Buffer.alloc(0);
  for (const chunk of chunks) {
    if (reader.isDone) rest = Buffer.concat([rest, chunk]);
    else rest = reader.push(chunk) ?? rest;
  }
  reader.end();
  return { strings, skipped, aux, rest };
}

export function writeAll(
  strings: readonly StoredString[],
  options: { checksum?: boolean; chunkBytes?: number } = {},
): Buffer[] {
  const chunks: Buffer[] = [];
  const writer = new RdbWriter({
    checksum: options.checksum ?? true,
    chunkBytes: options.chunkBytes ?? 100,
    emit: (chunk) => chunks.push(chunk),
  });
  writer.header([['redis-ver', '7.0.15']]);
  let db = -1;
  for (const entry of strings) {
    if (entry.db !== db) writer.selectDb((db = entry.db), strings.length, 0);
    writer.string(entry.key, entry.value, entry.expireAtMs);
  }
  writer.end();
  return chunks;
}

/** Cuts at the given places (modulo the length, in any order). */
export function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...at, bytes.length].map((end, index) => bytes.subarray(at[index - 1] ?? 0, end));
}

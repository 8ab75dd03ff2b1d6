/** What the RDB tests share: a record of what a reader told, and ways to cut bytes. */
import { Crc64 } from '../../../src/lib/wire/crc64.js';
import type { CollectionSink } from '../../../src/lib/wire/rdb/collection-reader.js';
import { RdbError } from '../../../src/lib/wire/rdb/format.js';
import {
  type RawValue,
  RdbReader,
  type RdbReaderOptions,
} from '../../../src/lib/wire/rdb/reader.js';
import { RdbWriter } from '../../../src/lib/wire/rdb/writer.js';

export interface StoredString {
  readonly db: number;
  readonly key: string;
  readonly value: string;
  readonly expireAtMs: number | undefined;
}

/** Elements as they were told; `field=value` and `member:score` in one text each. */
export interface StoredCollection {
  readonly db: number;
  readonly key: string;
  readonly kind: string;
  readonly elements: string[];
  readonly expireAtMs: number | undefined;
  isWhole: boolean;
}

/** A sink that takes everything down; a hash, set or sorted set has each name once. */
export function recordingSink(kind: string, elements: string[]): CollectionSink {
  const names = new Set<string>();
  const take = (name: string, text: string): boolean => {
    const isNew = kind === 'list' || !names.has(name);
    names.add(name);
    elements.push(text);
    return isNew;
  };
  return {
    element: (text) => take(text, text),
    field: (name, value) => take(name, `${name}=${value}`),
    member: (member, score) => take(member, `${member}:${score}`),
  };
}

export interface ReadBack {
  readonly strings: StoredString[];
  readonly collections: StoredCollection[];
  readonly raw: RawValue[];
  readonly skipped: string[];
  readonly uses: string[];
  readonly aux: Map<string, string>;
  rest: Buffer;
}

export function readAll(chunks: Iterable<Buffer>, options: RdbReaderOptions = {}): ReadBack {
  const read: ReadBack = {
    strings: [],
    collections: [],
    raw: [],
    skipped: [],
    uses: [],
    aux: new Map(),
    rest: Buffer.alloc(0),
  };
  let db = 0;
  const reader = new RdbReader(
    {
      aux: (name, value) => void read.aux.set(name, value),
      selectDb: (index) => (db = index),
      string: (key, value, expireAtMs, use) => {
        read.strings.push({ db, key, value, expireAtMs });
        if (use) read.uses.push(`${key} ${JSON.stringify(use)}`);
      },
      collection: (kind, key, expireAtMs, use) => {
        const elements: string[] = [];
        read.collections.push({ db, key, kind, elements, expireAtMs, isWhole: false });
        if (use) read.uses.push(`${key} ${JSON.stringify(use)}`);
        return recordingSink(kind, elements);
      },
      collected: () => (read.collections.at(-1)!.isWhole = true),
      raw: (value) => read.raw.push({ ...value, body: Buffer.from(value.body) }),
      skipped: (key, typeName) => read.skipped.push(`${key}: ${typeName}`),
      skippedFunction: () => read.skipped.push('function'),
    },
    options,
  );
  for (const chunk of chunks) {
    if (reader.isDone) read.rest = Buffer.concat([read.rest, chunk]);
    else read.rest = reader.push(chunk) ?? read.rest;
  }
  reader.end();
  return read;
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

/** A snapshot of the given records, with the end mark and a right checksum. */
export function snapshot(version: string, ...records: readonly (string | number[])[]): Buffer {
  const body = Buffer.concat([
    Buffer.from(version, 'latin1'),
    ...records.map((r) => (typeof r === 'string' ? Buffer.from(r, 'latin1') : Buffer.from(r))),
    Buffer.from([0xff]),
  ]);
  return Buffer.concat([body, new Crc64().update(body).digest()]);
}

export function faultOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof RdbError) return `${error.fault}: ${error.message}`;
    throw error;
  }
  return 'none';
}

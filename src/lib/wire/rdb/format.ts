/**
 * The names and numbers of the RDB format, and what can be wrong with one.
 *
 * The reader knows how long every type and opcode of every version is, so that what it cannot serve is
 * refused by its name and not taken for garbage.
 */
import { TribError } from '../../kernel/errors.js';

/** What we write: every server since 5.0 reads it, and nothing we hold needs more. */
export const RDB_VERSION_WRITTEN = 9;
/** The newest we read: Redis 8. */
export const RDB_VERSION_READ_MAX = 14;
/** Valkey 9 left Redis's numbering, and changed the magic with it. */
export const VALKEY_VERSION_READ_MAX = 80;

export const Opcode = {
  /** Of Redis 8.6: what modules know of the key behind it. Of Valkey 9: a slot that is being imported. */
  keyMetadataOrSlotImport: 243,
  slotInfo: 244,
  function2: 245,
  functionPreview: 246,
  moduleAux: 247,
  idle: 248,
  frequency: 249,
  aux: 250,
  resizeDb: 251,
  expireMs: 252,
  expireSeconds: 253,
  selectDb: 254,
  end: 255,
} as const;

/** The two numberings of types, told apart by the magic of a file and the version of a payload. */
export type RdbFamily = 'redis' | 'valkey';

/** What an element of a plain layout ends with, and what stands before or behind a field's expiry. */
export type BlobCodec = 'listpack' | 'ziplist' | 'intset' | 'zipmap';

export type StreamVersion = 1 | 2 | 3 | 4 | 5;

/** How the body of a value is laid out. */
export type ValueLayout =
  | { readonly kind: 'strings'; readonly perElement: 1 | 2; readonly tailBytes: 0 | 8 }
  | { readonly kind: 'scored-text' }
  | { readonly kind: 'blob'; readonly codec?: BlobCodec }
  | { readonly kind: 'blobs'; readonly hasContainer: boolean; readonly codec: BlobCodec }
  /** Every field with its expiry; the numbers before them are a head that nobody needs. */
  | { readonly kind: 'ttl-fields'; readonly headBytes: 0 | 8; readonly ttl: 'before' | 'behind' }
  | { readonly kind: 'ttl-listpack'; readonly headBytes: 0 | 8 }
  | { readonly kind: 'stream'; readonly version: StreamVersion }
  | { readonly kind: 'module' }
  | { readonly kind: 'array' }
  /** Named, but its length is not known: nothing behind it can be read. */
  | { readonly kind: 'unknown' };

export type CollectionKind = 'list' | 'set' | 'hash' | 'zset';

export interface ValueType {
  readonly name: string;
  readonly layout: ValueLayout;
  /** What it is once read; absent for types that are not served. */
  readonly holds?: 'string' | CollectionKind;
}

const strings = (perElement: 1 | 2, tailBytes: 0 | 8 = 0): ValueLayout => ({
  kind: 'strings',
  perElement,
  tailBytes,
});
const blob = (codec?: BlobCodec): ValueLayout => ({
  kind: 'blob',
  ...(codec === undefined ? {} : { codec }),
});
const ttlFields = (headBytes: 0 | 8, ttl: 'before' | 'behind'): ValueLayout => ({
  kind: 'ttl-fields',
  headBytes,
  ttl,
});

export const STRING_TYPE = 0;

const SHARED: readonly (readonly [code: number, type: ValueType])[] = [
  [STRING_TYPE, { name: 'string', holds: 'string', layout: blob() }],
  [1, { name: 'list', holds: 'list', layout: strings(1) }],
  [2, { name: 'set', holds: 'set', layout: strings(1) }],
  [3, { name: 'sorted set (scores as text)', holds: 'zset', layout: { kind: 'scored-text' } }],
  [4, { name: 'hash', holds: 'hash', layout: strings(2) }],
  [5, { name: 'sorted set', holds: 'zset', layout: strings(1, 8) }],
  [6, { name: 'module value of a preview version', layout: { kind: 'unknown' } }],
  [7, { name: 'module value', layout: { kind: 'module' } }],
  [9, { name: 'hash (zipmap)', holds: 'hash', layout: blob('zipmap') }],
  [10, { name: 'list (ziplist)', holds: 'list', layout: blob('ziplist') }],
  [11, { name: 'set (intset)', holds: 'set', layout: blob('intset') }],
  [12, { name: 'sorted set (ziplist)', holds: 'zset', layout: blob('ziplist') }],
  [13, { name: 'hash (ziplist)', holds: 'hash', layout: blob('ziplist') }],
  [
    14,
    {
      name: 'list (quicklist)',
      holds: 'list',
      layout: { kind: 'blobs', hasContainer: false, codec: 'ziplist' },
    },
  ],
  [15, { name: 'stream', layout: { kind: 'stream', version: 1 } }],
  [16, { name: 'hash (listpack)', holds: 'hash', layout: blob('listpack') }],
  [17, { name: 'sorted set (listpack)', holds: 'zset', layout: blob('listpack') }],
  [
    18,
    {
      name: 'list (quicklist 2)',
      holds: 'list',
      layout: { kind: 'blobs', hasContainer: true, codec: 'listpack' },
    },
  ],
  [19, { name: 'stream (version 2)', layout: { kind: 'stream', version: 2 } }],
  [20, { name: 'set (listpack)', holds: 'set', layout: blob('listpack') }],
  [21, { name: 'stream (version 3)', layout: { kind: 'stream', version: 3 } }],
];

const REDIS_TYPES: ReadonlyMap<number, ValueType> = new Map<number, ValueType>([
  ...SHARED,
  [
    22,
    {
      name: 'hash with field expiry (preview)',
      holds: 'hash',
      layout: ttlFields(0, 'before'),
    },
  ],
  [
    23,
    {
      name: 'hash with field expiry (preview listpack)',
      holds: 'hash',
      layout: { kind: 'ttl-listpack', headBytes: 0 },
    },
  ],
  [24, { name: 'hash with field expiry', holds: 'hash', layout: ttlFields(8, 'before') }],
  [
    25,
    {
      name: 'hash with field expiry (listpack)',
      holds: 'hash',
      layout: { kind: 'ttl-listpack', headBytes: 8 },
    },
  ],
  [26, { name: 'stream (version 4)', layout: { kind: 'stream', version: 4 } }],
  [27, { name: 'stream (version 5)', layout: { kind: 'stream', version: 5 } }],
  [28, { name: 'array', layout: { kind: 'array' } }],
]);

const VALKEY_TYPES: ReadonlyMap<number, ValueType> = new Map<number, ValueType>([
  ...SHARED,
  [22, { name: 'hash with field expiry', holds: 'hash', layout: ttlFields(0, 'behind') }],
]);

export function valueTypesOf(family: RdbFamily): ReadonlyMap<number, ValueType> {
  return family === 'redis' ? REDIS_TYPES : VALKEY_TYPES;
}

/** The first version whose servers know these types; all others are older than 9. */
const FIRST_VERSION: ReadonlyMap<number, number> = new Map([
  [16, 10],
  [17, 10],
  [18, 10],
  [19, 10],
  [20, 11],
  [21, 11],
]);

/**
 * The lowest version a payload of this type may carry: every server of that version, or a later one, can
 * restore it. @param fileVersion of the file it stands in
 */
export function payloadVersion(code: number, family: RdbFamily, fileVersion: number): number {
  const isOwn = code > 21;
  if (isOwn) return family === 'redis' ? Math.max(12, fileVersion) : VALKEY_VERSION_READ_MAX;
  return FIRST_VERSION.get(code) ?? RDB_VERSION_WRITTEN;
}

/** Why a snapshot or a payload is refused. */
export type RdbFault = 'version' | 'checksum' | 'truncated' | 'malformed' | 'unsupported';

/** A snapshot or payload we cannot load; the message says what is wrong and where. */
export class RdbError extends TribError {
  readonly fault: RdbFault;

  constructor(fault: RdbFault, message: string) {
    super('CORRUPT_FILE', message, { details: { fault } });
    this.name = 'RdbError';
    this.fault = fault;
  }
}

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
  slotImport: 243,
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

/** How the body of a value is laid out, as far as its length is concerned. */
export type ValueLayout =
  | { readonly kind: 'strings'; readonly perElement: number; readonly tailBytes: number }
  | { readonly kind: 'blob'; readonly headBytes: number }
  | { readonly kind: 'scored-text' }
  | { readonly kind: 'blobs'; readonly hasContainer: boolean }
  | { readonly kind: 'ttl-fields'; readonly headBytes: number }
  | { readonly kind: 'stream'; readonly version: 1 | 2 | 3 }
  | { readonly kind: 'module' }
  /** Named, but its length is not known: nothing behind it can be read. */
  | { readonly kind: 'unknown' };

export interface ValueType {
  readonly name: string;
  readonly layout: ValueLayout;
}

const strings = (perElement: number, tailBytes = 0): ValueLayout => ({
  kind: 'strings',
  perElement,
  tailBytes,
});
const blob = (headBytes = 0): ValueLayout => ({ kind: 'blob', headBytes });

export const STRING_TYPE = 0;

export const VALUE_TYPES: ReadonlyMap<number, ValueType> = new Map<number, ValueType>([
  [STRING_TYPE, { name: 'string', layout: blob() }],
  [1, { name: 'list', layout: strings(1) }],
  [2, { name: 'set', layout: strings(1) }],
  [3, { name: 'sorted set', layout: { kind: 'scored-text' } }],
  [4, { name: 'hash', layout: strings(2) }],
  [5, { name: 'sorted set', layout: strings(1, 8) }],
  [6, { name: 'module value of a preview version', layout: { kind: 'unknown' } }],
  [7, { name: 'module value', layout: { kind: 'module' } }],
  [9, { name: 'hash (zipmap)', layout: blob() }],
  [10, { name: 'list (ziplist)', layout: blob() }],
  [11, { name: 'set (intset)', layout: blob() }],
  [12, { name: 'sorted set (ziplist)', layout: blob() }],
  [13, { name: 'hash (ziplist)', layout: blob() }],
  [14, { name: 'list (quicklist)', layout: { kind: 'blobs', hasContainer: false } }],
  [15, { name: 'stream', layout: { kind: 'stream', version: 1 } }],
  [16, { name: 'hash (listpack)', layout: blob() }],
  [17, { name: 'sorted set (listpack)', layout: blob() }],
  [18, { name: 'list (quicklist 2)', layout: { kind: 'blobs', hasContainer: true } }],
  [19, { name: 'stream (version 2)', layout: { kind: 'stream', version: 2 } }],
  [20, { name: 'set (listpack)', layout: blob() }],
  [21, { name: 'stream (version 3)', layout: { kind: 'stream', version: 3 } }],
  [22, { name: 'hash with field expiry (preview)', layout: { kind: 'ttl-fields', headBytes: 0 } }],
  [23, { name: 'hash with field expiry (preview listpack)', layout: blob() }],
  [24, { name: 'hash with field expiry', layout: { kind: 'ttl-fields', headBytes: 8 } }],
  [25, { name: 'hash with field expiry (listpack)', layout: blob(8) }],
  [26, { name: 'stream (version 4)', layout: { kind: 'unknown' } }],
  [27, { name: 'stream (version 5)', layout: { kind: 'unknown' } }],
  [28, { name: 'array', layout: { kind: 'unknown' } }],
]);

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

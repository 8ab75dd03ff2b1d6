/**
 * Reads an RDB snapshot as its bytes arrive, in any chunks, and tells a listener what is in it.
 *
 * Strings and the four kinds of collections are served, in whichever form any version writes them. A
 * value of another type, and a function, are refused by name as soon as their key is known
 * (`unserved: 'refuse'`), told to the listener and skipped (`'skip'`), or handed to it as they stand in
 * the file (`'raw'`): with the type before and a footer behind, they are what RESTORE takes.
 * Everything wrong is thrown as an `RdbError`; the reader is then finished.
 */
import { assert } from '../../kernel/errors.js';
import { CollectionReader, type CollectionSink } from './collection-reader.js';
import { RdbCursor } from './cursor.js';
import { fieldsWithoutExpiry } from './expiring-hash.js';
import {
  type CollectionKind,
  Opcode,
  RDB_VERSION_READ_MAX,
  RdbError,
  type RdbFamily,
  STRING_TYPE,
  VALKEY_VERSION_READ_MAX,
  type ValueType,
  valueTypesOf,
} from './format.js';
import {
  readLength,
  skipKeyMetadata,
  skipModuleFields,
  skipNumber,
  skipSlotImport,
  skipValue,
  type Walk,
} from './values.js';

/** What its server knew of the use of a key, by the policy that it evicted by. */
export type KeyUse =
  | { readonly kind: 'idle'; readonly seconds: number }
  | { readonly kind: 'frequency'; readonly counter: number };

/** A value as it stands in a file. */
export interface RawValue {
  readonly key: string;
  readonly type: number;
  readonly typeName: string;
  /** What follows type and key; it may be a view of a chunk. */
  readonly body: Buffer;
  readonly expireAtMs: number | undefined;
  readonly use: KeyUse | undefined;
}

/** What a snapshot holds, in its order. Strings are latin1; what is undefined was not said. */
export interface RdbListener {
  aux?(name: string, value: string): void;
  selectDb?(db: number): void;
  resize?(keys: number, expiring: number): void;
  string(key: string, value: string, expireAtMs: number | undefined, use?: KeyUse): void;
  /** A collection begins; its elements go to the sink that is returned. */
  collection?(
    kind: CollectionKind,
    key: string,
    expireAtMs: number | undefined,
    use?: KeyUse,
  ): CollectionSink;
  /** The collection that began last is complete. It may be empty; servers then leave the key out. */
  collected?(): void;
  /** A value that was asked for as it is. */
  raw?(value: RawValue): void;
  /** A value that was skipped, with the name of its type. */
  skipped?(key: string, typeName: string): void;
  /** A function library that was not refused. */
  skippedFunction?(code: string): void;
}

export interface RdbReaderOptions {
  /** Values of types that are served: told by their elements, or as they are. Default: decode. */
  readonly served?: 'decode' | 'raw';
  /** Values of other types, and functions. Default: refuse. */
  readonly unserved?: 'refuse' | 'skip' | 'raw';
}

/** For who skips collections: they are read, and so checked, and forgotten. */
const NOWHERE: CollectionSink = { element: () => true, field: () => true, member: () => true };

export class RdbReader {
  readonly #cursor = new RdbCursor({ checksum: true });
  readonly #collections = new CollectionReader(this.#cursor);
  readonly #listener: RdbListener;
  readonly #served: 'decode' | 'raw';
  readonly #unserved: 'refuse' | 'skip' | 'raw';
  readonly #walk: Walk;
  #isDone = false;
  #version = 0;
  #family: RdbFamily = 'redis';
  #types = valueTypesOf('redis');
  /** What was said of the key that comes. */
  #expireAtMs: number | undefined;
  #use: KeyUse | undefined;

  constructor(listener: RdbListener, options: RdbReaderOptions = {}) {
    this.#listener = listener;
    this.#served = options.served ?? 'decode';
    this.#unserved = options.unserved ?? 'refuse';
    this.#walk = this.#read();
  }

  /** The end mark was read and the checksum fits. */
  get isDone(): boolean {
    return this.#isDone;
  }

  get version(): number {
    return this.#version;
  }

  /** Whose numbers the types of raw values are. */
  get family(): RdbFamily {
    return this.#family;
  }

  /** Bytes read so far. */
  get position(): number {
    return this.#cursor.position;
  }

  /** Takes the next bytes. @returns once done, the bytes behind the snapshot; before that, undefined. */
  push(chunk: Buffer): Buffer | undefined {
    assert(!this.#isDone, 'no bytes are pushed into a finished snapshot');
    if (!this.#cursor.push(chunk)) return undefined;
    this.#isDone = this.#walk.next().done === true;
    return this.#isDone ? this.#cursor.takeRest() : undefined;
  }

  /** No more bytes will come. */
  end(): void {
    if (this.#isDone) return;
    throw new RdbError(
      'truncated',
      `RDB: ends after ${this.#cursor.position} bytes, in the middle`,
    );
  }

  *#read(): Walk {
    const cursor = this.#cursor;
    yield* this.#readHeader();
    for (;;) {
      // Keys are the bulk of a file, so what most of them consist of is read in place, without a
      // generator each.
      let opcode = cursor.tryByte();
      while (opcode === undefined) {
        yield;
        opcode = cursor.tryByte();
      }
      if (opcode < Opcode.keyMetadataOrSlotImport) {
        let key = cursor.tryString();
        while (key === undefined) {
          yield;
          key = cursor.tryString();
        }
        if (opcode === STRING_TYPE && this.#served === 'decode') {
          let value = cursor.tryString();
          while (value === undefined) {
            yield;
            value = cursor.tryString();
          }
          this.#listener.string(key, value, this.#expireAtMs, this.#use);
        } else {
          const type = this.#typeOf(opcode);
          if (this.#beginCollection(key, type)) {
            while (!this.#collections.advance()) yield;
            this.#listener.collected?.();
          } else yield* this.#readRare(key, opcode, type);
        }
        this.#expireAtMs = undefined;
        this.#use = undefined;
      } else if (opcode === Opcode.expireMs) {
        let expireAtMs = cursor.tryInt64();
        while (expireAtMs === undefined) {
          yield;
          expireAtMs = cursor.tryInt64();
        }
        this.#expireAtMs = expireAtMs;
      } else if (opcode === Opcode.end) {
        return yield* this.#readChecksum();
      } else {
        yield* this.#readOpcode(opcode);
      }
    }
  }

  *#readHeader(): Walk {
    const magic = (yield* readBytes(this.#cursor, 9)).latin1Slice();
    const redis = /^REDIS([0-9]{4})$/.exec(magic);
    const valkey = /^VALKEY([0-9]{3})$/.exec(magic);
    const digits = redis?.[1] ?? valkey?.[1];
    if (digits === undefined) throw new RdbError('malformed', 'RDB: no magic at the start');
    this.#version = Number(digits);
    const newest = redis ? RDB_VERSION_READ_MAX : VALKEY_VERSION_READ_MAX;
    if (this.#version < 1 || this.#version > newest) {
      throw new RdbError('version', `RDB: cannot read format version ${this.#version}`);
    }
    this.#family = redis ? 'redis' : 'valkey';
    this.#types = valueTypesOf(this.#family);
  }

  #typeOf(code: number): ValueType {
    const type = this.#types.get(code);
    if (type === undefined) throw this.#cursor.malformed(`unknown value type ${code}`);
    return type;
  }

  /** True when what follows is for the reader of collections. */
  #beginCollection(key: string, type: ValueType): boolean {
    const { holds, layout } = type;
    if (this.#served === 'raw' || holds === undefined || holds === 'string') return false;
    if (layout.kind === 'ttl-fields' || layout.kind === 'ttl-listpack') return false;
    this.#collections.begin(type, this.#sinkFor(holds, key));
    return true;
  }

  /** What is not served, is wanted as it is, or is known to be served only at its end. */
  *#readRare(key: string, code: number, type: ValueType): Walk {
    const { holds } = type;
    if (holds === undefined && this.#unserved === 'refuse') throw this.#unservedValue(key, type);
    if (holds === undefined && this.#unserved === 'skip') {
      yield* skipValue(this.#cursor, type);
      this.#listener.skipped?.(key, type.name);
      return;
    }
    const expireAtMs = this.#expireAtMs;
    this.#cursor.startKeeping();
    yield* skipValue(this.#cursor, type);
    const body = this.#cursor.takeKept();
    if (holds !== undefined && this.#served === 'decode') {
      const fields = fieldsWithoutExpiry(body, type);
      if (fields !== undefined) {
        this.#tellHash(key, fields);
        return;
      }
      if (this.#unserved === 'refuse') throw this.#unservedValue(key, type);
      if (this.#unserved === 'skip') {
        this.#listener.skipped?.(key, type.name);
        return;
      }
    }
    const use = this.#use;
    this.#listener.raw?.({ key, type: code, typeName: type.name, body, expireAtMs, use });
  }

  #sinkFor(kind: CollectionKind, key: string): CollectionSink {
    return this.#listener.collection?.(kind, key, this.#expireAtMs, this.#use) ?? NOWHERE;
  }

  #tellHash(key: string, fields: readonly string[]): void {
    const sink = this.#sinkFor('hash', key);
    for (let at = 0; at < fields.length; at += 2) {
      if (sink.field(fields[at]!, fields[at + 1]!)) continue;
      throw this.#cursor.malformed(`a hash that has ${JSON.stringify(fields[at])} twice`);
    }
    this.#listener.collected?.();
  }

  #unservedValue(key: string, type: ValueType): RdbError {
    return new RdbError(
      'unsupported',
      `RDB: key ${JSON.stringify(key)} holds a ${type.name}, which this node does not serve, at byte ${this.#cursor.position}`,
    );
  }

  *#readOpcode(opcode: number): Walk {
    const cursor = this.#cursor;
    switch (opcode) {
      case Opcode.aux: {
        const name = yield* readString(cursor);
        const value = yield* readString(cursor);
        return this.#listener.aux?.(name, value);
      }
      case Opcode.selectDb: {
        // Read first: an absent listener would skip its argument, and with it the bytes.
        const db = yield* readLength(cursor);
        return this.#listener.selectDb?.(db);
      }
      case Opcode.resizeDb: {
        const keys = yield* readLength(cursor);
        const expiring = yield* readLength(cursor);
        return this.#listener.resize?.(keys, expiring);
      }
      case Opcode.idle:
        this.#use = { kind: 'idle', seconds: yield* readLength(cursor) };
        return;
      case Opcode.frequency:
        this.#use = { kind: 'frequency', counter: (yield* readBytes(cursor, 1))[0]! };
        return;
      case Opcode.expireSeconds:
        this.#expireAtMs = (yield* readBytes(cursor, 4)).readInt32LE() * 1000;
        return;
      case Opcode.keyMetadataOrSlotImport:
        if (this.#family === 'valkey') return yield* skipSlotImport(cursor);
        return yield* skipKeyMetadata(cursor);
      case Opcode.slotInfo:
        for (let number = 0; number < 3; number++) yield* skipNumber(cursor);
        return;
      case Opcode.function2:
        this.#takeFunction(yield* readString(cursor));
        return;
      case Opcode.moduleAux:
        yield* skipNumber(cursor);
        return yield* skipModuleFields(cursor);
      case Opcode.functionPreview:
        throw new RdbError('unsupported', 'RDB: holds a function of a preview version');
      default:
        throw new RdbError(
          'unsupported',
          `RDB: holds an unknown record (opcode ${opcode}), at byte ${cursor.position}`,
        );
    }
  }

  #takeFunction(code: string): void {
    if (this.#unserved === 'refuse') {
      const library = /name=(\S+)/.exec(code.slice(0, 200))?.[1] ?? 'unnamed';
      throw new RdbError(
        'unsupported',
        `RDB: holds the function library ${library}; this node does not run functions, at byte ${this.#cursor.position}`,
      );
    }
    this.#listener.skippedFunction?.(code);
  }

  /** Eight zero bytes say that the writer did not compute one; versions before 5 have none. */
  *#readChecksum(): Walk {
    if (this.#version < 5) return;
    const computed = this.#cursor.checksum();
    const written = yield* readBytes(this.#cursor, 8);
    if (written.equals(computed) || written.every((byte) => byte === 0)) return;
    throw new RdbError(
      'checksum',
      `RDB: the checksum at byte ${this.#cursor.position - 8} is wrong`,
    );
  }
}

function* readString(cursor: RdbCursor): Generator<undefined, string, undefined> {
  for (;;) {
    const text = cursor.tryString();
    if (text !== undefined) return text;
    yield;
  }
}

function* readBytes(cursor: RdbCursor, count: number): Generator<undefined, Buffer, undefined> {
  for (;;) {
    const bytes = cursor.tryBytes(count);
    if (bytes !== undefined) return bytes;
    yield;
  }
}

/**
 * Reads an RDB snapshot as its bytes arrive, in any chunks, and tells a listener what is in it.
 *
 * Strings are served. A value of another type, and a function, are refused by name as soon as their
 * key is known (`unserved: 'refuse'`), or told to the listener and skipped (`unserved: 'skip'`).
 * Everything wrong is thrown as an `RdbError`; the reader is then finished.
 */
import { assert } from '../../kernel/errors.js';
import { RdbCursor } from './cursor.js';
import {
  Opcode,
  RDB_VERSION_READ_MAX,
  RdbError,
  STRING_TYPE,
  VALKEY_VERSION_READ_MAX,
  VALUE_TYPES,
} from './format.js';
import {
  readLength,
  skipBytes,
  skipModuleFields,
  skipNumber,
  skipValue,
  type Walk,
} from './values.js';

/** What a snapshot holds, in its order. Strings are latin1. */
export interface RdbListener {
  aux?(name: string, value: string): void;
  selectDb?(db: number): void;
  resize?(keys: number, expiring: number): void;
  /** expireAtMs is undefined for a key without expiry. */
  string(key: string, value: string, expireAtMs: number | undefined): void;
  /** A value that was skipped, with the name of its type. */
  skipped?(key: string, typeName: string): void;
  /** A function library that was skipped. */
  skippedFunction?(code: string): void;
}

export interface RdbReaderOptions {
  readonly unserved?: 'refuse' | 'skip';
}

export class RdbReader {
  readonly #cursor = new RdbCursor({ checksum: true });
  readonly #listener: RdbListener;
  readonly #refuses: boolean;
  readonly #walk: Walk;
  #isDone = false;
  #version = 0;

  constructor(listener: RdbListener, options: RdbReaderOptions = {}) {
    this.#listener = listener;
    this.#refuses = options.unserved !== 'skip';
    this.#walk = this.#read();
  }

  /** The end mark was read and the checksum fits. */
  get isDone(): boolean {
    return this.#isDone;
  }

  get version(): number {
    return this.#version;
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
    const listener = this.#listener;
    yield* this.#readHeader();
    let expireAtMs: number | undefined;
    for (;;) {
      let opcode = cursor.tryByte();
      while (opcode === undefined) {
        yield;
        opcode = cursor.tryByte();
      }
      if (opcode < Opcode.slotImport) {
        // Keys are the bulk of a file, so their strings are read in place, without a generator each.
        let key = cursor.tryString();
        while (key === undefined) {
          yield;
          key = cursor.tryString();
        }
        if (opcode === STRING_TYPE) {
          let value = cursor.tryString();
          while (value === undefined) {
            yield;
            value = cursor.tryString();
          }
          listener.string(key, value, expireAtMs);
        } else {
          yield* this.#skipKey(key, opcode);
        }
        expireAtMs = undefined;
      } else if (opcode === Opcode.end) {
        return yield* this.#readChecksum();
      } else if (opcode === Opcode.expireMs) {
        const bytes = yield* readBytes(cursor, 8);
        expireAtMs = Number(bytes.readBigInt64LE());
      } else if (opcode === Opcode.expireSeconds) {
        const bytes = yield* readBytes(cursor, 4);
        expireAtMs = bytes.readInt32LE() * 1000;
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
  }

  *#skipKey(key: string, code: number): Walk {
    const type = VALUE_TYPES.get(code);
    if (type === undefined) throw this.#cursor.malformed(`unknown value type ${code}`);
    if (this.#refuses) {
      throw new RdbError(
        'unsupported',
        `RDB: key ${JSON.stringify(key)} holds a ${type.name}, which this node does not serve`,
      );
    }
    yield* skipValue(this.#cursor, type);
    this.#listener.skipped?.(key, type.name);
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
        return yield* skipNumber(cursor);
      case Opcode.frequency:
        return yield* skipBytes(cursor, 1);
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
        throw new RdbError('unsupported', `RDB: holds an unknown record (opcode ${opcode})`);
    }
  }

  #takeFunction(code: string): void {
    if (this.#refuses) {
      const library = /name=(\S+)/.exec(code.slice(0, 200))?.[1] ?? 'unnamed';
      throw new RdbError(
        'unsupported',
        `RDB: holds the function library ${library}; this node does not run functions`,
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

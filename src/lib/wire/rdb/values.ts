/**
 * Walks over the body of a value of any type, to find where it ends.
 *
 * Generators, because a value may end anywhere in a chunk: each `yield` says "more bytes, please" and
 * goes on at the same primitive, so a list of a million elements is walked once, however it arrives.
 */
import type { RdbCursor } from './cursor.js';
import { RdbError, type ValueType } from './format.js';

/** Yields whenever bytes are missing. */
export type Walk = Generator<undefined, void, undefined>;

export function* skipValue(cursor: RdbCursor, type: ValueType): Walk {
  const { layout } = type;
  switch (layout.kind) {
    case 'blob':
      return yield* skipString(cursor);
    case 'ttl-listpack':
      yield* skipBytes(cursor, layout.headBytes);
      return yield* skipString(cursor);
    case 'strings':
      return yield* skipStrings(cursor, layout.perElement, layout.tailBytes);
    case 'scored-text':
      return yield* skipScoredText(cursor);
    case 'blobs':
      return yield* skipBlobs(cursor, layout.hasContainer);
    case 'ttl-fields':
      yield* skipBytes(cursor, layout.headBytes);
      return yield* skipTtlFields(cursor, layout.ttl);
    case 'stream':
      return yield* skipStream(cursor, layout.version);
    case 'module':
      yield* skipNumber(cursor);
      return yield* skipModuleFields(cursor);
    case 'unknown':
      throw new RdbError(
        'unsupported',
        `RDB: a ${type.name}, at byte ${cursor.position}: how long it is is not known, and so not where the next key begins`,
      );
  }
}

/** The tagged fields of a module, up to their end mark. */
export function* skipModuleFields(cursor: RdbCursor): Walk {
  for (;;) {
    const tag = yield* readLength(cursor);
    if (tag === 0) return;
    if (tag === 1 || tag === 2) yield* skipNumber(cursor);
    else if (tag === 3) yield* skipBytes(cursor, 4);
    else if (tag === 4) yield* skipBytes(cursor, 8);
    else if (tag === 5) yield* skipString(cursor);
    else throw cursor.malformed(`unknown module field ${tag}`);
  }
}

export function* readLength(cursor: RdbCursor): Generator<undefined, number, undefined> {
  for (;;) {
    const length = cursor.tryLength();
    if (length !== undefined) return length;
    yield;
  }
}

export function* skipNumber(cursor: RdbCursor): Walk {
  while (!cursor.trySkipLength()) yield;
}

export function* skipBytes(cursor: RdbCursor, count: number): Walk {
  while (!cursor.tryBytes(count)) yield;
}

function* skipString(cursor: RdbCursor): Walk {
  while (!cursor.trySkipString()) yield;
}

function* skipStrings(cursor: RdbCursor, perElement: number, tailBytes: number): Walk {
  const elements = yield* readLength(cursor);
  for (let element = 0; element < elements; element++) {
    for (let part = 0; part < perElement; part++) while (!cursor.trySkipString()) yield;
    if (tailBytes > 0) while (!cursor.tryBytes(tailBytes)) yield;
  }
}

/** Scores as text with a length byte; 253 to 255 are the scores that have no digits. */
function* skipScoredText(cursor: RdbCursor): Walk {
  const elements = yield* readLength(cursor);
  for (let element = 0; element < elements; element++) {
    while (!cursor.trySkipString()) yield;
    let length = cursor.tryByte();
    while (length === undefined) {
      yield;
      length = cursor.tryByte();
    }
    if (length < 253) yield* skipBytes(cursor, length);
  }
}

function* skipBlobs(cursor: RdbCursor, hasContainer: boolean): Walk {
  const blobs = yield* readLength(cursor);
  for (let blob = 0; blob < blobs; blob++) {
    if (hasContainer) yield* skipNumber(cursor);
    while (!cursor.trySkipString()) yield;
  }
}

function* skipTtlFields(cursor: RdbCursor, ttl: 'before' | 'behind'): Walk {
  const fields = yield* readLength(cursor);
  for (let field = 0; field < fields; field++) {
    if (ttl === 'before') yield* skipNumber(cursor);
    while (!cursor.trySkipString()) yield;
    while (!cursor.trySkipString()) yield;
    if (ttl === 'behind') yield* skipBytes(cursor, TIME_BYTES);
  }
}

const STREAM_ID_BYTES = 16;
const TIME_BYTES = 8;

function* skipStream(cursor: RdbCursor, version: 1 | 2 | 3): Walk {
  const nodes = yield* readLength(cursor);
  for (let node = 0; node < nodes; node++) {
    while (!cursor.trySkipString()) yield;
    while (!cursor.trySkipString()) yield;
  }
  // length, last ms, last seq; later also first ms and seq, greatest deleted ms and seq, entries added.
  const numbers = version === 1 ? 3 : 8;
  for (let number = 0; number < numbers; number++) yield* skipNumber(cursor);
  const groups = yield* readLength(cursor);
  for (let group = 0; group < groups; group++) yield* skipStreamGroup(cursor, version);
}

function* skipStreamGroup(cursor: RdbCursor, version: 1 | 2 | 3): Walk {
  yield* skipString(cursor);
  const numbers = version === 1 ? 2 : 3;
  for (let number = 0; number < numbers; number++) yield* skipNumber(cursor);
  const pending = yield* readLength(cursor);
  for (let entry = 0; entry < pending; entry++) {
    yield* skipBytes(cursor, STREAM_ID_BYTES + TIME_BYTES);
    yield* skipNumber(cursor);
  }
  const consumers = yield* readLength(cursor);
  for (let consumer = 0; consumer < consumers; consumer++) {
    yield* skipString(cursor);
    yield* skipBytes(cursor, version === 3 ? 2 * TIME_BYTES : TIME_BYTES);
    const owned = yield* readLength(cursor);
    for (let entry = 0; entry < owned; entry++) yield* skipBytes(cursor, STREAM_ID_BYTES);
  }
}

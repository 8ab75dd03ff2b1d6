/**
 * Walks over the body of a value of any type, to find where it ends.
 *
 * Generators, because a value may end anywhere in a chunk: each `yield` says "more bytes, please" and
 * goes on at the same primitive, so a list of a million elements is walked once, however it arrives.
 */
import type { RdbCursor } from './cursor.js';
import { RdbError, type StreamVersion, type ValueType } from './format.js';

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
    case 'array':
      return yield* skipArray(cursor);
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

function* skipStream(cursor: RdbCursor, version: StreamVersion): Walk {
  const nodes = yield* readLength(cursor);
  for (let node = 0; node < nodes; node++) {
    while (!cursor.trySkipString()) yield;
    while (!cursor.trySkipString()) yield;
  }
  // length, last ms, last seq; later also first ms and seq, greatest deleted ms and seq, entries added.
  yield* skipNumbers(cursor, version === 1 ? 3 : 8);
  const groups = yield* readLength(cursor);
  for (let group = 0; group < groups; group++) yield* skipStreamGroup(cursor, version);
  if (version >= 4) yield* skipIdempotence(cursor);
}

function* skipStreamGroup(cursor: RdbCursor, version: StreamVersion): Walk {
  yield* skipString(cursor);
  yield* skipNumbers(cursor, version === 1 ? 2 : 3);
  const pending = yield* readLength(cursor);
  for (let entry = 0; entry < pending; entry++) {
    yield* skipBytes(cursor, STREAM_ID_BYTES + TIME_BYTES);
    yield* skipNumber(cursor);
  }
  const consumers = yield* readLength(cursor);
  for (let consumer = 0; consumer < consumers; consumer++) {
    yield* skipString(cursor);
    yield* skipBytes(cursor, version >= 3 ? 2 * TIME_BYTES : TIME_BYTES);
    yield* skipStreamIds(cursor);
  }
  // Those that were given back, and are nobody's.
  if (version >= 5) yield* skipStreamIds(cursor);
}

function* skipStreamIds(cursor: RdbCursor): Walk {
  const ids = yield* readLength(cursor);
  for (let id = 0; id < ids; id++) yield* skipBytes(cursor, STREAM_ID_BYTES);
}

/** For how long and how many messages are remembered, those of each producer, and two counters. */
function* skipIdempotence(cursor: RdbCursor): Walk {
  yield* skipNumbers(cursor, 2);
  const producers = yield* readLength(cursor);
  for (let producer = 0; producer < producers; producer++) {
    yield* skipString(cursor);
    const messages = yield* readLength(cursor);
    for (let message = 0; message < messages; message++) {
      yield* skipString(cursor);
      yield* skipNumbers(cursor, 2);
    }
  }
  yield* skipNumbers(cursor, 2);
}

const ARRAY_TEXT = 0;
const ARRAY_SHORT_TEXT = 3;
const ARRAY_INTEGER = 1;
const ARRAY_DOUBLE = 2;

/** Where the next one goes, if that is known, and then every element with its index and its type. */
function* skipArray(cursor: RdbCursor): Walk {
  const elements = yield* readLength(cursor);
  const isNextKnown = yield* readLength(cursor);
  if (isNextKnown > 1) throw cursor.malformed('an array neither with nor without a next index');
  if (isNextKnown === 1) yield* skipNumber(cursor);
  for (let element = 0; element < elements; element++) {
    yield* skipNumber(cursor);
    const type = yield* readLength(cursor);
    if (type === ARRAY_TEXT || type === ARRAY_SHORT_TEXT) yield* skipString(cursor);
    else if (type === ARRAY_INTEGER || type === ARRAY_DOUBLE) yield* skipBytes(cursor, 8);
    else throw cursor.malformed(`unknown array element ${type}`);
  }
}

function* skipNumbers(cursor: RdbCursor, count: number): Walk {
  for (let number = 0; number < count; number++) yield* skipNumber(cursor);
}

/** What each of some classes of modules knows of a key. */
export function* skipKeyMetadata(cursor: RdbCursor): Walk {
  const classes = yield* readLength(cursor);
  for (let one = 0; one < classes; one++) {
    yield* skipBytes(cursor, 4);
    yield* skipModuleFields(cursor);
  }
}

/** The name of an import, and the ranges of slots it is about. */
export function* skipSlotImport(cursor: RdbCursor): Walk {
  yield* skipString(cursor);
  const ranges = yield* readLength(cursor);
  yield* skipNumbers(cursor, 2 * ranges);
}

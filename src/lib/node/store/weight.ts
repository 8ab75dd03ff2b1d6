/**
 * What keys and values weigh, by account: V8 tells nothing of a single object, and its heap belongs to all
 * nodes of a process and to the garbage between two collections. The sum of these is what `maxmemory` bounds
 * and INFO calls used memory; a process that holds one node grows by about as much.
 */
import type { Entry } from './entry.js';
import type { Collection, Value } from './value.js';

/** An entry with its places in the map and in the order of keys. */
const ENTRY_BYTES = 136;
/** A string's header. */
const STRING_BYTES = 16;
/** An element's places in the structure, with what that keeps free. */
const ELEMENT_BYTES: Readonly<Record<Collection['kind'], number>> = {
  list: 10,
  set: 40,
  hash: 40,
  zset: 72,
};
const COLLECTION_BYTES = 200;

/** Elements looked at to weigh all of them. */
const SAMPLES = 5;

export function entryWeight(entry: Entry, samples = SAMPLES): number {
  const { edited } = entry;
  const weight =
    edited === undefined ? valueWeight(entry.value, samples) : bytesWeight(edited.length);
  return ENTRY_BYTES + stringWeight(entry.key) + weight;
}

/** @param samples elements weighed of a collection; the others count as much on average. */
function valueWeight(value: Value, samples: number): number {
  if (typeof value === 'string') return stringWeight(value);
  const size = value.kind === 'list' ? value.length : value.size;
  const weighed = Math.min(size, samples);
  const average = weighed === 0 ? 0 : contentWeight(value, weighed) / weighed;
  return Math.round(COLLECTION_BYTES + size * (ELEMENT_BYTES[value.kind] + average));
}

/** What the first `count` elements hold. */
function contentWeight(value: Collection, count: number): number {
  let bytes = 0;
  switch (value.kind) {
    case 'list':
      value.forRange(0, count, (element) => (bytes += stringWeight(element)));
      return bytes;
    case 'zset':
      value.ascend(0, count, (member) => (bytes += stringWeight(member)));
      return bytes;
    case 'set':
      for (let place = 0; place < count; place++) bytes += stringWeight(value.at(place));
      return bytes;
    case 'hash':
      for (let place = 0; place < count; place++) {
        bytes += stringWeight(value.fieldAt(place)) + stringWeight(value.valueAt(place));
      }
      return bytes;
  }
}

function stringWeight(text: string): number {
  return bytesWeight(text.length);
}

function bytesWeight(length: number): number {
  return STRING_BYTES + ((length + 7) & ~7);
}

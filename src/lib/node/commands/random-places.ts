/** Drawing at random from collections whose elements have places 0..size-1: SRANDMEMBER, HRANDFIELD, SPOP. */
import { RANDOM_ELEMENTS_MAX } from '../../kernel/limits.js';
import type { Prng } from '../../kernel/prng.js';
import { INT64_MAX, INT64_MIN } from '../store/integers.js';
import { integer, NOT_AN_INTEGER } from './arguments.js';
import type { StoreCall } from './store-call.js';

/** The smallest int64 has no positive counterpart. */
const OUT_OF_RANGE_64 = `ERR value is out of range, value must between ${-INT64_MAX} and ${INT64_MAX}`;

/** Negative: so many, with repetition. undefined: no such count, and the client has been told. */
export function randomCount(call: StoreCall, text: string): number | undefined {
  const count = integer(text);
  if (count === undefined || text === String(INT64_MIN)) {
    call.reply.error(count === undefined ? NOT_AN_INTEGER : OUT_OF_RANGE_64);
    return undefined;
  }
  if (count < -RANDOM_ELEMENTS_MAX) {
    call.reply.error('ERR value is out of range');
    return undefined;
  }
  return count;
}

/** Visits as many places out of `size` (not 0) as `count` says: see `randomCount`. All of them come in order. */
export function drawPlaces(
  prng: Prng,
  size: number,
  count: number,
  visit: (place: number) => void,
): void {
  if (count < 0) {
    for (let left = -count; left > 0; left--) visit(prng.below(size));
  } else if (count >= size) {
    for (let place = 0; place < size; place++) visit(place);
  } else {
    for (const place of differentPlaces(prng, size, count)) visit(place);
  }
}

/** `count` different places out of `size`, in no particular order. Costs what `count` costs. */
export function differentPlaces(prng: Prng, size: number, count: number): readonly number[] {
  // Floyd's way: the j-th draw is from 0..j, and j itself stands in for a place that was drawn before.
  const drawn = new Set<number>();
  for (let j = size - count; j < size; j++) {
    const place = prng.below(j + 1);
    drawn.add(drawn.has(place) ? j : place);
  }
  const places = [...drawn];
  // Which places come is even now; in which order is not.
  for (let at = places.length - 1; at > 0; at--) {
    const other = prng.below(at + 1);
    const place = places[at]!;
    places[at] = places[other]!;
    places[other] = place;
  }
  return places;
}

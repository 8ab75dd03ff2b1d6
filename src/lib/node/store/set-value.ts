/**
 * A set of strings, of which any one can be drawn at random.
 *
 * The members lie in a row, and a map tells where each stands. The last one takes the place of one that goes,
 * so that the row has no gaps: a member moves towards the front or stays. That is what makes `scan`, which walks
 * from the back, meet every member that is there throughout.
 *
 * As long as all members are integers and not many, they are kept in order, which is how real servers list them.
 * A handful of members, as most sets have, is looked through and needs no map.
 */
import { isCanonicalInteger } from './integers.js';
import type { LayoutLimits } from './layout.js';
import { PlaceMap } from './place-map.js';

/** Up to this many members there is no map. */
const UNHASHED_MAX = 16;

export class SetValue {
  readonly kind = 'set';
  readonly #limits: LayoutLimits;
  #members: string[] = [];
  #places: PlaceMap | undefined;
  #isIntset = true;
  /** Integers were added or removed since they were put in order. */
  #isOutOfOrder = false;

  constructor(limits: LayoutLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#members.length;
  }

  get encoding(): 'intset' | 'hashtable' {
    return this.#isIntset ? 'intset' : 'hashtable';
  }

  has(member: string): boolean {
    return this.#placeOf(member) >= 0;
  }

  /** @returns false when it was there already. */
  add(member: string): boolean {
    if (this.has(member)) return false;
    this.#places?.set(member, this.#members.length);
    this.#members.push(member);
    if (this.#places === undefined && this.#members.length > UNHASHED_MAX) this.#hash();
    if (this.#isIntset) this.#noteInteger(member);
    return true;
  }

  delete(member: string): boolean {
    const place = this.#placeOf(member);
    if (place < 0) return false;
    this.#places?.delete(member);
    const last = this.#members.pop()!;
    if (place < this.#members.length) {
      this.#members[place] = last;
      this.#places?.set(last, place);
      this.#isOutOfOrder = this.#isIntset;
    }
    return true;
  }

  /** Some member: with an even draw from 0..size-1, each is as likely as any other. */
  at(place: number): string {
    return this.#members[place]!;
  }

  /**
   * Visits about `count` members before `cursor` (0: from the back of the row).
   * @returns the cursor to go on with; 0 when done. Integers are few, and visited at once.
   */
  scan(cursor: number, count: number, visit: (member: string) => void): number {
    const members = this.#members;
    if (this.#isIntset) {
      for (const member of this) visit(member);
      return 0;
    }
    const from = cursor === 0 ? members.length : Math.min(cursor, members.length);
    const to = Math.max(0, from - count);
    for (let at = from - 1; at >= to; at--) visit(members[at]!);
    return to;
  }

  /** Visits `count` members from `start` on, all of which exist, in the order of iteration. */
  forRange(start: number, count: number, visit: (member: string) => void): void {
    if (this.#isOutOfOrder) this.#putInOrder();
    for (let place = start; place < start + count; place++) visit(this.#members[place]!);
  }

  [Symbol.iterator](): Iterator<string> {
    if (this.#isOutOfOrder) this.#putInOrder();
    return this.#members[Symbol.iterator]();
  }

  clone(): SetValue {
    const copy = new SetValue(this.#limits);
    copy.#members = this.#members.slice();
    if (this.#places) copy.#hash();
    copy.#isIntset = this.#isIntset;
    copy.#isOutOfOrder = this.#isOutOfOrder;
    return copy;
  }

  #placeOf(member: string): number {
    if (this.#places === undefined) return this.#members.indexOf(member);
    return this.#places.get(member) ?? -1;
  }

  #hash(): void {
    this.#places = new PlaceMap(this.#members);
  }

  #noteInteger(member: string): void {
    this.#isIntset =
      this.#members.length <= this.#limits.setIntsetEntries && isCanonicalInteger(member);
    this.#isOutOfOrder = this.#isIntset && this.#members.length > 1;
  }

  #putInOrder(): void {
    this.#isOutOfOrder = false;
    this.#members.sort(compareIntegers);
    if (this.#places) this.#hash();
  }
}

/** Canonical integers, also those that a double cannot hold. */
function compareIntegers(a: string, b: string): number {
  const difference = Number(a) - Number(b);
  if (difference !== 0 && (a.length < 16 || b.length < 16)) return difference;
  const exact = BigInt(a) - BigInt(b);
  return exact === 0n ? 0 : exact < 0n ? -1 : 1;
}

/**
 * A hash: fields with their values, of which any one can be drawn at random.
 *
 * Fields and values lie in two rows, and a map tells where each field stands. Small hashes keep the order in
 * which the fields came, as real servers do. In large ones the last field takes the place of one that goes: a
 * field moves towards the front or stays. That is what makes `scan`, which walks from the back, meet every field
 * that is there throughout.
 *
 * Most hashes have a handful of fields. Looking through these is as quick as hashing, and a million of them
 * without a map each are a million objects less for the collector to walk.
 */
import type { LayoutLimits } from './layout.js';
import { PlaceMap } from './place-map.js';

/** Up to this many fields there is no map. */
const UNHASHED_MAX = 16;

export class HashValue {
  readonly kind = 'hash';
  readonly #limits: LayoutLimits;
  #fields: string[] = [];
  #values: string[] = [];
  #places: PlaceMap | undefined;
  #isListpack = true;

  constructor(limits: LayoutLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#fields.length;
  }

  get encoding(): 'listpack' | 'hashtable' {
    return this.#isListpack ? 'listpack' : 'hashtable';
  }

  get(field: string): string | undefined {
    const place = this.#placeOf(field);
    return place < 0 ? undefined : this.#values[place];
  }

  has(field: string): boolean {
    return this.#placeOf(field) >= 0;
  }

  /** @returns true when the field is new. */
  set(field: string, value: string): boolean {
    const place = this.#placeOf(field);
    if (place >= 0) {
      this.#values[place] = value;
      if (this.#isListpack) this.#checkListpack(field, value);
      return false;
    }
    this.#places?.set(field, this.#fields.length);
    this.#fields.push(field);
    this.#values.push(value);
    if (this.#places === undefined && this.#fields.length > UNHASHED_MAX) this.#hash();
    if (this.#isListpack) this.#checkListpack(field, value);
    return true;
  }

  delete(field: string): boolean {
    const place = this.#placeOf(field);
    if (place < 0) return false;
    this.#places?.delete(field);
    if (this.#isListpack) this.#closeGap(place);
    else this.#fillGap(place);
    return true;
  }

  /** Some field: with an even draw from 0..size-1, each is as likely as any other. */
  fieldAt(place: number): string {
    return this.#fields[place]!;
  }

  valueAt(place: number): string {
    return this.#values[place]!;
  }

  fields(): IterableIterator<string> {
    return this.#fields.values();
  }

  values(): IterableIterator<string> {
    return this.#values.values();
  }

  forEach(visit: (field: string, value: string) => void): void {
    this.forRange(0, this.#fields.length, visit);
  }

  /** Visits `count` fields from `start` on, all of which exist, in the order of iteration. */
  forRange(start: number, count: number, visit: (field: string, value: string) => void): void {
    for (let place = start; place < start + count; place++) {
      visit(this.#fields[place]!, this.#values[place]!);
    }
  }

  /**
   * Visits about `count` fields before `cursor` (0: from the back of the row).
   * @returns the cursor to go on with; 0 when done. Small hashes are visited at once.
   */
  scan(cursor: number, count: number, visit: (field: string, value: string) => void): number {
    if (this.#isListpack) {
      this.forEach(visit);
      return 0;
    }
    const { length } = this.#fields;
    const from = cursor === 0 ? length : Math.min(cursor, length);
    const to = Math.max(0, from - count);
    for (let place = from - 1; place >= to; place--) {
      visit(this.#fields[place]!, this.#values[place]!);
    }
    return to;
  }

  clone(): HashValue {
    const copy = new HashValue(this.#limits);
    copy.#fields = this.#fields.slice();
    copy.#values = this.#values.slice();
    if (this.#places) copy.#hash();
    copy.#isListpack = this.#isListpack;
    return copy;
  }

  #placeOf(field: string): number {
    if (this.#places === undefined) return this.#fields.indexOf(field);
    return this.#places.get(field) ?? -1;
  }

  #hash(): void {
    this.#places = new PlaceMap(this.#fields);
  }

  #closeGap(place: number): void {
    this.#fields.splice(place, 1);
    this.#values.splice(place, 1);
    if (this.#places === undefined) return;
    for (let after = place; after < this.#fields.length; after++) {
      this.#places.set(this.#fields[after]!, after);
    }
  }

  #fillGap(place: number): void {
    const field = this.#fields.pop()!;
    const value = this.#values.pop()!;
    if (place === this.#fields.length) return;
    this.#fields[place] = field;
    this.#values[place] = value;
    this.#places?.set(field, place);
  }

  #checkListpack(field: string, value: string): void {
    const { hashListpackEntries, hashListpackValueBytes } = this.#limits;
    this.#isListpack =
      this.#fields.length <= hashListpackEntries &&
      field.length <= hashListpackValueBytes &&
      value.length <= hashListpackValueBytes;
  }
}

/**
 * Writes the body of a collection in pieces, between which others may change it: `hold` is called before
 * they do, and takes what is still to be written out of their reach. To hold a million elements is to copy
 * a million references, several times faster than to write them, and it is done once, and only for a
 * collection that is changed while a snapshot has it before itself.
 */
import type { RdbBody } from '../../wire/rdb/writer.js';
import type { HashValue } from './hash-value.js';
import type { SortedSetValue } from './sorted-set-value.js';
import type { Collection } from './value.js';

export abstract class RdbBodyWalk {
  readonly #size: number;
  #written = 0;
  #isBegun = false;
  #isHeld = false;

  protected constructor(size: number) {
    this.#size = size;
  }

  static of(value: Collection): RdbBodyWalk {
    switch (value.kind) {
      case 'list':
        return new TextsWalk(value, value.length);
      case 'set':
        return new TextsWalk(value, value.size);
      case 'hash':
        return new FieldsWalk(value);
      case 'zset':
        return new MembersWalk(value);
    }
  }

  get isDone(): boolean {
    return this.#isBegun && this.#written === this.#size;
  }

  /** Writes up to `elements` more. @returns how many; the head of the body counts for nothing. */
  advance(body: RdbBody, elements: number): number {
    if (!this.#isBegun) {
      body.length(this.#size);
      this.#isBegun = true;
    }
    const count = Math.min(elements, this.#size - this.#written);
    this.write(body, this.#written, count);
    this.#written += count;
    return count;
  }

  /** The collection is about to change, or to go into other hands. */
  hold(): void {
    if (!this.#isHeld && this.#written < this.#size) this.take(this.#written, this.#size);
    this.#isHeld = true;
  }

  protected abstract write(body: RdbBody, from: number, count: number): void;

  /** Takes over the elements from one on, up to another. */
  protected abstract take(from: number, to: number): void;
}

/** What lists and sets have in common. */
interface Row {
  forRange(start: number, count: number, visit: (text: string) => void): void;
}

/** The elements of a list, the members of a set. */
class TextsWalk extends RdbBodyWalk {
  #row: Row;

  constructor(row: Row, size: number) {
    super(size);
    this.#row = row;
  }

  protected override write(body: RdbBody, from: number, count: number): void {
    this.#row.forRange(from, count, (text) => body.text(text));
  }

  protected override take(from: number, to: number): void {
    const texts = new Array<string>(to - from);
    let at = 0;
    this.#row.forRange(from, to - from, (text) => (texts[at++] = text));
    this.#row = {
      forRange: (start, count, visit) => {
        for (let index = start - from; index < start - from + count; index++) visit(texts[index]!);
      },
    };
  }
}

class FieldsWalk extends RdbBodyWalk {
  #hash: Pick<HashValue, 'forRange'>;

  constructor(hash: HashValue) {
    super(hash.size);
    this.#hash = hash;
  }

  protected override write(body: RdbBody, from: number, count: number): void {
    this.#hash.forRange(from, count, (field, value) => {
      body.text(field);
      body.text(value);
    });
  }

  protected override take(from: number, to: number): void {
    const texts = new Array<string>(2 * (to - from));
    let at = 0;
    this.#hash.forRange(from, to - from, (field, value) => {
      texts[at++] = field;
      texts[at++] = value;
    });
    this.#hash = {
      forRange: (start, count, visit) => {
        for (let index = start - from; index < start - from + count; index++) {
          visit(texts[2 * index]!, texts[2 * index + 1]!);
        }
      },
    };
  }
}

/** From the highest down, in which order real servers, too, write and then insert them fastest. */
class MembersWalk extends RdbBodyWalk {
  #sortedSet: SortedSetValue;

  constructor(sortedSet: SortedSetValue) {
    super(sortedSet.size);
    this.#sortedSet = sortedSet;
  }

  protected override write(body: RdbBody, from: number, count: number): void {
    this.#sortedSet.descend(this.#sortedSet.size - 1 - from, count, (member, score) => {
      body.text(member);
      body.double(score);
    });
  }

  /** Its parts are rows of numbers and names, which are copied as they lie. */
  protected override take(): void {
    this.#sortedSet = this.#sortedSet.clone();
  }
}

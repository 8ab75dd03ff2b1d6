/**
 * Writes the body of a collection in pieces, between which others may change it: `hold` is called before
 * they do, and takes what is still to be written out of their reach. To hold a million elements is to copy
 * a million references (some ten to fifty milliseconds), several times faster than to write them, and it
 * is done once, and only for a collection that is changed while a snapshot has it before itself.
 */
import type { RdbBody } from '../../wire/rdb/writer.js';
import type { HashValue } from './hash-value.js';
import type { SortedSetValue } from './sorted-set-value.js';
import type { Collection } from './value.js';

export abstract class RdbBodyWalk {
  /** Elements to be written. */
  #left: number;
  #isBegun = false;
  #isHeld = false;

  protected constructor(elements: number) {
    this.#left = elements;
  }

  static of(value: Collection): RdbBodyWalk {
    switch (value.kind) {
      case 'list':
        return new TextsWalk(value[Symbol.iterator](), value.length);
      case 'set':
        return new TextsWalk(value[Symbol.iterator](), value.size);
      case 'hash':
        return new FieldsWalk(value);
      case 'zset':
        return new MembersWalk(value);
    }
  }

  get isDone(): boolean {
    return this.#isBegun && this.#left === 0;
  }

  /** Writes up to `elements` more. @returns how many; the head of the body counts for nothing. */
  advance(body: RdbBody, elements: number): number {
    if (!this.#isBegun) {
      body.length(this.#left);
      this.#isBegun = true;
    }
    const count = Math.min(elements, this.#left);
    this.write(body, count);
    this.#left -= count;
    return count;
  }

  /** The collection is about to change, or to go into other hands. */
  hold(): void {
    if (this.#left > 0 && !this.#isHeld) this.take();
    this.#isHeld = true;
  }

  protected abstract write(body: RdbBody, count: number): void;

  /** Takes over all that is left; called at most once. */
  protected abstract take(): void;
}

/** The elements of a list, the members of a set. */
class TextsWalk extends RdbBodyWalk {
  #texts: Iterator<string>;

  constructor(texts: Iterator<string>, count: number) {
    super(count);
    this.#texts = texts;
  }

  protected override write(body: RdbBody, count: number): void {
    const texts = this.#texts;
    for (let written = 0; written < count; written++) body.text(texts.next().value as string);
  }

  protected override take(): void {
    this.#texts = rest(this.#texts);
  }
}

class FieldsWalk extends RdbBodyWalk {
  #fields: Iterator<string>;
  #values: Iterator<string>;

  constructor(hash: HashValue) {
    super(hash.size);
    this.#fields = hash.fields();
    this.#values = hash.values();
  }

  protected override write(body: RdbBody, count: number): void {
    const fields = this.#fields;
    const values = this.#values;
    for (let written = 0; written < count; written++) {
      body.text(fields.next().value as string);
      body.text(values.next().value as string);
    }
  }

  protected override take(): void {
    this.#fields = rest(this.#fields);
    this.#values = rest(this.#values);
  }
}

/** From the highest down, in which order real servers, too, write and then insert them fastest. */
class MembersWalk extends RdbBodyWalk {
  #sortedSet: SortedSetValue | undefined;
  #at = 0;
  #members: string[] = [];
  #scores: number[] = [];

  constructor(sortedSet: SortedSetValue) {
    super(sortedSet.size);
    this.#sortedSet = sortedSet;
  }

  protected override write(body: RdbBody, count: number): void {
    const visit = (member: string, score: number): void => {
      body.text(member);
      body.double(score);
    };
    if (this.#sortedSet) this.#sortedSet.descend(this.#sortedSet.size - 1 - this.#at, count, visit);
    else {
      for (let at = this.#at; at < this.#at + count; at++) {
        visit(this.#members[at]!, this.#scores[at]!);
      }
    }
    this.#at += count;
  }

  protected override take(): void {
    const sortedSet = this.#sortedSet!;
    sortedSet.descend(sortedSet.size - 1 - this.#at, Infinity, (member, score) => {
      this.#members.push(member);
      this.#scores.push(score);
    });
    this.#sortedSet = undefined;
    this.#at = 0;
  }
}

/** The rest of them, in a row that nobody else can change. */
function rest(texts: Iterator<string>): Iterator<string> {
  return [...(texts as IterableIterator<string>)][Symbol.iterator]();
}

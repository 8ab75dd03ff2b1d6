/**
 * Makes a value of what a file or a payload tells of it, element by element, in whichever order it comes.
 * Layouts (what OBJECT ENCODING says) come out as on a real server that loads the same: by the limits of
 * this node, not of the one that wrote it.
 */
import type { CollectionSink } from '../../wire/rdb/collection-reader.js';
import { HashValue } from './hash-value.js';
import type { LayoutLimits } from './layout.js';
import { ListValue } from './list-value.js';
import { SetValue } from './set-value.js';
import { SortedSetValue } from './sorted-set-value.js';
import type { Collection, Value } from './value.js';

/** A collection with the sink that fills it. */
export interface GrowingCollection {
  readonly value: Collection;
  readonly sink: CollectionSink;
}

export function growCollection(kind: Collection['kind'], limits: LayoutLimits): GrowingCollection {
  switch (kind) {
    case 'list': {
      const value = new ListValue();
      return { value, sink: new ListSink(value) };
    }
    case 'set': {
      const value = new SetValue(limits);
      return { value, sink: new SetSink(value) };
    }
    case 'hash': {
      const value = new HashValue(limits);
      return { value, sink: new HashSink(value) };
    }
    case 'zset': {
      const value = new SortedSetValue(limits);
      return { value, sink: new SortedSetSink(value) };
    }
  }
}

/** Takes the one value of a payload. */
export class ValueBuilder {
  readonly #limits: LayoutLimits;
  #value: Value = '';

  constructor(limits: LayoutLimits) {
    this.#limits = limits;
  }

  get value(): Value {
    return this.#value;
  }

  string(value: string): void {
    this.#value = value;
  }

  collection(kind: Collection['kind']): CollectionSink {
    const { value, sink } = growCollection(kind, this.#limits);
    this.#value = value;
    return sink;
  }
}

/** What a kind of collection has none of, no file tells of it. */
class Sink implements CollectionSink {
  element(_text: string): boolean {
    return false;
  }

  field(_name: string, _value: string): boolean {
    return false;
  }

  member(_member: string, _score: number): boolean {
    return false;
  }
}

class ListSink extends Sink {
  readonly #list: ListValue;

  constructor(list: ListValue) {
    super();
    this.#list = list;
  }

  override element(text: string): boolean {
    this.#list.pushTail(text);
    return true;
  }
}

class SetSink extends Sink {
  readonly #set: SetValue;

  constructor(set: SetValue) {
    super();
    this.#set = set;
  }

  override element(text: string): boolean {
    return this.#set.add(text);
  }
}

class HashSink extends Sink {
  readonly #hash: HashValue;

  constructor(hash: HashValue) {
    super();
    this.#hash = hash;
  }

  override field(name: string, value: string): boolean {
    return this.#hash.set(name, value);
  }
}

class SortedSetSink extends Sink {
  readonly #sortedSet: SortedSetValue;
  /** A small sorted set has no negative zero; a large one gets back those that came while it was small. */
  #negativeZeros: string[] = [];

  constructor(sortedSet: SortedSetValue) {
    super();
    this.#sortedSet = sortedSet;
  }

  override member(member: string, score: number): boolean {
    const isNew = this.#sortedSet.set(member, score);
    if (Object.is(score, -0)) this.#negativeZeros.push(member);
    if (this.#negativeZeros.length > 0 && this.#sortedSet.encoding === 'skiplist') {
      this.#giveBackZeros();
    }
    return isNew;
  }

  #giveBackZeros(): void {
    for (const member of this.#negativeZeros) {
      this.#sortedSet.delete(member);
      this.#sortedSet.set(member, -0);
    }
    this.#negativeZeros = [];
  }
}

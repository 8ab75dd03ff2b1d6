/**
 * Reads the body of a collection and tells a sink its elements one by one, as far as the bytes reach: a
 * list of a million elements is never held here, only the one string that has arrived in part, or the
 * one compact blob (a small collection, a node of a list) whose bytes are not all there.
 *
 * One reader serves all collections of a file, one after the other, without an object for each.
 */
import type { Result } from '../../kernel/result.js';
import { readIntset } from '../intset.js';
import { readListpack } from '../listpack.js';
import { readZiplist } from '../ziplist.js';
import { readZipmap } from '../zipmap.js';
import type { RdbCursor } from './cursor.js';
import type { BlobCodec, CollectionKind, ValueType } from './format.js';

/** Takes the elements of one collection, in their order in the file; strings are latin1. */
export interface CollectionSink {
  /** Of a list or a set. @returns false when a set has it already, which makes the file a wrong one. */
  element(text: string): boolean;
  field(name: string, value: string): boolean;
  /** @param score not NaN */
  member(member: string, score: number): boolean;
}

const CODECS: Readonly<Record<BlobCodec, (bytes: Buffer) => Result<string[]>>> = {
  listpack: readListpack,
  ziplist: readZiplist,
  intset: readIntset,
  zipmap: readZipmap,
};

/** How a node of a list says that it is one element and not a blob of several. */
const CONTAINER_PLAIN = 1;
const CONTAINER_PACKED = 2;

const LENGTH_NOT_READ = -1;

/** Scores as text have their length before them; these have no text. */
const SCORE_NAN = 253;
const SCORE_INFINITE = 254;
const SCORE_MINUS_INFINITE = 255;

export class CollectionReader {
  readonly #cursor: RdbCursor;
  #type!: ValueType;
  #sink!: CollectionSink;
  /** Elements (or nodes) to come. */
  #left = LENGTH_NOT_READ;
  /** Read already, while what belongs to it is not there yet. */
  #first: string | undefined;
  #container: number | undefined;

  constructor(cursor: RdbCursor) {
    this.#cursor = cursor;
  }

  /** @param type one that holds a collection, and has no expiry of fields */
  begin(type: ValueType, sink: CollectionSink): void {
    this.#type = type;
    this.#sink = sink;
    this.#left = LENGTH_NOT_READ;
    this.#first = undefined;
    this.#container = undefined;
  }

  /** Goes on as far as the bytes reach. @returns true when the collection is complete. */
  advance(): boolean {
    const { layout, holds } = this.#type;
    if (layout.kind === 'blob') return this.#readBlob(layout.codec!);
    if (this.#left === LENGTH_NOT_READ) {
      const length = this.#cursor.tryLength();
      if (length === undefined) return false;
      this.#left = length;
    }
    switch (layout.kind) {
      case 'strings':
        if (holds === 'hash') return this.#readFields();
        return holds === 'zset' ? this.#readMembers(false) : this.#readElements();
      case 'scored-text':
        return this.#readMembers(true);
      case 'blobs':
        return this.#readNodes(layout.hasContainer, layout.codec);
      default:
        throw this.#cursor.malformed(`no collection, but a ${this.#type.name}`);
    }
  }

  #readElements(): boolean {
    for (; this.#left > 0; this.#left--) {
      const element = this.#cursor.tryString();
      if (element === undefined) return false;
      this.#tellElement(element);
    }
    return true;
  }

  #readFields(): boolean {
    for (; this.#left > 0; this.#left--) {
      const field = this.#first ?? this.#cursor.tryString();
      if (field === undefined) return false;
      const value = this.#cursor.tryString();
      this.#first = value === undefined ? field : undefined;
      if (value === undefined) return false;
      this.#tellField(field, value);
    }
    return true;
  }

  #readMembers(hasText: boolean): boolean {
    for (; this.#left > 0; this.#left--) {
      const member = this.#first ?? this.#cursor.tryString();
      if (member === undefined) return false;
      const score = hasText ? this.#tryTextScore() : this.#cursor.tryDouble();
      this.#first = score === undefined ? member : undefined;
      if (score === undefined) return false;
      this.#tellMember(member, score);
    }
    return true;
  }

  #tryTextScore(): number | undefined {
    const length = this.#cursor.peekByte();
    if (length === undefined) return undefined;
    const bytes = this.#cursor.tryBytes(length < SCORE_NAN ? 1 + length : 1);
    if (bytes === undefined) return undefined;
    if (length === SCORE_INFINITE) return Infinity;
    if (length === SCORE_MINUS_INFINITE) return -Infinity;
    return length === SCORE_NAN ? NaN : parseScore(bytes.latin1Slice(1));
  }

  #readNodes(hasContainer: boolean, codec: BlobCodec): boolean {
    for (; this.#left > 0; this.#left--) {
      if (hasContainer) this.#container ??= this.#cursor.tryLength();
      else this.#container = CONTAINER_PACKED;
      if (this.#container === undefined) return false;
      if (this.#container === CONTAINER_PLAIN) {
        const element = this.#cursor.tryString();
        if (element === undefined) return false;
        this.#tellElement(element);
      } else if (this.#container === CONTAINER_PACKED) {
        if (!this.#readBlob(codec)) return false;
      } else throw this.#cursor.malformed(`a list node of unknown kind ${this.#container}`);
      this.#container = undefined;
    }
    return true;
  }

  #readBlob(codec: BlobCodec): boolean {
    const blob = this.#cursor.tryBlob();
    if (blob === undefined) return false;
    const texts = CODECS[codec](blob);
    if (!texts.ok) throw this.#cursor.malformed(texts.error);
    this.#tellAll(texts.value, this.#type.holds as CollectionKind);
    return true;
  }

  #tellAll(texts: readonly string[], kind: CollectionKind): void {
    if (kind === 'list' || kind === 'set') {
      for (const text of texts) this.#tellElement(text);
      return;
    }
    if (texts.length % 2 === 1) {
      throw this.#cursor.malformed(`a ${this.#type.name} with an odd number of entries`);
    }
    for (let at = 0; at < texts.length; at += 2) {
      if (kind === 'hash') this.#tellField(texts[at]!, texts[at + 1]!);
      else this.#tellMember(texts[at]!, parseScore(texts[at + 1]!));
    }
  }

  #tellElement(text: string): void {
    if (!this.#sink.element(text)) throw this.#twice(text);
  }

  #tellField(name: string, value: string): void {
    if (!this.#sink.field(name, value)) throw this.#twice(name);
  }

  #tellMember(member: string, score: number): void {
    if (Number.isNaN(score)) throw this.#cursor.malformed(`a ${this.#type.name} with no score`);
    if (!this.#sink.member(member, score)) throw this.#twice(member);
  }

  #twice(name: string): Error {
    return this.#cursor.malformed(`a ${this.#type.name} that has ${JSON.stringify(name)} twice`);
  }
}

/** NaN for a text that is no score. */
function parseScore(text: string): number {
  const number = text === '' ? NaN : Number(text);
  if (!Number.isNaN(number)) return number;
  if (text === 'inf' || text === '+inf') return Infinity;
  return text === '-inf' ? -Infinity : NaN;
}

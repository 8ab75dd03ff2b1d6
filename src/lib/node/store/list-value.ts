/**
 * A list: strings in order, cheap at both ends however long it is.
 *
 * The elements lie in chunks, arrays short enough that moving all of one costs next to nothing. A push or a pop
 * touches the first or the last chunk only; an index is found by counting chunks from the nearer end.
 */

/** At 128 an unshift moves at most 1 KiB, and a list of a million has eight thousand chunks to count. */
const CHUNK_LENGTH = 128;

export class ListValue {
  readonly kind = 'list';
  /** None of them is empty, but for the only one of an empty list. */
  #chunks: string[][] = [[]];
  #length = 0;

  constructor(elements: Iterable<string> = []) {
    for (const element of elements) this.pushTail(element);
  }

  get length(): number {
    return this.#length;
  }

  get encoding(): 'quicklist' {
    return 'quicklist';
  }

  pushHead(element: string): void {
    const chunk = this.#chunks[0]!;
    if (chunk.length < CHUNK_LENGTH) chunk.unshift(element);
    else this.#chunks.unshift([element]);
    this.#length++;
  }

  pushTail(element: string): void {
    const chunk = this.#chunks[this.#chunks.length - 1]!;
    if (chunk.length < CHUNK_LENGTH) chunk.push(element);
    else this.#chunks.push([element]);
    this.#length++;
  }

  popHead(): string | undefined {
    const chunk = this.#chunks[0]!;
    const element = chunk.shift();
    if (element === undefined) return undefined;
    if (chunk.length === 0 && this.#chunks.length > 1) this.#chunks.shift();
    this.#length--;
    return element;
  }

  popTail(): string | undefined {
    const chunk = this.#chunks[this.#chunks.length - 1]!;
    const element = chunk.pop();
    if (element === undefined) return undefined;
    if (chunk.length === 0 && this.#chunks.length > 1) this.#chunks.pop();
    this.#length--;
    return element;
  }

  /** @param index from 0, below `length` */
  at(index: number): string {
    const [number, offset] = this.#locate(index);
    return this.#chunks[number]![offset]!;
  }

  /** @param index from 0, below `length` */
  replace(index: number, element: string): void {
    const [number, offset] = this.#locate(index);
    this.#chunks[number]![offset] = element;
  }

  /** Puts an element in front of the one at `index`; `index` may be `length`. */
  insert(index: number, element: string): void {
    if (index === this.#length) {
      this.pushTail(element);
      return;
    }
    const [number, offset] = this.#locate(index);
    const chunk = this.#chunks[number]!;
    chunk.splice(offset, 0, element);
    if (chunk.length > 2 * CHUNK_LENGTH) {
      this.#chunks.splice(number + 1, 0, chunk.splice(CHUNK_LENGTH));
    }
    this.#length++;
  }

  /** Index of the first element equal to this one; -1 if there is none. */
  indexOf(element: string): number {
    let before = 0;
    for (const chunk of this.#chunks) {
      const at = chunk.indexOf(element);
      if (at >= 0) return before + at;
      before += chunk.length;
    }
    return -1;
  }

  /** Removes up to `limit` elements equal to this one, the first or the last ones. @returns how many. */
  remove(element: string, limit: number, from: 'head' | 'tail'): number {
    let removed = 0;
    const { length } = this.#chunks;
    for (let step = 0; step < length && removed < limit; step++) {
      const chunk = this.#chunks[from === 'head' ? step : length - 1 - step]!;
      if (!chunk.includes(element)) continue;
      removed += removeFrom(chunk, element, limit - removed, from);
    }
    this.#length -= removed;
    this.#dropEmpty();
    return removed;
  }

  /** Keeps `count` elements from `start` on. */
  trim(start: number, count: number): void {
    this.#cutHead(start);
    this.#cutTail(this.#length - count);
  }

  /** Visits `count` elements from `start` on, all of which exist. */
  forRange(start: number, count: number, visit: (element: string) => void): void {
    if (count <= 0) return;
    let [number, offset] = this.#locate(start);
    for (let left = count; left > 0; number++, offset = 0) {
      const chunk = this.#chunks[number]!;
      const end = Math.min(chunk.length, offset + left);
      left -= end - offset;
      for (let at = offset; at < end; at++) visit(chunk[at]!);
    }
  }

  *[Symbol.iterator](): Generator<string> {
    for (const chunk of this.#chunks) yield* chunk;
  }

  /** From the tail to the head. */
  *backwards(): Generator<string> {
    for (let number = this.#chunks.length - 1; number >= 0; number--) {
      const chunk = this.#chunks[number]!;
      for (let at = chunk.length - 1; at >= 0; at--) yield chunk[at]!;
    }
  }

  clone(): ListValue {
    const copy = new ListValue();
    copy.#chunks = this.#chunks.map((chunk) => chunk.slice());
    copy.#length = this.#length;
    return copy;
  }

  /** Which chunk an index falls into, and where in it. */
  #locate(index: number): [number: number, offset: number] {
    const chunks = this.#chunks;
    if (index < this.#length >> 1 || chunks.length === 1) {
      let number = 0;
      let offset = index;
      while (offset >= chunks[number]!.length) offset -= chunks[number++]!.length;
      return [number, offset];
    }
    let number = chunks.length - 1;
    let first = this.#length - chunks[number]!.length;
    while (first > index) first -= chunks[--number]!.length;
    return [number, index - first];
  }

  #cutHead(count: number): void {
    if (count <= 0) return;
    if (count >= this.#length) {
      this.#clear();
      return;
    }
    const [number, offset] = this.#locate(count);
    this.#chunks.splice(0, number);
    this.#chunks[0]!.splice(0, offset);
    this.#length -= count;
  }

  #cutTail(count: number): void {
    if (count <= 0) return;
    if (count >= this.#length) {
      this.#clear();
      return;
    }
    const [number, offset] = this.#locate(this.#length - count - 1);
    this.#chunks.length = number + 1;
    this.#chunks[number]!.length = offset + 1;
    this.#length -= count;
  }

  #clear(): void {
    this.#chunks = [[]];
    this.#length = 0;
  }

  #dropEmpty(): void {
    if (this.#chunks.length === 1) return;
    this.#chunks = this.#chunks.filter((chunk) => chunk.length > 0);
    if (this.#chunks.length === 0) this.#chunks.push([]);
  }
}

function removeFrom(
  chunk: string[],
  element: string,
  limit: number,
  from: 'head' | 'tail',
): number {
  let removed = 0;
  while (removed < limit) {
    const at = from === 'head' ? chunk.indexOf(element) : chunk.lastIndexOf(element);
    if (at < 0) break;
    chunk.splice(at, 1);
    removed++;
  }
  return removed;
}

/** A list: strings in order, cheap at both ends. */

export class ListValue {
  readonly kind = 'list';
  #elements: string[];

  constructor(elements: Iterable<string> = []) {
    this.#elements = [...elements];
  }

  get length(): number {
    return this.#elements.length;
  }

  get encoding(): 'quicklist' {
    return 'quicklist';
  }

  pushHead(element: string): void {
    this.#elements.unshift(element);
  }

  pushTail(element: string): void {
    this.#elements.push(element);
  }

  popHead(): string | undefined {
    return this.#elements.shift();
  }

  popTail(): string | undefined {
    return this.#elements.pop();
  }

  /** @param index from 0, below `length` */
  at(index: number): string {
    return this.#elements[index]!;
  }

  [Symbol.iterator](): Iterator<string> {
    return this.#elements[Symbol.iterator]();
  }

  clone(): ListValue {
    return new ListValue(this.#elements);
  }
}

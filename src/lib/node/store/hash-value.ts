/** A hash: fields with their values, in the order the fields came. */
import type { LayoutLimits } from './layout.js';

export class HashValue {
  readonly kind = 'hash';
  readonly #fields = new Map<string, string>();
  readonly #limits: LayoutLimits;
  #isListpack = true;

  constructor(limits: LayoutLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#fields.size;
  }

  get encoding(): 'listpack' | 'hashtable' {
    return this.#isListpack ? 'listpack' : 'hashtable';
  }

  get(field: string): string | undefined {
    return this.#fields.get(field);
  }

  has(field: string): boolean {
    return this.#fields.has(field);
  }

  /** @returns true when the field is new. */
  set(field: string, value: string): boolean {
    const before = this.#fields.size;
    this.#fields.set(field, value);
    if (this.#isListpack) this.#checkListpack(field, value);
    return this.#fields.size !== before;
  }

  delete(field: string): boolean {
    return this.#fields.delete(field);
  }

  fields(): IterableIterator<string> {
    return this.#fields.keys();
  }

  values(): IterableIterator<string> {
    return this.#fields.values();
  }

  forEach(visit: (field: string, value: string) => void): void {
    this.#fields.forEach((value, field) => visit(field, value));
  }

  clone(): HashValue {
    const copy = new HashValue(this.#limits);
    for (const [field, value] of this.#fields) copy.#fields.set(field, value);
    copy.#isListpack = this.#isListpack;
    return copy;
  }

  #checkListpack(field: string, value: string): void {
    const { hashListpackEntries, hashListpackValueBytes } = this.#limits;
    this.#isListpack =
      this.#fields.size <= hashListpackEntries &&
      field.length <= hashListpackValueBytes &&
      value.length <= hashListpackValueBytes;
  }
}

/** A set of strings. */
import type { LayoutLimits } from './layout.js';
import { isCanonicalInteger } from './integers.js';

export class SetValue {
  readonly kind = 'set';
  readonly #members = new Set<string>();
  readonly #limits: LayoutLimits;
  #isIntset = true;

  constructor(limits: LayoutLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#members.size;
  }

  get encoding(): 'intset' | 'hashtable' {
    return this.#isIntset ? 'intset' : 'hashtable';
  }

  has(member: string): boolean {
    return this.#members.has(member);
  }

  /** @returns false when it was there already. */
  add(member: string): boolean {
    const before = this.#members.size;
    this.#members.add(member);
    if (this.#members.size === before) return false;
    if (this.#isIntset) this.#checkIntset(member);
    return true;
  }

  delete(member: string): boolean {
    return this.#members.delete(member);
  }

  [Symbol.iterator](): Iterator<string> {
    return this.#members[Symbol.iterator]();
  }

  clone(): SetValue {
    const copy = new SetValue(this.#limits);
    for (const member of this.#members) copy.#members.add(member);
    copy.#isIntset = this.#isIntset;
    return copy;
  }

  #checkIntset(member: string): void {
    this.#isIntset =
      this.#members.size <= this.#limits.setIntsetEntries && isCanonicalInteger(member);
  }
}

/**
 * A sorted set: members with scores, in the order of score and then of bytes. Members are latin1 strings, so
 * `<` compares them byte by byte.
 */
import type { LayoutLimits } from './layout.js';

export class SortedSetValue {
  readonly kind = 'zset';
  readonly #scores = new Map<string, number>();
  readonly #members: string[] = [];
  readonly #limits: LayoutLimits;
  #isListpack = true;

  constructor(limits: LayoutLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#members.length;
  }

  get encoding(): 'listpack' | 'skiplist' {
    return this.#isListpack ? 'listpack' : 'skiplist';
  }

  score(member: string): number | undefined {
    return this.#scores.get(member);
  }

  /** Adds the member, or moves it to another score. @param score not NaN @returns true when it is new. */
  set(member: string, score: number): boolean {
    const isNew = !this.delete(member);
    this.#members.splice(this.#rankOf(member, score), 0, member);
    this.#scores.set(member, score);
    if (this.#isListpack) this.#checkListpack(member);
    return isNew;
  }

  delete(member: string): boolean {
    const score = this.#scores.get(member);
    if (score === undefined) return false;
    this.#members.splice(this.#rankOf(member, score), 1);
    this.#scores.delete(member);
    return true;
  }

  /** From the lowest up. */
  forEach(visit: (member: string, score: number) => void): void {
    for (const member of this.#members) visit(member, this.#scores.get(member)!);
  }

  clone(): SortedSetValue {
    const copy = new SortedSetValue(this.#limits);
    this.forEach((member, score) => {
      copy.#members.push(member);
      copy.#scores.set(member, score);
    });
    copy.#isListpack = this.#isListpack;
    return copy;
  }

  /** How many members stand before this one, there or not. */
  #rankOf(member: string, score: number): number {
    let low = 0;
    let high = this.#members.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.#members[middle]!;
      const difference = this.#scores.get(other)! - score;
      if (difference < 0 || (difference === 0 && other < member)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #checkListpack(member: string): void {
    const { zsetListpackEntries, zsetListpackValueBytes } = this.#limits;
    this.#isListpack =
      this.#members.length <= zsetListpackEntries && member.length <= zsetListpackValueBytes;
  }
}

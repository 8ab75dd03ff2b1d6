/**
 * A sorted set: members with scores, in the order of score and then of bytes. Members are latin1 strings, so
 * `<` compares them byte by byte. One structure finds a member by name (`MemberTable`), one keeps the order
 * (`RankTree`); both speak of a member by its number, and scores lie in an array by that number.
 */
import type { LayoutLimits } from './layout.js';
import { MemberTable } from './member-table.js';
import { RankTree } from './rank-tree.js';

export type MemberVisitor = (member: string, score: number) => void;

export class SortedSetValue {
  readonly kind = 'zset';
  readonly #limits: LayoutLimits;
  #table = new MemberTable();
  /** By member number. */
  #scores: number[] = [];
  #order = new RankTree(this.#table, this.#scores);
  #isListpack: boolean;

  /** @param isListpack false: it is known that it will outgrow one */
  constructor(limits: LayoutLimits, isListpack = true) {
    this.#limits = limits;
    this.#isListpack = isListpack;
  }

  get size(): number {
    return this.#table.size;
  }

  get encoding(): 'listpack' | 'skiplist' {
    return this.#isListpack ? 'listpack' : 'skiplist';
  }

  score(member: string): number | undefined {
    const number = this.#table.numberOf(member);
    return number < 0 ? undefined : this.#scores[number];
  }

  /** Adds the member, or moves it to another score. @param score not NaN @returns true when it is new. */
  set(member: string, score: number): boolean {
    const number = this.#table.numberOf(member);
    if (number < 0) {
      this.#insert(member, score);
      return true;
    }
    if (this.#scores[number] === score) return false;
    this.#order.remove(number);
    this.#scores[number] = this.#kept(score);
    this.#order.insert(number);
    return false;
  }

  delete(member: string): boolean {
    const number = this.#table.numberOf(member);
    if (number < 0) return false;
    this.#order.remove(number);
    this.#table.remove(number);
    if (this.#table.wantsCompaction) this.#renumber();
    return true;
  }

  /** How many members stand before this one; undefined when it is not there. */
  rank(member: string): number | undefined {
    const number = this.#table.numberOf(member);
    return number < 0 ? undefined : this.#order.rankOf(number);
  }

  /** How many members `isBefore` holds for; it must hold for the lowest so many and for no others. */
  countBefore(isBefore: (score: number, member: string) => boolean): number {
    return this.#order.countBefore(isBefore);
  }

  /** From the lowest up. */
  forEach(visit: MemberVisitor): void {
    this.ascend(0, this.size, visit);
  }

  /** Up to `count` members from a rank on, upwards. The set must not change meanwhile. */
  ascend(rank: number, count: number, visit: MemberVisitor): void {
    const visitNumber = (number: number): void => this.#visit(number, visit);
    this.#order.ascend(rank, count, visitNumber);
  }

  /** Up to `count` members from a rank on, downwards. The set must not change meanwhile. */
  descend(rank: number, count: number, visit: MemberVisitor): void {
    const visitNumber = (number: number): void => this.#visit(number, visit);
    this.#order.descend(rank, count, visitNumber);
  }

  /** See `MemberTable.scan`: about `count` members from `cursor` on, in no order. A listpack comes whole. */
  scan(cursor: number, count: number, visit: MemberVisitor): number {
    if (this.#isListpack) {
      this.forEach(visit);
      return 0;
    }
    return this.#table.scan(cursor, count, (number) => this.#visit(number, visit));
  }

  clone(): SortedSetValue {
    const copy = new SortedSetValue(this.#limits, this.#isListpack);
    copy.#table = this.#table.clone();
    copy.#scores = this.#scores.slice();
    copy.#order = this.#order.clone(copy.#table, copy.#scores);
    return copy;
  }

  #visit(number: number, visit: MemberVisitor): void {
    visit(this.#table.nameOf(number), this.#scores[number]!);
  }

  #insert(member: string, score: number): void {
    const number = this.#table.add(member);
    if (this.#isListpack) this.#checkListpack(member);
    this.#scores[number] = this.#kept(score);
    this.#order.insert(number);
  }

  /** A listpack keeps whole numbers as integers, which have no negative zero. */
  #kept(score: number): number {
    return this.#isListpack && score === 0 ? 0 : score;
  }

  /** Most numbers were free: the members get those from 0 on, in order. */
  #renumber(): void {
    const table = new MemberTable();
    const scores: number[] = [];
    const order = new RankTree(table, scores);
    this.forEach((member, score) => {
      const number = table.add(member);
      scores[number] = score;
      order.insert(number);
    });
    this.#table = table;
    this.#scores = scores;
    this.#order = order;
  }

  #checkListpack(member: string): void {
    this.#isListpack = fitsListpack(this.#limits, this.size, member);
  }
}

/** May a set of this size be a listpack with this member in it? */
export function fitsListpack(limits: LayoutLimits, size: number, member: string): boolean {
  return size <= limits.zsetListpackEntries && member.length <= limits.zsetListpackValueBytes;
}

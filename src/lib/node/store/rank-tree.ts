/**
 * The order of a sorted set: a tree of small arrays that counts what is below, so that finding a place, a
 * rank or the member at a rank, inserting and deleting all cost O(log n).
 *
 * Leaves hold member numbers (see `member-table.ts`) in order; branches hold, for each child but the first, a
 * lower bound: what is in the child is not below it, and everything before the child is. Bounds are values,
 * not members, so they stay good when members go. Growth at either end fills leaves to the brim (a set is
 * often loaded in order); elsewhere a full node splits in the middle. Nodes that become small join a
 * neighbour where both fit with room to spare.
 */
import type { MemberTable } from './member-table.js';

const NODE_MAX = 96;
const NODE_SMALL = NODE_MAX / 4;
/** Joined nodes must not be full, or the next insertion would part them again. */
const JOINED_MAX = (NODE_MAX * 3) / 4;

interface Leaf {
  readonly kind: 'leaf';
  numbers: number[];
}

interface Branch {
  readonly kind: 'branch';
  children: Node[];
  /** Lower bounds of the children; those of the first are of no meaning. */
  lowScores: number[];
  lowNames: string[];
  /** Members below. */
  count: number;
}

type Node = Leaf | Branch;

/** A node that came off the right of another. */
interface Split {
  readonly right: Node;
  readonly lowScore: number;
  readonly lowName: string;
}

export class RankTree {
  readonly #names: MemberTable;
  /** By member number. */
  readonly #scores: readonly number[];
  #root: Node = leafOf([]);

  constructor(names: MemberTable, scores: readonly number[]) {
    this.#names = names;
    this.#scores = scores;
  }

  get size(): number {
    return countOf(this.#root);
  }

  /** The number's name and score are set. */
  insert(number: number): void {
    const split = this.#insertInto(this.#root, number, true, true);
    if (split === undefined) return;
    this.#root = {
      kind: 'branch',
      children: [this.#root, split.right],
      lowScores: [0, split.lowScore],
      lowNames: ['', split.lowName],
      count: countOf(this.#root) + countOf(split.right),
    };
  }

  /** The number's name and score are still those it was inserted with. */
  remove(number: number): void {
    this.#removeFrom(this.#root, number);
    while (this.#root.kind === 'branch' && this.#root.children.length === 1) {
      this.#root = this.#root.children[0]!;
    }
  }

  rankOf(number: number): number {
    const score = this.#scores[number]!;
    const name = this.#names.nameOf(number);
    let rank = 0;
    let node = this.#root;
    while (node.kind === 'branch') {
      const at = childFor(node, score, name);
      for (let before = 0; before < at; before++) rank += countOf(node.children[before]!);
      node = node.children[at]!;
    }
    return rank + this.#placeIn(node.numbers, score, name);
  }

  /** How many members `isBefore` holds for; it must hold for the first so many in order and then no more. */
  countBefore(isBefore: (score: number, name: string) => boolean): number {
    let count = 0;
    let node = this.#root;
    while (node.kind === 'branch') {
      let low = 0;
      let high = node.children.length - 1;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (isBefore(node.lowScores[middle]!, node.lowNames[middle]!)) low = middle;
        else high = middle - 1;
      }
      for (let at = 0; at < low; at++) count += countOf(node.children[at]!);
      node = node.children[low]!;
    }
    let low = 0;
    let high = node.numbers.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const number = node.numbers[middle]!;
      if (isBefore(this.#scores[number]!, this.#names.nameOf(number))) low = middle + 1;
      else high = middle;
    }
    return count + low;
  }

  /** Visits up to `count` numbers from a rank on, upwards. Nothing may change meanwhile. */
  ascend(from: number, count: number, visit: (number: number) => void): void {
    ascendIn(this.#root, from, count, visit);
  }

  /** Visits up to `count` numbers from a rank on, downwards. Nothing may change meanwhile. */
  descend(from: number, count: number, visit: (number: number) => void): void {
    descendIn(this.#root, this.size - 1 - from, count, visit);
  }

  /** The same order over copies of what it is built on. */
  clone(names: MemberTable, scores: readonly number[]): RankTree {
    const copy = new RankTree(names, scores);
    copy.#root = cloneNode(this.#root);
    return copy;
  }

  #insertInto(node: Node, number: number, isFirst: boolean, isLast: boolean): Split | undefined {
    if (node.kind === 'leaf') return this.#insertIntoLeaf(node, number, isFirst, isLast);
    const at = childFor(node, this.#scores[number]!, this.#names.nameOf(number));
    const { children } = node;
    node.count++;
    const split = this.#insertInto(
      children[at]!,
      number,
      isFirst && at === 0,
      isLast && at === children.length - 1,
    );
    if (split === undefined) return undefined;
    insertAt(children, at + 1, split.right);
    insertAt(node.lowScores, at + 1, split.lowScore);
    insertAt(node.lowNames, at + 1, split.lowName);
    if (children.length <= NODE_MAX) return undefined;
    return splitBranch(node, isLast && at + 2 === children.length);
  }

  #insertIntoLeaf(
    leaf: Leaf,
    number: number,
    isFirst: boolean,
    isLast: boolean,
  ): Split | undefined {
    const { numbers } = leaf;
    const at = this.#placeIn(numbers, this.#scores[number]!, this.#names.nameOf(number));
    if (numbers.length < NODE_MAX) {
      insertAt(numbers, at, number);
      return undefined;
    }
    if (isLast && at === numbers.length) return this.#splitBefore(leafOf([number]));
    if (isFirst && at === 0) {
      leaf.numbers = [number];
      return this.#splitBefore(leafOf(numbers));
    }
    const half = NODE_MAX / 2;
    const right = numbers.slice(half);
    numbers.length = half;
    if (at <= half) insertAt(numbers, at, number);
    else insertAt(right, at - half, number);
    return this.#splitBefore(leafOf(right));
  }

  #splitBefore(right: Leaf): Split {
    const first = right.numbers[0]!;
    return { right, lowScore: this.#scores[first]!, lowName: this.#names.nameOf(first) };
  }

  #removeFrom(node: Node, number: number): void {
    const score = this.#scores[number]!;
    const name = this.#names.nameOf(number);
    if (node.kind === 'leaf') {
      removeAt(node.numbers, this.#placeIn(node.numbers, score, name));
      return;
    }
    const at = childFor(node, score, name);
    node.count--;
    this.#removeFrom(node.children[at]!, number);
    if (widthOf(node.children[at]!) < NODE_SMALL) joinNeighbour(node, at);
  }

  /** How many of these stand before a member, there or not. */
  #placeIn(numbers: readonly number[], score: number, name: string): number {
    let low = 0;
    let high = numbers.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const number = numbers[middle]!;
      const other = this.#scores[number]!;
      if (other < score || (other === score && this.#names.nameOf(number) < name)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function leafOf(numbers: number[]): Leaf {
  return { kind: 'leaf', numbers };
}

function countOf(node: Node): number {
  return node.kind === 'leaf' ? node.numbers.length : node.count;
}

/** Children, or members of a leaf. */
function widthOf(node: Node): number {
  return node.kind === 'leaf' ? node.numbers.length : node.children.length;
}

/** The last child whose lower bound is not above the member. */
function childFor(branch: Branch, score: number, name: string): number {
  const { lowScores, lowNames } = branch;
  let low = 0;
  let high = lowScores.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    const bound = lowScores[middle]!;
    if (bound < score || (bound === score && lowNames[middle]! <= name)) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** @param grewAtEnd then the left part stays full, as more is likely to come there. */
function splitBranch(branch: Branch, grewAtEnd: boolean): Split {
  const at = grewAtEnd ? branch.children.length - 1 : branch.children.length >> 1;
  const right: Branch = {
    kind: 'branch',
    children: branch.children.splice(at),
    lowScores: branch.lowScores.splice(at),
    lowNames: branch.lowNames.splice(at),
    count: 0,
  };
  for (const child of right.children) right.count += countOf(child);
  branch.count -= right.count;
  return { right, lowScore: right.lowScores[0]!, lowName: right.lowNames[0]! };
}

/** A child has become small: it goes if it is empty, and joins a neighbour if both together are not full. */
function joinNeighbour(branch: Branch, at: number): void {
  const { children } = branch;
  if (widthOf(children[at]!) === 0) {
    dropChild(branch, at);
    return;
  }
  if (at > 0 && join(branch, at - 1)) return;
  if (at + 1 < children.length) join(branch, at);
}

/** The child at `at` takes in the one to its right. */
function join(branch: Branch, at: number): boolean {
  const left = branch.children[at]!;
  const right = branch.children[at + 1]!;
  if (widthOf(left) + widthOf(right) > JOINED_MAX) return false;
  if (left.kind === 'leaf' && right.kind === 'leaf') {
    for (const number of right.numbers) left.numbers.push(number);
  } else if (left.kind === 'branch' && right.kind === 'branch') {
    right.lowScores[0] = branch.lowScores[at + 1]!;
    right.lowNames[0] = branch.lowNames[at + 1]!;
    left.children.push(...right.children);
    left.lowScores.push(...right.lowScores);
    left.lowNames.push(...right.lowNames);
    left.count += right.count;
  }
  dropChild(branch, at + 1);
  return true;
}

function dropChild(branch: Branch, at: number): void {
  removeAt(branch.children, at);
  removeAt(branch.lowScores, at);
  removeAt(branch.lowNames, at);
}

/** @returns how many of `count` are still wanted. */
function ascendIn(
  node: Node,
  skipped: number,
  count: number,
  visit: (number: number) => void,
): number {
  let skip = skipped;
  let wanted = count;
  if (node.kind === 'leaf') {
    const { numbers } = node;
    for (let at = skip; at < numbers.length && wanted > 0; at++, wanted--) visit(numbers[at]!);
    return wanted;
  }
  for (const child of node.children) {
    if (wanted <= 0) break;
    const inside = countOf(child);
    if (skip >= inside) skip -= inside;
    else {
      wanted = ascendIn(child, skip, wanted, visit);
      skip = 0;
    }
  }
  return wanted;
}

/** As `ascendIn`, from the other end. */
function descendIn(
  node: Node,
  skipped: number,
  count: number,
  visit: (number: number) => void,
): number {
  let skip = skipped;
  let wanted = count;
  if (node.kind === 'leaf') {
    const { numbers } = node;
    for (let at = numbers.length - 1 - skip; at >= 0 && wanted > 0; at--, wanted--) {
      visit(numbers[at]!);
    }
    return wanted;
  }
  for (let at = node.children.length - 1; at >= 0 && wanted > 0; at--) {
    const child = node.children[at]!;
    const inside = countOf(child);
    if (skip >= inside) skip -= inside;
    else {
      wanted = descendIn(child, skip, wanted, visit);
      skip = 0;
    }
  }
  return wanted;
}

function cloneNode(node: Node): Node {
  if (node.kind === 'leaf') return leafOf(node.numbers.slice());
  return {
    kind: 'branch',
    children: node.children.map(cloneNode),
    lowScores: node.lowScores.slice(),
    lowNames: node.lowNames.slice(),
    count: node.count,
  };
}

/** As `splice(at, 0, item)`, which makes an array each time. */
function insertAt<T>(items: T[], at: number, item: T): void {
  items.push(item);
  for (let index = items.length - 1; index > at; index--) items[index] = items[index - 1]!;
  items[at] = item;
}

function removeAt(items: unknown[], at: number): void {
  for (let index = at + 1; index < items.length; index++) items[index - 1] = items[index];
  items.pop();
}

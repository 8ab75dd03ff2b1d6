/**
 * Keys in order of insertion, for SCAN, RANDOMKEY and snapshots.
 *
 * Each entry has a sequence number; SCAN walks them downwards and its cursor is the next number to look
 * at. A key that exists throughout keeps its number, so it is met exactly once; keys inserted meanwhile
 * have higher numbers, so a scan always ends, however fast others write.
 *
 * Entries stand in blocks. A deleted one stays in its block (marked dead) until the dead outnumber the
 * living there; squeezing them out keeps the order, so cursors held by clients stay good, and takes no
 * longer than a block is long, however many keys there are.
 */
import type { Entry } from './entry.js';

const BLOCK_LENGTH = 1024;
/** Entries looked up at a time by who walks over all. */
const BATCH_LENGTH = 64;

interface Block {
  entries: Entry[];
  dead: number;
}

export class KeyOrder {
  #blocks: Block[] = [];
  /** No entry of a block has a lower number, none of the blocks before it a higher one. */
  #bases: number[] = [];

  add(entry: Entry): void {
    const last = this.#blocks.at(-1);
    if (last !== undefined && last.entries.length < BLOCK_LENGTH) {
      last.entries.push(entry);
      return;
    }
    this.#blocks.push({ entries: [entry], dead: 0 });
    this.#bases.push(entry.sequence);
  }

  /** Call after its `isLive` became false. */
  noteDead(entry: Entry): void {
    const at = this.#blockOf(entry.sequence);
    const block = this.#blocks[at]!;
    block.dead++;
    if (block.dead * 2 > block.entries.length) this.#squeeze(at);
  }

  /**
   * Visit about `count` entries at or below `cursor` (0: from the top), newest first.
   * @returns the cursor to go on with; 0 when done.
   */
  scan(cursor: number, count: number, visit: (entry: Entry) => void): number {
    let from = cursor === 0 ? Infinity : cursor;
    // Dead entries cost time too, so they count; ten to one, as an all-dead stretch is short-lived.
    let budget = count * 10;
    let left = count;
    for (;;) {
      const block = this.#blockOf(from);
      if (block < 0) return 0;
      const base = this.#bases[block]!;
      const { entries } = this.#blocks[block]!;
      for (let at = lastAtMost(entries, from); at >= 0; at--, budget--) {
        const entry = entries[at]!;
        if (left === 0 || budget === 0) return entry.sequence;
        if (!entry.isLive) continue;
        visit(entry);
        left--;
      }
      // By number: what was visited may have been deleted, and blocks have moved.
      from = base - 1;
    }
  }

  /**
   * Visit up to `count` live entries with sequences above `after` and at most `upTo`, oldest first.
   * @returns the sequence to go on after; `upTo` when there is nothing more.
   */
  ascend(after: number, upTo: number, count: number, visit: (entry: Entry) => void): number {
    let left = count;
    let passed = after;
    for (let block = Math.max(0, this.#blockOf(after)); block < this.#blocks.length; block++) {
      const { entries } = this.#blocks[block]!;
      for (let at = lastAtMost(entries, after) + 1; at < entries.length; at++) {
        const entry = entries[at]!;
        if (entry.sequence > upTo) return upTo;
        if (entry.isLive) {
          if (left === 0) return passed;
          visit(entry);
          left--;
        }
        passed = entry.sequence;
      }
    }
    return upTo;
  }

  /** A live entry chosen by `below(bound)`, an even draw from 0..bound-1; undefined when empty. */
  random(below: (bound: number) => number): Entry | undefined {
    const blocks = this.#blocks;
    if (blocks.length === 0) return undefined;
    // Every place of every block is as likely, also the empty ones: else keys in short blocks would come up
    // more often. A quarter of all places or more hold something (see #squeeze), half of them alive.
    const places = blocks.length === 1 ? blocks[0]!.entries.length : BLOCK_LENGTH;
    for (;;) {
      const entry = blocks[below(blocks.length)]!.entries[below(places)];
      if (entry?.isLive === true) return entry;
    }
  }

  *[Symbol.iterator](): Generator<Entry> {
    for (let passed = 0; passed !== Infinity;) {
      const batch: Entry[] = [];
      passed = this.ascend(passed, Infinity, BATCH_LENGTH, (entry) => batch.push(entry));
      for (const entry of batch) if (entry.isLive) yield entry;
    }
  }

  /** No dead are left in the block, and two neighbours that fit into half a block become one. */
  #squeeze(at: number): void {
    const block = this.#blocks[at]!;
    block.entries = block.entries.filter((entry) => entry.isLive);
    block.dead = 0;
    if (block.entries.length === 0) {
      this.#blocks.splice(at, 1);
      this.#bases.splice(at, 1);
    } else if (!this.#mergeWithNext(at)) {
      this.#mergeWithNext(at - 1);
    }
  }

  #mergeWithNext(at: number): boolean {
    const block = this.#blocks[at];
    const next = this.#blocks[at + 1];
    if (block === undefined || next === undefined) return false;
    if (block.entries.length + next.entries.length > BLOCK_LENGTH >> 1) return false;
    block.entries = block.entries.concat(next.entries);
    block.dead += next.dead;
    this.#blocks.splice(at + 1, 1);
    this.#bases.splice(at + 1, 1);
    return true;
  }

  /** The block that a number belongs to; -1 if it is below all. */
  #blockOf(sequence: number): number {
    const bases = this.#bases;
    let low = 0;
    let high = bases.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (bases[middle]! <= sequence) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

/** Index of the last entry whose sequence is at most `sequence`; -1 if none. */
function lastAtMost(entries: readonly Entry[], sequence: number): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (entries[middle]!.sequence <= sequence) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

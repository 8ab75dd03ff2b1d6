/**
 * Members by name: strings get numbers, so that other structures can speak of a member by a small integer and
 * keep what belongs to it in plain arrays. A hash table of our own rather than a `Map`: two words of 32 bits per
 * place are all it holds, it has no upper limit near sixteen million, and SCAN-like walks can stop at any place
 * and go on later, whatever has happened in between.
 *
 * Open addressing with linear probing and deletion by moving back, so there are no tombstones: the members
 * that hash to a place always lie in one run that begins there. Few members are just looked through.
 */

/** Up to this many, comparing is quicker than hashing, and small collections stay small. */
const UNHASHED_MAX = 16;
const INITIAL_PLACES = 64;
/** Freed numbers tolerated before the owner is asked to renumber (`wantsCompaction`). */
const FREE_TOLERATED = 64;

export class MemberTable {
  /** By number; undefined where a number is free. */
  #members: (string | undefined)[] = [];
  #free: number[] = [];
  /** Pairs (hash, number + 1); a zero in the second is an empty place. Undefined while unhashed. */
  #places: Int32Array | undefined;

  get size(): number {
    return this.#members.length - this.#free.length;
  }

  /** -1 when it is not there. */
  numberOf(member: string): number {
    const places = this.#places;
    if (places === undefined) return this.#members.indexOf(member);
    const mask = (places.length >> 1) - 1;
    const hash = hashOf(member);
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const number = places[2 * at + 1]! - 1;
      if (number < 0) return -1;
      if (places[2 * at] === hash && this.#members[number] === member) return number;
    }
  }

  nameOf(number: number): string {
    return this.#members[number]!;
  }

  /** @param member not there yet @returns its number, the lowest free ones first reused. */
  add(member: string): number {
    const number = this.#free.pop() ?? this.#members.length;
    this.#members[number] = member;
    if (this.#places !== undefined) {
      if (this.size * 4 > (this.#places.length >> 1) * 3) this.#rehash();
      else this.#put(this.#places, hashOf(member), number);
    } else if (this.size > UNHASHED_MAX) this.#rehash();
    return number;
  }

  remove(number: number): void {
    if (this.#places !== undefined) this.#vacate(this.#places, number);
    this.#members[number] = undefined;
    this.#free.push(number);
  }

  /** Most numbers are free: whoever keeps arrays by number does well to begin anew. */
  get wantsCompaction(): boolean {
    return this.#free.length > FREE_TOLERATED && this.#free.length > this.size * 2;
  }

  clone(): MemberTable {
    const copy = new MemberTable();
    copy.#members = this.#members.slice();
    copy.#free = this.#free.slice();
    copy.#places = this.#places?.slice();
    return copy;
  }

  /**
   * Visits the numbers of about `count` members, from `cursor` on. Places are walked in the order of their
   * reversed bits: when the table doubles or halves between two calls, the places already walked are exactly
   * those whose members have been visited, so whoever stays throughout is met.
   * @returns the cursor to go on with; 0 starts and ends.
   */
  scan(cursor: number, count: number, visit: (number: number) => void): number {
    const places = this.#places;
    if (places === undefined) {
      this.#members.forEach((member, number) => {
        if (member !== undefined) visit(number);
      });
      return 0;
    }
    const mask = (places.length >> 1) - 1;
    let next = cursor >>> 0;
    let visited = 0;
    // Empty places cost time too; ten to one, as half of them are taken.
    for (let budget = count * 10; budget > 0 && visited < count; budget--) {
      visited += this.#visitRun(places, next & mask, visit);
      next = reverseBits((reverseBits((next | ~mask) >>> 0) + 1) >>> 0);
      if (next === 0) break;
    }
    return next;
  }

  /** Members whose hash points at this place. */
  #visitRun(places: Int32Array, home: number, visit: (number: number) => void): number {
    const mask = (places.length >> 1) - 1;
    let visited = 0;
    for (let at = home; places[2 * at + 1] !== 0; at = (at + 1) & mask) {
      if ((places[2 * at]! & mask) !== home) continue;
      visit(places[2 * at + 1]! - 1);
      visited++;
    }
    return visited;
  }

  #put(places: Int32Array, hash: number, number: number): void {
    const mask = (places.length >> 1) - 1;
    let at = hash & mask;
    while (places[2 * at + 1] !== 0) at = (at + 1) & mask;
    places[2 * at] = hash;
    places[2 * at + 1] = number + 1;
  }

  /** Empties the place of a number and moves those behind it back, as far as they may. */
  #vacate(places: Int32Array, number: number): void {
    const mask = (places.length >> 1) - 1;
    let hole = hashOf(this.#members[number]!) & mask;
    while (places[2 * hole + 1] !== number + 1) hole = (hole + 1) & mask;
    for (let at = (hole + 1) & mask; places[2 * at + 1] !== 0; at = (at + 1) & mask) {
      const home = places[2 * at]! & mask;
      // It may move back to the hole unless its home lies behind the hole.
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      places[2 * hole] = places[2 * at]!;
      places[2 * hole + 1] = places[2 * at + 1]!;
      hole = at;
    }
    places[2 * hole + 1] = 0;
  }

  /** Twice as many places as before, or the first ones. */
  #rehash(): void {
    const before = this.#places;
    const places = new Int32Array(before === undefined ? 2 * INITIAL_PLACES : before.length * 2);
    this.#places = places;
    this.#members.forEach((member, number) => {
      if (member !== undefined) this.#put(places, hashOf(member), number);
    });
  }
}

/** Mixed per byte; equal strings have equal hashes, and that is all that anybody may rely on. */
function hashOf(member: string): number {
  let hash = member.length | 0;
  for (let at = 0; at < member.length; at++) {
    hash = Math.imul(hash ^ member.charCodeAt(at), 0x5bd1e995);
    hash ^= hash >>> 15;
  }
  return hash | 0;
}

function reverseBits(bits: number): number {
  let word = ((bits >>> 1) & 0x55555555) | ((bits & 0x55555555) << 1);
  word = ((word >>> 2) & 0x33333333) | ((word & 0x33333333) << 2);
  word = ((word >>> 4) & 0x0f0f0f0f) | ((word & 0x0f0f0f0f) << 4);
  word = ((word >>> 8) & 0x00ff00ff) | ((word & 0x00ff00ff) << 8);
  return ((word >>> 16) | (word << 16)) >>> 0;
}

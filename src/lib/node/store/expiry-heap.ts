/**
 * Which key of a part of the database expires next (`expiries.ts` has the parts): a binary heap over expiry times. Changing or removing an expiry leaves its
 * old node behind; a node whose time is no longer its entry's is skipped when it surfaces, and the heap
 * is rebuilt when such leftovers outnumber the rest, so a key whose TTL is renewed a million times costs
 * amortised O(log n) each and no memory.
 */
import { type Entry, NEVER } from './entry.js';

const LEFTOVERS_TOLERATED = 64;

export class ExpiryHeap {
  #times: number[] = [];
  #entries: Entry[] = [];
  /** Entries that have an expiry now. */
  size = 0;

  /** Set or change; `NEVER` removes. */
  schedule(entry: Entry, expireAtMs: number): void {
    const hadExpiry = entry.expireAtMs !== NEVER;
    if (entry.expireAtMs === expireAtMs) return;
    entry.expireAtMs = expireAtMs;
    if (expireAtMs === NEVER) {
      this.size--;
    } else {
      if (!hadExpiry) this.size++;
      this.#push(expireAtMs, entry);
    }
    this.#compactIfWasteful();
  }

  /** The entry was deleted. */
  forget(entry: Entry): void {
    if (entry.expireAtMs === NEVER) return;
    this.size--;
    this.#compactIfWasteful();
  }

  /** The live entry that expires first, if that is at or before `nowMs`. */
  due(nowMs: number): Entry | undefined {
    while (this.#times.length > 0) {
      const entry = this.#entries[0]!;
      const time = this.#times[0]!;
      if (entry.isLive && entry.expireAtMs === time) return time <= nowMs ? entry : undefined;
      this.#pop();
    }
    return undefined;
  }

  /** An even draw among those with an expiry. */
  random(below: (bound: number) => number): Entry | undefined {
    if (this.size === 0) return undefined;
    // Leftovers are at most about two thirds (see below), so a few draws are enough.
    for (;;) {
      const at = below(this.#entries.length);
      const entry = this.#entries[at]!;
      if (entry.isLive && entry.expireAtMs === this.#times[at]) return entry;
    }
  }

  #compactIfWasteful(): void {
    if (this.#times.length <= 2 * this.size + LEFTOVERS_TOLERATED) return;
    const kept = new Set<Entry>();
    this.#entries.forEach((entry, at) => {
      if (entry.isLive && entry.expireAtMs === this.#times[at]) kept.add(entry);
    });
    this.#entries = [...kept];
    this.#times = this.#entries.map((entry) => entry.expireAtMs);
    for (let at = (this.#times.length >> 1) - 1; at >= 0; at--) this.#sink(at);
  }

  #push(time: number, entry: Entry): void {
    const times = this.#times;
    const entries = this.#entries;
    let at = times.length;
    times.push(time);
    entries.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (times[parent]! <= time) break;
      times[at] = times[parent]!;
      entries[at] = entries[parent]!;
      at = parent;
    }
    times[at] = time;
    entries[at] = entry;
  }

  #pop(): void {
    const times = this.#times;
    const entries = this.#entries;
    const time = times.pop()!;
    const entry = entries.pop()!;
    if (times.length === 0) return;
    times[0] = time;
    entries[0] = entry;
    this.#sink(0);
  }

  /** Down to where those below it expire later. */
  #sink(from: number): void {
    const times = this.#times;
    const entries = this.#entries;
    const { length } = times;
    const time = times[from]!;
    const entry = entries[from]!;
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      if (child + 1 < length && times[child + 1]! < times[child]!) child++;
      if (times[child]! >= time) break;
      times[at] = times[child]!;
      entries[at] = entries[child]!;
      at = child;
    }
    times[at] = time;
    entries[at] = entry;
  }
}

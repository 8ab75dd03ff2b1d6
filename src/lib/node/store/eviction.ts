/**
 * Which key goes first when memory is short. As real servers do it, by samples: a few random keys are looked at
 * each time, and the best candidates so far wait in a small pool, so that the choice comes near the true one
 * without any order being kept.
 */
import type { Database } from './database.js';
import { type Entry, NEVER } from './entry.js';
import type { Keyspace } from './keyspace.js';

export type EvictionRank = 'lru' | 'lfu' | 'ttl' | 'random';

export interface EvictionPolicy {
  /** Only keys with an expiry may go. */
  readonly onlyExpiring: boolean;
  readonly rank: EvictionRank;
  /** `maxmemory-samples` */
  readonly samples: number;
}

export interface Victim {
  readonly db: Database;
  readonly entry: Entry;
}

interface Candidate extends Victim {
  /** The highest goes first. */
  readonly score: number;
}

const POOL_SIZE = 16;

export class EvictionPool {
  readonly #keyspace: Keyspace;
  /** An even draw from 0 up to, and not including, `bound`. */
  readonly #below: (bound: number) => number;
  #pool: Candidate[] = [];
  #nextDb = 0;

  constructor(keyspace: Keyspace, below: (bound: number) => number) {
    this.#keyspace = keyspace;
    this.#below = below;
  }

  /** The policy changed: old scores mean nothing any more. */
  clear(): void {
    this.#pool = [];
  }

  /** undefined: there is nothing that may go. */
  next(policy: EvictionPolicy, nowMs: number): Victim | undefined {
    return policy.rank === 'random' ? this.#random(policy) : this.#best(policy, nowMs);
  }

  /** One database after the other, so that none is emptied for the sake of another. */
  #random(policy: EvictionPolicy): Victim | undefined {
    const { databases } = this.#keyspace;
    for (let tried = 0; tried < databases.length; tried++) {
      const db = databases[this.#nextDb++ % databases.length]!;
      const entry = this.#draw(db, policy);
      if (entry !== undefined) return { db, entry };
    }
    return undefined;
  }

  #best(policy: EvictionPolicy, nowMs: number): Victim | undefined {
    for (const db of this.#keyspace.databases) {
      const population = policy.onlyExpiring ? db.expiringCount : db.size;
      const draws = Math.min(policy.samples, population);
      for (let draw = 0; draw < draws; draw++) {
        const entry = this.#draw(db, policy);
        if (entry !== undefined)
          this.#offer({ db, entry, score: scoreOf(policy, db, entry, nowMs) });
      }
    }
    for (;;) {
      const candidate = this.#pool.pop();
      if (candidate === undefined) return undefined;
      if (mayGo(candidate, policy, this.#keyspace)) return candidate;
    }
  }

  #draw(db: Database, { onlyExpiring }: EvictionPolicy): Entry | undefined {
    return onlyExpiring ? db.randomExpiring(this.#below) : db.random(this.#below);
  }

  /** Kept in order, the best last. */
  #offer(candidate: Candidate): void {
    const pool = this.#pool;
    if (pool.some(({ entry }) => entry === candidate.entry)) return;
    let at = pool.length;
    while (at > 0 && pool[at - 1]!.score > candidate.score) at--;
    if (pool.length < POOL_SIZE) pool.splice(at, 0, candidate);
    else if (at > 0) {
      pool.splice(at, 0, candidate);
      pool.shift();
    }
  }
}

function scoreOf({ rank }: EvictionPolicy, db: Database, entry: Entry, nowMs: number): number {
  switch (rank) {
    case 'lru':
      return db.idleMs(entry, nowMs);
    case 'lfu':
      return -db.uses(entry, nowMs);
    case 'ttl':
      return -entry.expireAtMs;
    case 'random':
      return 0;
  }
}

/** Since it joined the pool it may have been deleted, or lost its expiry. */
function mayGo(
  { db, entry }: Candidate,
  { onlyExpiring }: EvictionPolicy,
  keyspace: Keyspace,
): boolean {
  const isServed = keyspace.databases[db.index] === db && db.raw(entry.key) === entry;
  return isServed && (!onlyExpiring || entry.expireAtMs !== NEVER);
}

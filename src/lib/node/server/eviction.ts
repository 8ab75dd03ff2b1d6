/**
 * `maxmemory`: before a command runs, keys are evicted until the data fit again. What a slice of time is not
 * enough for goes on with the next command and with the cron; a node where nothing may be evicted refuses
 * commands that need memory.
 */
import type { Prng } from '../../kernel/prng.js';
import { deletionWord } from '../commands/deletion-word.js';
import type { Wings } from '../ports/wings.js';
import { EvictionPool, type EvictionPolicy, type EvictionRank } from '../store/eviction.js';
import type { Keyspace } from '../store/keyspace.js';

export interface EvictionOptions {
  readonly keyspace: Keyspace;
  readonly wings: Wings;
  readonly prng: Prng;
  readonly propagate: (db: number, argv: readonly string[]) => void;
  /** Not while writes are paused, nor while data are loaded. */
  readonly mayEvict: () => boolean;
  readonly nowMs: () => number;
  readonly nowMicros: () => number;
}

const DIRECTIVES = [
  'maxmemory',
  'maxmemory-policy',
  'maxmemory-samples',
  'maxmemory-eviction-tenacity',
  'replica-ignore-maxmemory',
  'lfu-log-factor',
  'lfu-decay-time',
] as const;

/** Keys between two looks at the clock. */
const KEYS_PER_LOOK = 16;

export class Eviction {
  readonly #options: EvictionOptions;
  readonly #pool: EvictionPool;
  /** 0: no bound. The hot path asks nothing else. */
  limitBytes = 0;
  #policy: EvictionPolicy | undefined;
  #budgetMicros = 0;
  #isIgnoredByReplicas = true;

  constructor(options: EvictionOptions) {
    this.#options = options;
    this.#pool = new EvictionPool(options.keyspace, (bound) => options.prng.below(bound));
    this.#read();
    for (const name of DIRECTIVES) options.wings.config.onChange(name, () => this.#read());
  }

  /** Evicts what must go. @returns false when memory is short and nothing more may go. */
  relieve(): boolean {
    const { keyspace, mayEvict, nowMicros, nowMs, wings } = this.#options;
    if (this.limitBytes === 0 || keyspace.weight() <= this.limitBytes) return true;
    if (this.#isIgnoredByReplicas && wings.replication.role === 'replica') return true;
    if (!mayEvict()) return true;
    if (this.#policy === undefined) return false;
    const startedMicros = nowMicros();
    const now = nowMs();
    let isRelieved = false;
    for (let evicted = 1; !isRelieved; evicted++) {
      if (!this.#evictOne(this.#policy, now)) break;
      isRelieved = keyspace.weight() <= this.limitBytes;
      if (evicted % KEYS_PER_LOOK === 0 && nowMicros() - startedMicros > this.#budgetMicros) {
        // There is more to do, and it will be done: no reason to refuse anybody.
        isRelieved = true;
      }
    }
    wings.stats.latency.note('eviction-cycle', (nowMicros() - startedMicros) / 1000, now);
    return isRelieved;
  }

  #evictOne(policy: EvictionPolicy, nowMs: number): boolean {
    const victim = this.#pool.next(policy, nowMs);
    if (victim === undefined) return false;
    const { db, entry } = victim;
    const { propagate, wings } = this.#options;
    db.delete(entry.key);
    db.notify('evicted', 'evicted', entry.key);
    wings.stats.counters.evictedKeys++;
    propagate(db.index, [deletionWord(wings.config, 'eviction'), entry.key]);
    return true;
  }

  #read(): void {
    const { config } = this.#options.wings;
    const { access } = this.#options.keyspace;
    this.limitBytes = config.number('maxmemory');
    this.#isIgnoredByReplicas = config.boolean('replica-ignore-maxmemory');
    this.#policy = parsePolicy(
      config.get('maxmemory-policy') ?? '',
      config.number('maxmemory-samples'),
    );
    this.#budgetMicros = budgetOf(config.number('maxmemory-eviction-tenacity'));
    access.countsUses = this.#policy?.rank === 'lfu';
    access.logFactor = config.number('lfu-log-factor');
    access.decayMinutes = config.number('lfu-decay-time');
    this.#pool.clear();
  }
}

/** `volatile-lru`, `allkeys-random`, ...; undefined for `noeviction`. */
function parsePolicy(name: string, samples: number): EvictionPolicy | undefined {
  const [whose, rank] = name.split('-') as [string, EvictionRank | undefined];
  return rank === undefined ? undefined : { onlyExpiring: whose === 'volatile', rank, samples };
}

/** As real servers read the tenacity: 50 us a step up to ten, then 15 % more each, and 100 is without end. */
function budgetOf(tenacity: number): number {
  if (tenacity >= 100) return Infinity;
  return tenacity <= 10 ? tenacity * 50 : 500 * 1.15 ** (tenacity - 10);
}

/**
 * What configuration and role demand of commands, as fields for the hot path: read once, and again when a
 * directive or the role changes.
 */
import { deletionWord } from '../commands/deletion-word.js';
import type { Wings } from '../ports/wings.js';

export class ServingRules {
  readonly #wings: Pick<Wings, 'config' | 'replication' | 'stats'>;
  needsPassword = false;
  minReplicasToWrite = 0;
  isReadonlyReplica = false;
  /** A replica without its primary answers nothing that may be stale. */
  refusesStaleReads = false;
  /** What replicas hear of a key whose time has come. */
  expiryWord: 'DEL' | 'UNLINK' = 'DEL';
  /** The error that answers writes while they would not reach the disk. */
  diskError: string | undefined;
  /** Data are being read, from disk or from our primary; `async`: the ones of before are served. */
  loading: 'plain' | 'async' | undefined;
  /** Negative: no slow log. */
  slowerThanMicros = -1;
  /** Somebody wants to know so exactly that no command may share its time with others. */
  timesEach = false;

  constructor(wings: Pick<Wings, 'config' | 'replication' | 'stats'>) {
    this.#wings = wings;
    this.refresh();
    const { config } = wings;
    const particular = config.get(SLOT_STATS) === undefined ? [] : [SLOT_STATS];
    for (const name of [...DIRECTIVES, ...particular]) {
      config.onChange(name, () => this.refresh());
    }
  }

  /** Call when the role changed. */
  refresh(): void {
    const { config, replication, stats } = this.#wings;
    const isReplica = replication.role === 'replica';
    this.needsPassword = (config.get('requirepass') ?? '') !== '';
    this.minReplicasToWrite = config.number('min-replicas-to-write');
    this.isReadonlyReplica = isReplica && config.boolean('replica-read-only');
    this.refusesStaleReads = isReplica && !config.boolean('replica-serve-stale-data');
    this.expiryWord = deletionWord(config, 'expire');
    stats.latency.thresholdMs = config.number('latency-monitor-threshold');
    this.slowerThanMicros = config.number('slowlog-log-slower-than');
    const isWatched = this.slowerThanMicros >= 0 && this.slowerThanMicros < QUICK_MICROS_MAX;
    const countsSlots = config.get(SLOT_STATS) === 'yes';
    this.timesEach = isWatched || countsSlots || stats.latency.thresholdMs > 0;
  }
}

/** What is over within a millisecond may be timed together with others: see `call-clock.ts`. */
const QUICK_MICROS_MAX = 1000;

/** Not every persona has it. */
const SLOT_STATS = 'cluster-slot-stats-enabled';

const DIRECTIVES = [
  'requirepass',
  'min-replicas-to-write',
  'replica-read-only',
  'replica-serve-stale-data',
  'slowlog-log-slower-than',
  'latency-monitor-threshold',
  'lazyfree-lazy-expire',
] as const;

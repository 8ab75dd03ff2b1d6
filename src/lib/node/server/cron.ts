/** What a node does without being asked: expire keys, sample rates, drop idle clients. */
import type { ServerStats } from '../ports/stats.js';
import type { Keyspace } from '../store/keyspace.js';
import type { ClientRules } from './client-rules.js';
import type { CommandRunner } from './command-runner.js';
import { guarded } from './fault.js';
import type { Sessions } from './sessions.js';

/** Ten times a second, as real servers do by default. */
const PERIOD_MS = 100;
/** Expiring may take this much of one period before clients get their turn again. */
const EXPIRE_BUDGET_MS = 5;

export interface CronOptions {
  readonly keyspace: Keyspace;
  readonly runner: CommandRunner;
  readonly sessions: Sessions;
  readonly rules: ClientRules;
  readonly stats: ServerStats;
  /** What else is looked after as often. */
  readonly tick: () => void;
  readonly onFault: (reason: string) => void;
}

export class Cron {
  /** DEBUG SET-ACTIVE-EXPIRE turns it off. */
  isExpiring = true;
  readonly #options: CronOptions;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: CronOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => guarded(() => this.#tick(), this.#options.onFault), PERIOD_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const { keyspace, runner, rules, stats } = this.#options;
    const nowMs = Date.now();
    runner.expireOwn(nowMs);
    if (this.isExpiring) {
      while (keyspace.expireCycle(nowMs) && Date.now() - nowMs < EXPIRE_BUDGET_MS);
      stats.latency.note('expire-cycle', Date.now() - nowMs, nowMs);
    }
    stats.sample(nowMs);
    if (rules.idleSeconds > 0) this.#closeIdle(nowMs);
    this.#closeSlow();
    this.#options.tick();
  }

  /** A soft limit is broken by time that passes, without another byte. */
  #closeSlow(): void {
    for (const connection of this.#options.sessions.all()) {
      if (connection.isAboveSoftLimit) connection.checkOutputLimit();
    }
  }

  #closeIdle(nowMs: number): void {
    const { sessions, rules } = this.#options;
    for (const connection of [...sessions.all()]) {
      const isExempt = connection.isReplica || connection.isBlocked || connection.isSubscriber;
      const idleMs = nowMs - connection.lastActiveAtMs;
      if (!isExempt && idleMs > rules.idleSeconds * 1000) connection.close();
    }
  }
}

/**
 * How fast keys may leave. Two brakes: a rate the operator set, over all pairs together, and a guard per
 * source that watches how long a PING takes there. MIGRATE keeps its source busy for a whole batch, so what
 * a PING waits is what every client of that node waits: when it gets long, batches get smaller and pauses
 * between them longer; when it is short again, both recover by and by.
 */
import type { NodeAddress } from '../../cluster/model.js';
import type { Report } from '../events.js';
import type { Link } from '../links.js';
import { pause } from '../wait.js';
import type { Moving } from './moving.js';

/** A timer of Node knows no more milliseconds than 31 bits hold. */
const WAIT_MS_MAX = 2 ** 31 - 1;

export class RateLimit {
  readonly #perSecond: number;
  readonly #signal: AbortSignal | undefined;
  #availableAt = 0;

  /** @param signal once interrupted nobody waits: what is in flight is to be finished, and soon. */
  constructor(perSecond: number, signal?: AbortSignal) {
    this.#perSecond = perSecond;
    this.#signal = signal;
  }

  /** Resolves when `amount` more may go. */
  async spend(amount: number): Promise<void> {
    const startsAt = Math.max(this.#availableAt, performance.now());
    this.#availableAt = startsAt + (amount / this.#perSecond) * 1_000;
    while (this.#signal?.aborted !== true) {
      const waitMs = startsAt - performance.now();
      if (waitMs <= 0) return;
      await pause(Math.min(waitMs, WAIT_MS_MAX), this.#signal);
    }
  }
}

const PING_EVERY_MS = 25;
const SHARE_MIN = 1 / 64;
const PAUSE_MS_MAX = 100;

export class Guard {
  readonly #link: Link;
  readonly #limitMs: number;
  readonly #report: Report;
  readonly #node: NodeAddress;
  /** Of the size of a batch that would be sent unguarded. */
  #share = 1;
  #pauseMs = 0;
  #isSlowed = false;
  #isOver = false;
  readonly #watching: Promise<void>;

  /** @param link its own: a PING must not wait behind our own MIGRATE. */
  constructor(link: Link, limitMs: number, report: Report) {
    this.#link = link;
    this.#node = link.address;
    this.#limitMs = limitMs;
    this.#report = report;
    this.#watching = this.#watch();
  }

  batchShare(): number {
    return this.#share;
  }

  /** Between two batches. */
  async breathe(): Promise<void> {
    if (this.#pauseMs > 0) await pause(this.#pauseMs);
  }

  async end(): Promise<void> {
    this.#isOver = true;
    this.#link.close();
    await this.#watching;
  }

  async #watch(): Promise<void> {
    while (!this.#isOver) {
      const askedAt = performance.now();
      try {
        await this.#link.ask([['PING']]);
      } catch {
        // A source that is gone is noticed by those who move its keys.
        return;
      }
      this.#heed(performance.now() - askedAt);
      await pause(PING_EVERY_MS);
    }
  }

  #heed(pingMs: number): void {
    if (pingMs > this.#limitMs) {
      this.#share = Math.max(this.#share / 2, SHARE_MIN);
      this.#pauseMs = Math.min(Math.max(this.#pauseMs * 2, pingMs), PAUSE_MS_MAX);
    } else {
      this.#share = Math.min(1, this.#share * 1.1);
      this.#pauseMs = this.#pauseMs < 1 ? 0 : this.#pauseMs * 0.8;
    }
    const isSlowed = this.#pauseMs > 0;
    if (isSlowed === this.#isSlowed) return;
    this.#isSlowed = isSlowed;
    this.#report({
      kind: 'pace-changed',
      node: this.#node,
      pingMs: Math.round(pingMs * 10) / 10,
      isSlowed,
    });
  }
}

/** One limit for all pairs together; undefined where the operator set none. */
export function rateLimitFor({ rate }: Moving, signal?: AbortSignal): RateLimit | undefined {
  return rate === undefined ? undefined : new RateLimit(rate.perSecond, signal);
}

/** The rewrites of an append-only file so far: how the last one went, and when the next one may begin. */
import { retryMinutes } from './aof-parts.js';
import type { RewriteFacts } from './report.js';

export class RewriteRecord implements RewriteFacts {
  /** To begin as soon as nothing else is written in the background. */
  isScheduled = false;
  lastDurationMs: number | undefined;
  hasFailed = false;
  count = 0;
  failuresInRow = 0;
  #retryAtMs = 0;

  /** Somebody asked for one: failures before are forgiven. */
  schedule(): void {
    this.isScheduled = true;
    this.failuresInRow = 0;
    this.#retryAtMs = 0;
  }

  mayBegin(nowMs: number): boolean {
    return nowMs >= this.#retryAtMs;
  }

  /** @param startedAtMs undefined when it could not even begin. @returns minutes until the next attempt */
  note(isDone: boolean, startedAtMs: number | undefined, nowMs: number): number {
    if (startedAtMs !== undefined) this.lastDurationMs = nowMs - startedAtMs;
    this.hasFailed = !isDone;
    this.failuresInRow = isDone ? 0 : this.failuresInRow + 1;
    const minutes = retryMinutes(this.failuresInRow);
    this.#retryAtMs = minutes === 0 ? 0 : nowMs + minutes * 60_000;
    return minutes;
  }
}

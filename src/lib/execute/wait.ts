/**
 * Waiting for a condition: look, and if something is missing look again a little later. Looks are spaced
 * by how long a look takes, so that a thousand nodes are not asked twenty times a second, and end by a
 * deadline or an interruption, whichever comes first.
 */
import { TribError } from '../kernel/errors.js';
import type { Report } from './events.js';

/** Fast enough not to be noticed at the end of a wait of half a second. */
export const PAUSE_MS_MIN = 20;
/**
 * Answering costs a busy server time it needs for its handshakes: 120 nodes on two cores that were asked
 * all the time needed 30 s to join, and 2.5 s when they were left alone for 300 ms between looks.
 */
export const PAUSE_MS_PER_NODE = 2.5;
const PAUSE_MS_MAX = 500;
/** How often a person is told that it still goes on. */
const SAY_EVERY_MS = 1_000;

export interface Wait {
  readonly what: string;
  readonly deadlineMs: number;
  /** Between looks at least; default: as short as is useful for a few nodes. */
  readonly pauseMs?: number;
  readonly signal?: AbortSignal | undefined;
  readonly report: Report;
}

export type Look<T> =
  | { readonly done: true; readonly value: T }
  | { readonly done: false; readonly missing: readonly string[] };

/** @returns what the last look found, or what was still missing when time was up. @throws INTERRUPTED */
export async function waitFor<T>(wait: Wait, look: () => Promise<Look<T>>): Promise<Look<T>> {
  const startedAt = performance.now();
  const { what, deadlineMs, report } = wait;
  report({ kind: 'wait-started', what, deadlineMs });
  // The first look that finds something missing says so at once: one dot is the least a wait shows.
  let saidAt = -Infinity;
  let pauseMs = wait.pauseMs ?? PAUSE_MS_MIN;
  for (;;) {
    throwIfInterrupted(wait.signal, what);
    const lookedAt = performance.now();
    const answer = await look();
    const nowMs = performance.now();
    if (answer.done) {
      report({ kind: 'wait-done', what, elapsedMs: Math.round(nowMs - startedAt) });
      return answer;
    }
    if (nowMs - startedAt >= deadlineMs) return answer;
    if (nowMs - saidAt >= SAY_EVERY_MS) {
      saidAt = nowMs;
      report({ kind: 'wait-continues', what, missing: answer.missing });
    }
    pauseMs = Math.min(Math.max(pauseMs * 1.2, nowMs - lookedAt), PAUSE_MS_MAX);
    await pause(Math.min(pauseMs, deadlineMs - (nowMs - startedAt) + 1), wait.signal);
  }
}

export function throwIfInterrupted(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted === true) throw new TribError('INTERRUPTED', `Interrupted: ${what}.`);
}

/** Ends early when interrupted; the caller looks at the signal. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve();
      return;
    }
    const finish = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, ms);
    signal?.addEventListener('abort', finish, { once: true });
  });
}

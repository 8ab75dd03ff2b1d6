/** When a replica tries its primary again after an attempt that failed, by what it failed of. */

/** A primary that starts or fails over is ready soon; one that stays away is asked once a second. */
const SOON_MS = { first: 50, last: 1000 } as const;

/** It holds what we cannot: each attempt costs it a whole snapshot, so they become rare. */
const HOPELESS_MS = { first: 10_000, last: 300_000 } as const;

export class Retries {
  #soonMs: number = SOON_MS.first;
  #hopelessMs: number = HOPELESS_MS.first;
  #upSinceMs: number | undefined;

  nextSoonMs(): number {
    const delayMs = this.#soonMs;
    this.#soonMs = Math.min(delayMs * 2, SOON_MS.last);
    return delayMs;
  }

  nextHopelessMs(): number {
    const delayMs = this.#hopelessMs;
    this.#hopelessMs = Math.min(delayMs * 2, HOPELESS_MS.last);
    return delayMs;
  }

  /** An attempt succeeded. */
  up(nowMs: number): void {
    this.#soonMs = SOON_MS.first;
    this.#upSinceMs = nowMs;
  }

  down(): void {
    this.#upSinceMs = undefined;
  }

  /** Once a second: what has gone well for long is no longer hopeless. */
  tick(nowMs: number): void {
    const upSinceMs = this.#upSinceMs ?? nowMs;
    if (nowMs - upSinceMs > HOPELESS_MS.last) this.#hopelessMs = HOPELESS_MS.first;
  }
}

/**
 * Latency events: what took longer than `latency-monitor-threshold`, by kind of work, with a short history of
 * each. At most one sample is kept per second and event, the longest; LATENCY reads them.
 */

export interface LatencySample {
  readonly atSeconds: number;
  readonly latencyMs: number;
}

/** Samples kept per event, as real servers do. */
const SAMPLES_MAX = 160;

export class LatencyEvents {
  /** `latency-monitor-threshold`; 0 records nothing. */
  thresholdMs = 0;
  readonly #series = new Map<string, LatencySample[]>();
  readonly #longestMs = new Map<string, number>();

  /** @param event `command`, `fast-command`, `expire-cycle`, ... */
  note(event: string, latencyMs: number, nowMs: number): void {
    const rounded = Math.floor(latencyMs);
    if (this.thresholdMs === 0 || rounded < this.thresholdMs) return;
    const atSeconds = Math.floor(nowMs / 1000);
    const samples = this.#series.get(event) ?? [];
    this.#series.set(event, samples);
    this.#longestMs.set(event, Math.max(this.longestMs(event), rounded));
    const last = samples.at(-1);
    if (last?.atSeconds === atSeconds) {
      if (rounded > last.latencyMs) samples[samples.length - 1] = { atSeconds, latencyMs: rounded };
      return;
    }
    samples.push({ atSeconds, latencyMs: rounded });
    if (samples.length > SAMPLES_MAX) samples.shift();
  }

  events(): readonly string[] {
    return [...this.#series.keys()];
  }

  /** Oldest first. */
  samples(event: string): readonly LatencySample[] {
    return this.#series.get(event) ?? [];
  }

  /** Since the last reset, however long ago. */
  longestMs(event: string): number {
    return this.#longestMs.get(event) ?? 0;
  }

  /** @returns how many of these events there were; none named is all. */
  reset(events: readonly string[]): number {
    const chosen = events.length === 0 ? this.events() : events;
    let found = 0;
    for (const event of chosen) {
      if (this.#series.delete(event)) found++;
      this.#longestMs.delete(event);
    }
    return found;
  }
}

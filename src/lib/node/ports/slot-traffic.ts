/**
 * What each slot costs this node: time, and bytes in and out. Kept only while `cluster-slot-stats-enabled`
 * says so; the runner adds, CLUSTER SLOT-STATS reads, and a slot that changes hands begins at zero.
 */
import { SLOT_COUNT } from '../../kernel/slot.js';

export type Metric = 'cpu-usec' | 'network-bytes-in' | 'network-bytes-out';

export const METRICS: readonly Metric[] = ['cpu-usec', 'network-bytes-in', 'network-bytes-out'];

export class SlotTraffic {
  readonly #sums: Readonly<Record<Metric, Float64Array>> = {
    'cpu-usec': new Float64Array(SLOT_COUNT),
    'network-bytes-in': new Float64Array(SLOT_COUNT),
    'network-bytes-out': new Float64Array(SLOT_COUNT),
  };

  note(slot: number, micros: number, bytesIn: number, bytesOut: number): void {
    this.#sums['cpu-usec'][slot]! += micros;
    this.#sums['network-bytes-in'][slot]! += bytesIn;
    this.#sums['network-bytes-out'][slot]! += bytesOut;
  }

  /** A whole number. */
  sum(metric: Metric, slot: number): number {
    return Math.round(this.#sums[metric][slot]!);
  }

  forget(slot: number): void {
    for (const metric of METRICS) this.#sums[metric][slot] = 0;
  }

  clear(): void {
    for (const metric of METRICS) this.#sums[metric].fill(0);
  }
}

/** Counts what has moved, and says so: every slot once, the sum several times a second. */
import type { NodeAddress } from '../../cluster/model.js';
import type { Report } from '../events.js';

/** Often enough for a bar that moves, seldom enough for a log. */
const SAY_EVERY_MS = 200;

export interface Amount {
  readonly slotCount: number;
  readonly keyCount: number;
}

export class Tally {
  readonly #report: Report;
  readonly #whole: Amount;
  readonly #startedAt = performance.now();
  #saidAt = 0;
  #slotsDone = 0;
  #keysDone = 0;
  #bytes = 0;

  constructor(report: Report, whole: Amount, pairs: number) {
    this.#report = report;
    this.#whole = whole;
    report({ kind: 'moves-started', ...whole, pairs });
  }

  get slotsDone(): number {
    return this.#slotsDone;
  }

  keysMoved(keyCount: number, bytes: number): void {
    this.#keysDone += keyCount;
    this.#bytes += bytes;
    const nowMs = performance.now();
    if (nowMs - this.#saidAt < SAY_EVERY_MS) return;
    this.#saidAt = nowMs;
    this.#progress();
  }

  slotMoved(slot: number, source: NodeAddress, target: NodeAddress, keyCount: number): void {
    this.#slotsDone++;
    this.#report({ kind: 'slot-moved', slot, source, target, keyCount });
  }

  end(): void {
    this.#progress();
    this.#report({
      kind: 'moves-done',
      slotsDone: this.#slotsDone,
      keysDone: this.#keysDone,
      elapsedMs: this.#elapsedMs,
    });
  }

  #progress(): void {
    this.#report({
      kind: 'moves-progress',
      slotsDone: this.#slotsDone,
      keysDone: this.#keysDone,
      // Clients add and delete meanwhile: what was counted at the start is a guess by now.
      keyCount: Math.max(this.#whole.keyCount, this.#keysDone),
      slotCount: this.#whole.slotCount,
      bytes: this.#bytes,
      elapsedMs: this.#elapsedMs,
    });
  }

  get #elapsedMs(): number {
    return Math.round(performance.now() - this.#startedAt);
  }
}

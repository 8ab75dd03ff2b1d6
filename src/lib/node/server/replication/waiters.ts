/** WAIT: clients that want to know how many replicas hold what they have written. */
import type { Asker } from '../../ports/replication.js';
import type { ReplySink } from '../../../wire/resp/reply-sink.js';

interface Waiter {
  readonly offset: number;
  readonly replicas: number;
  readonly answer: (count: number) => void;
}

interface WaitFor {
  readonly offset: number;
  readonly replicas: number;
  readonly timeoutMs: number;
}

const tellCount = (count: number, reply: ReplySink): void => reply.integer(count);

/** setTimeout's own bound. */
const TIMER_MS_MAX = 0x7fff_ffff;

export class Waiters {
  readonly #all = new Set<Waiter>();
  readonly #countHolding: (offset: number) => number;

  /** @param countHolding replicas that have acknowledged so much of the stream */
  constructor(countHolding: (offset: number) => number) {
    this.#countHolding = countHolding;
  }

  add(
    asker: Asker,
    request: WaitFor,
    say: (count: number, reply: ReplySink) => void = tellCount,
  ): void {
    const { offset, replicas, timeoutMs } = request;
    let timer: NodeJS.Timeout | undefined;
    const leave = (): void => {
      clearTimeout(timer);
      this.#all.delete(waiter);
    };
    const answer = asker.suspend(leave);
    const waiter: Waiter = {
      offset,
      replicas,
      answer: (count) => {
        leave();
        answer((reply) => say(count, reply));
      },
    };
    this.#all.add(waiter);
    if (timeoutMs > 0) {
      const delayMs = Math.min(timeoutMs, TIMER_MS_MAX);
      timer = setTimeout(() => waiter.answer(this.#countHolding(offset)), delayMs);
    }
  }

  /** A replica acknowledged more. */
  check(): void {
    for (const waiter of this.#all) {
      const count = this.#countHolding(waiter.offset);
      if (count >= waiter.replicas) waiter.answer(count);
    }
  }

  /** Everybody gets what there is. */
  release(): void {
    for (const waiter of this.#all) waiter.answer(this.#countHolding(waiter.offset));
  }
}

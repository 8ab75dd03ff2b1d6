/**
 * Ctrl-C, SIGTERM, SIGHUP. The first one asks the work to end in good order: what is in flight is
 * finished or undone. The second one means it: only what was changed for the time being is put back, with
 * a second to do it, and the process ends. A reader of the output that goes away counts as the first one.
 */
import { setMaxListeners, type EventEmitter } from 'node:events';
import { TribError } from '../kernel/errors.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const LAST_WILL_MS = 1_000;
export const INTERRUPTED_STATUS = 130;

/** Emitted by the process when standard output takes no more. */
export const OUTPUT_LOST = 'trib:output-lost';

const processEvents: Pick<EventEmitter, 'on' | 'removeListener'> = process;

export interface LastWords {
  /** At the first signal: a line for whoever waits. */
  readonly finishing: (line: string) => void;
  /** Nothing more can be said on standard output. */
  readonly unheard: () => void;
  /** At the second one: the last that is said, whoever reads it. */
  readonly stopped: (error: TribError) => void;
}

export class Interruption {
  readonly #controller = new AbortController();
  readonly #lastWill = new Set<LastWill>();
  readonly #words: LastWords;
  readonly #onSignal = (): void => this.interrupt();
  /** More than one word may have been on its way: that is no second Ctrl-C. */
  readonly #onLost = (): void => {
    this.#words.unheard();
    if (this.#count === 0) this.interrupt();
  };
  #count = 0;

  /** @param heedsReader ends in good order, too, when nobody reads the output any more */
  constructor(words: LastWords, { heedsReader = false } = {}) {
    this.#words = words;
    if (heedsReader) processEvents.on(OUTPUT_LOST, this.#onLost);
    // Every call in flight listens, and there may be hundreds; that is no leak.
    setMaxListeners(0, this.#controller.signal);
    for (const name of SIGNALS) process.on(name, this.#onSignal);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** See `ExecutionContext.atExit`. */
  readonly atExit = (act: () => Promise<void>, wayOn?: () => readonly string[]): (() => void) => {
    const will = { act, wayOn };
    this.#lastWill.add(will);
    return () => this.#lastWill.delete(will);
  };

  interrupt(): void {
    this.#count++;
    if (this.#count === 1) {
      this.#words.finishing('Interrupted: finishing what is in flight; once more to stop at once.');
      this.#controller.abort();
      return;
    }
    if (this.#count > 2) process.exit(INTERRUPTED_STATUS);
    const wills = [...this.#lastWill];
    const waysOn = wills.flatMap(({ wayOn }) => wayOn?.() ?? []);
    this.#words.stopped(
      new TribError('INTERRUPTED', 'Stopped at once: something may be half done.', {
        hint: [...waysOn, '`trib check` shows what is left.'],
      }),
    );
    setTimeout(() => process.exit(INTERRUPTED_STATUS), LAST_WILL_MS);
    void Promise.allSettled(wills.map(({ act }) => act())).then(() =>
      process.exit(INTERRUPTED_STATUS),
    );
  }

  dispose(): void {
    for (const name of SIGNALS) process.removeListener(name, this.#onSignal);
    processEvents.removeListener(OUTPUT_LOST, this.#onLost);
  }
}

interface LastWill {
  readonly act: () => Promise<void>;
  readonly wayOn?: (() => readonly string[]) | undefined;
}

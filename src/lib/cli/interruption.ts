/**
 * Ctrl-C, SIGTERM, SIGHUP. The first one asks the work to end in good order: what is in flight is
 * finished or undone. The second one means it: only what was changed for the time being is put back, with
 * a second to do it, and the process ends.
 */
import { setMaxListeners } from 'node:events';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const LAST_WILL_MS = 1_000;
export const INTERRUPTED_STATUS = 130;

export class Interruption {
  readonly #controller = new AbortController();
  readonly #lastWill = new Set<() => Promise<void>>();
  readonly #say: (line: string) => void;
  readonly #onSignal = (): void => this.interrupt();
  #count = 0;

  constructor(say: (line: string) => void) {
    this.#say = say;
    // Every call in flight listens, and there may be hundreds; that is no leak.
    setMaxListeners(0, this.#controller.signal);
    for (const name of SIGNALS) process.on(name, this.#onSignal);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Something to put back even when the process is made to stop. @returns how to take it off the list. */
  readonly atExit = (act: () => Promise<void>): (() => void) => {
    this.#lastWill.add(act);
    return () => this.#lastWill.delete(act);
  };

  interrupt(): void {
    this.#count++;
    if (this.#count === 1) {
      this.#say('Interrupted: finishing what is in flight; once more to stop at once.');
      this.#controller.abort();
      return;
    }
    if (this.#count > 2) process.exit(INTERRUPTED_STATUS);
    this.#say('Stopped at once; `trib check` shows what is left.');
    setTimeout(() => process.exit(INTERRUPTED_STATUS), LAST_WILL_MS);
    void Promise.allSettled([...this.#lastWill].map((act) => act())).then(() =>
      process.exit(INTERRUPTED_STATUS),
    );
  }

  dispose(): void {
    for (const name of SIGNALS) process.removeListener(name, this.#onSignal);
  }
}

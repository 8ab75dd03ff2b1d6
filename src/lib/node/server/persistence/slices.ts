/** Long work in small pieces: all at once, or with a turn for everybody else now and then. */
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Long enough to get somewhere, short enough not to be felt by clients. */
const SLICE_MS = 10;

export function inOneBreath<T>(steps: Generator<undefined, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** @returns undefined when it was not to go on. */
export async function inSlices<T>(
  steps: Generator<undefined, T>,
  mayGoOn: () => boolean,
): Promise<T | undefined> {
  let untilMs = performance.now() + SLICE_MS;
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (performance.now() < untilMs) continue;
    await nextTurn();
    if (!mayGoOn()) {
      steps.return(undefined as T);
      return undefined;
    }
    untilMs = performance.now() + SLICE_MS;
  }
}

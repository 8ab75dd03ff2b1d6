/**
 * What we did not expect. A command that throws is answered with an error, and its client and all others go
 * on: a test suite that trips over a bug of ours must hear of it, not die of it. What throws outside of a
 * command leaves a node that is wrong about itself: it ends, as after a crash, and no other node in the
 * process with it.
 */
import { messageOf } from '../../kernel/errors.js';

export const INTERNAL_ERROR = 'ERR internal error';

/** For the log, with the place where it happened. */
export function describeFault(error: unknown): string {
  return error instanceof Error ? (error.stack ?? messageOf(error)) : String(error);
}

/** For what runs on with nobody waiting for its end; when it fails, `onFault` is told, and it is over. */
export function unattended(work: Promise<unknown>, onFault: (reason: string) => void): void {
  work.catch((error: unknown) => onFault(`internal error: ${describeFault(error)}`));
}

/** Runs `work`; when it throws, `onFault` is told, and it is over. */
export function guarded(work: () => void, onFault: (reason: string) => void): void {
  try {
    work();
  } catch (error) {
    onFault(`internal error: ${describeFault(error)}`);
  }
}

/**
 * SIGTERM and SIGINT ask a node to end in good order; a second one does not wait. SIGHUP is ignored, as
 * redis-server ignores it: a node started from a terminal outlives it.
 */
import type { Log } from '../../ports/wings.js';

export interface StopSignals {
  /** Did one come? */
  readonly isAsked: boolean;
  release(): void;
}

export interface StopActions {
  /** `onRefused`: it will go on after all, and another signal may ask again. */
  readonly stop: (signal: 'SIGTERM' | 'SIGINT', onRefused: () => void) => void;
  readonly force: () => void;
}

export function onStopSignals(log: Log, actions: StopActions): StopSignals {
  let isAsked = false;
  const ask = (signal: 'SIGTERM' | 'SIGINT'): void => {
    if (isAsked) {
      log('warning', `${signal} again: ending at once`);
      actions.force();
      return;
    }
    isAsked = true;
    log('notice', `${signal}: ending in good order`);
    actions.stop(signal, () => (isAsked = false));
  };
  const ignore = (): void => undefined;
  const askToTerminate = (): void => ask('SIGTERM');
  const askToInterrupt = (): void => ask('SIGINT');
  process.on('SIGTERM', askToTerminate);
  process.on('SIGINT', askToInterrupt);
  process.on('SIGHUP', ignore);
  return {
    get isAsked() {
      return isAsked;
    },
    release: () => {
      process.off('SIGTERM', askToTerminate);
      process.off('SIGINT', askToInterrupt);
      process.off('SIGHUP', ignore);
    },
  };
}

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
  readonly stop: () => void;
  readonly force: () => void;
}

export function onStopSignals(log: Log, actions: StopActions): StopSignals {
  let isAsked = false;
  const ask = (signal: NodeJS.Signals): void => {
    if (isAsked) {
      log('warning', `${signal} again: ending at once`);
      actions.force();
      return;
    }
    isAsked = true;
    log('notice', `${signal}: ending in good order`);
    actions.stop();
  };
  const ignore = (): void => undefined;
  process.on('SIGTERM', ask);
  process.on('SIGINT', ask);
  process.on('SIGHUP', ignore);
  return {
    get isAsked() {
      return isAsked;
    },
    release: () => {
      process.off('SIGTERM', ask);
      process.off('SIGINT', ask);
      process.off('SIGHUP', ignore);
    },
  };
}

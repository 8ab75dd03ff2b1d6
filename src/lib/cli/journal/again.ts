/**
 * Plans of `resume` and `abort` are made from what is there at this moment. Right after a cut it still
 * changes by itself (an election, gossip that is on its way), so a plan that does not fit any more is made
 * again, a few times, before anybody is bothered.
 */
import { TribError } from '../../kernel/errors.js';
import type { ExecutionContext } from '../../execute/context.js';
import { pause } from '../../execute/wait.js';

const TRIES_MAX = 8;
const PAUSE_MS = 250;

export async function untilItFits<T>(
  context: ExecutionContext,
  attempt: () => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      const isStale = error instanceof TribError && error.code === 'PLAN_STALE';
      if (!isStale || tries === TRIES_MAX || context.signal?.aborted === true) throw error;
      await pause(PAUSE_MS, context.signal);
    }
  }
}

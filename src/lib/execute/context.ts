/** What every execution needs: links, a way to name nodes to each other, limits, and a listener. */
import type { NodeAddress } from '../cluster/model.js';
import type { Report } from './events.js';
import type { Links } from './links.js';
import type { Moving } from './move/moving.js';

export interface ExecutionContext {
  readonly links: Links;
  /** How long one wait may take. */
  readonly deadlineMs: number;
  /** Aborted by the first Ctrl-C: nothing new begins, what is in flight is finished, then undone. */
  readonly signal?: AbortSignal | undefined;
  readonly report: Report;
  /** How plans that move slots do it; default: `MOVING_DEFAULTS`. */
  readonly moving?: Moving | undefined;
  /**
   * What other nodes must be told to reach an address known here: MEET takes only IP addresses, and
   * behind NAT the reachable address is not the announced one.
   */
  readonly announce: (address: NodeAddress) => Promise<NodeAddress>;
  /**
   * Names something to put back even when the process is made to stop at once (a second Ctrl-C).
   * @param wayOn what to type after that, one line each.
   * @returns how to take it off the list again.
   */
  readonly atExit?:
    ((act: () => Promise<void>, wayOn?: () => readonly string[]) => () => void) | undefined;
}

/** Enough for a slow start of gossip at the default node timeout of 15 s, with one retry of a handshake. */
export const DEADLINE_MS = 60_000;

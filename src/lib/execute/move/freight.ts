/** What all pairs of one run share, and each pair's own brake. */
import type { Moving } from './moving.js';
import type { Guard, RateLimit } from './pace.js';
import type { Tally } from './tally.js';

export interface Freight {
  readonly moving: Moving;
  readonly tally: Tally;
  readonly rate: RateLimit | undefined;
  readonly guard: Guard | undefined;
  /** Whether a batch could be heavier than allowed: then keys are weighed before they go. */
  readonly weighs: boolean;
  /** How long a server may be busy with something else (loading, an election) before it counts as failed. */
  readonly deadlineMs: number;
}

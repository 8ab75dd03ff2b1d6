/** What a diagnosis finds. Ids are stable: scripts and `--json` consumers rely on them. */
import type { NodeId } from '../kernel/node-id.js';
import type { SlotRange } from '../kernel/ranges.js';

/**
 * *Error*: the cluster serves wrongly or not at all, or views differ, or a member is dead. *Warning*: it
 * serves, at risk. *Info*: worth knowing.
 */
export type Severity = 'error' | 'warning' | 'info';

export type FindingId =
  | 'views-differ'
  | 'slot-uncovered'
  | 'slot-owner-down'
  | 'slot-open'
  | 'slot-multiple-owners'
  | 'keys-in-foreign-slot'
  | 'node-unreachable'
  | 'node-failed'
  | 'node-pfail'
  | 'node-loading'
  | 'cluster-state-fail'
  | 'link-down'
  | 'replica-unsynced'
  | 'primary-without-replica'
  | 'primary-without-slots'
  | 'replica-of-replica'
  | 'replica-of-unknown'
  | 'ghost-node'
  | 'handshake-lasting'
  | 'foreign-members'
  | 'epoch-collision'
  | 'versions-mixed'
  | 'node-timeouts-unequal'
  | 'node-timeout-low'
  | 'loopback-announced'
  | 'announced-address-differs'
  | 'few-primaries'
  | 'replica-on-primary-host';

export interface Finding {
  readonly id: FindingId;
  readonly severity: Severity;
  /** What it is about: an address, slot ranges, or `cluster`. */
  readonly subject: string;
  /** One sentence. */
  readonly message: string;
  /** Which node says what, one line per entry. */
  readonly evidence: readonly string[];
  /** What to type, one command per entry; words in <> are for the reader to fill in. */
  readonly cure: readonly string[];
  readonly nodes: readonly NodeId[];
  readonly slots: readonly SlotRange[];
}

/**
 * Findings with which no data are put into a cluster or moved in it: somebody would not know where a key
 * belongs, or what a move started from. A dead replica, or a primary that was replaced, is none of them.
 */
import type { Finding, FindingId } from '../cluster/finding.js';

export const DATA_STOPPERS: ReadonlySet<FindingId> = new Set([
  'views-differ',
  'slot-uncovered',
  'slot-owner-down',
  'slot-open',
  'slot-multiple-owners',
  'keys-in-foreign-slot',
  'cluster-state-fail',
  'foreign-members',
]);

export function dataStoppers(findings: readonly Finding[]): readonly Finding[] {
  return findings.filter(({ id }) => DATA_STOPPERS.has(id));
}

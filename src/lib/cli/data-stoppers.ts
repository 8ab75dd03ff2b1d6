/**
 * Findings with which no data are put into a cluster: somebody would not know where a key belongs. A dead
 * replica, or a primary that was replaced, is none of them.
 */
import type { Finding, FindingId } from '../cluster/finding.js';

const STOPPERS: ReadonlySet<FindingId> = new Set([
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
  return findings.filter(({ id }) => STOPPERS.has(id));
}

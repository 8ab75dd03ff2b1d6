/**
 * View in, findings out. Each check looks at the same picture and knows nothing of the others; the order
 * is errors first, then in the order of the checks. A healthy cluster has no finding but infos.
 */
import { contextOf } from './diagnose/context.js';
import { foreignKeyFindings } from './diagnose/foreign-keys.js';
import { memberFindings } from './diagnose/members.js';
import { replicationFindings } from './diagnose/replication.js';
import { settingFindings } from './diagnose/settings.js';
import { slotFindings } from './diagnose/slots.js';
import type { Finding, Severity } from './finding.js';
import type { ClusterView } from './model.js';
import type { SlotKeys } from './slot-keys.js';

const RANK: Readonly<Record<Severity, number>> = { error: 0, warning: 1, info: 2 };

/** @param slotKeys what nodes hold of slots that are not theirs, where they were asked */
export function diagnose(
  view: ClusterView,
  slotKeys: readonly SlotKeys[] = [],
): readonly Finding[] {
  const context = contextOf(view);
  return [
    ...slotFindings(context),
    ...foreignKeyFindings(context, slotKeys),
    ...memberFindings(context),
    ...replicationFindings(context),
    ...settingFindings(context),
  ].sort((a, b) => RANK[a.severity] - RANK[b.severity]);
}

/** What `check` answers with its exit status: errors always count, warnings only when strict. */
export function isHealthy(
  findings: readonly Finding[],
  options: { readonly strict?: boolean } = {},
): boolean {
  return !findings.some(
    ({ severity }) => severity === 'error' || (options.strict === true && severity === 'warning'),
  );
}

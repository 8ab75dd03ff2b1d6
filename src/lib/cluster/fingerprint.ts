/**
 * A short text that changes when anything a plan relies on changes: members, roles, slots, epochs. A plan
 * carries the fingerprint of the cluster it was made for, so that two operators at once are noticed. Link
 * states, offsets and times are left out: they change by themselves.
 */
import { createHash } from 'node:crypto';
import { formatRanges } from '../kernel/ranges.js';
import type { ClusterView } from './model.js';
import { membersOf } from './view.js';

export function fingerprint(view: ClusterView): string {
  const lines = membersOf(view).map(({ id, role, primaryId, slots, record }) => {
    const open = [...record.migrating, ...record.importing].map(
      ([slot, peer]) => `${slot}:${peer}`,
    );
    return [
      id,
      role,
      primaryId ?? '-',
      record.configEpoch,
      formatRanges(slots),
      open.sort().join(),
    ].join(' ');
  });
  return createHash('sha256').update(lines.sort().join('\n')).digest('hex').slice(0, 16);
}

/** `nodes.json` of redis-cli's backup, field by field: scripts read it. */
import type { ClusterView } from '../../cluster/model.js';
import { membersOf } from '../../cluster/view.js';
import { countSlots } from '../../kernel/ranges.js';

export function nodesJson(view: ClusterView, errorCount: number): string {
  const nodes = membersOf(view).map((member) => {
    const { id, address, record, primaryId, role, slots } = member;
    return {
      name: id,
      host: address.host,
      port: address.port,
      replicate: role === 'replica' ? (primaryId ?? null) : null,
      slots: slots.map(({ first, last }) => (first === last ? [first] : [first, last])),
      slots_count: countSlots(slots),
      flags: [...record.flags].filter((flag) => flag !== 'myself').join(','),
      current_epoch: record.configEpoch,
      ...(errorCount > 0 ? { cluster_errors: errorCount } : {}),
      ...openSlots('migrating', record.migrating),
      ...openSlots('importing', record.importing),
    };
  });
  return `${JSON.stringify(nodes, null, 2)}\n`;
}

function openSlots(name: string, slots: ReadonlyMap<number, string>): object {
  return slots.size === 0 ? {} : { [name]: Object.fromEntries(slots) };
}

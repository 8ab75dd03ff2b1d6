/**
 * A node in three lines, in the form of redis-trib.rb, which scripts take apart: `M: id host:port`, its
 * slots, its replicas or its primary. `master` and `slave` are part of that form.
 */
import { formatAddress } from '../cluster/address.js';
import type { ClusterView } from '../cluster/model.js';
import { isDown, membersOf, type Member } from '../cluster/view.js';
import { countSlots, formatRanges } from '../kernel/ranges.js';
import type { Layout } from '../plan/plan-create.js';
import { inReadingOrder } from './reading-order.js';

/** Every member that answers, in reading order. */
export function nodeBlocks(view: ClusterView): readonly string[] {
  return blocksOf(
    view,
    inReadingOrder(view).filter(({ claim }) => claim),
  );
}

export function blocksOf(view: ClusterView, members: readonly Member[]): readonly string[] {
  const replicas = new Map<string, number>();
  for (const member of membersOf(view)) {
    if (member.primaryId === undefined || isDown(member)) continue;
    replicas.set(member.primaryId, (replicas.get(member.primaryId) ?? 0) + 1);
  }
  return members.flatMap((member) => nodeBlock(member, replicas.get(member.id) ?? 0));
}

function nodeBlock(member: Member, replicaCount: number): readonly string[] {
  const { id, role, address, slots, record, primaryId } = member;
  const flags = [...record.flags].filter((flag) => flag !== 'myself').join(',');
  return [
    `${role === 'primary' ? 'M' : 'S'}: ${id} ${formatAddress(address)}`,
    `   slots:${formatRanges(slots) || ' '}${slots.length > 0 ? ' ' : ''}(${countSlots(slots)} slots) ${flags}`,
    role === 'primary'
      ? `   ${replicaCount} additional replica(s)`
      : `   replicates ${primaryId ?? '-'}`,
  ];
}

/** The same before anything is done: what `create` asks consent for. */
export function layoutBlocks({ nodes, shards }: Layout): readonly string[] {
  const blocks = new Map<string, readonly string[]>();
  for (const { primary, slots, replicas } of shards) {
    blocks.set(primary.id, [
      `M: ${primary.id} ${formatAddress(primary.address)}`,
      `   slots:${formatRanges([slots])} (${countSlots([slots])} slots) master`,
    ]);
    for (const { id, address } of replicas) {
      blocks.set(id, [`S: ${id} ${formatAddress(address)}`, `   replicates ${primary.id}`]);
    }
  }
  return nodes.flatMap(({ id }) => blocks.get(id) ?? []);
}

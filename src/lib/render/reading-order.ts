/**
 * The order in which people look for nodes. Servers list each other in the order of a hash table, another
 * one on every node and on every run; two reports are compared more easily when nothing moves about.
 */
import type { ClusterView } from '../cluster/model.js';
import { membersOf, type Member } from '../cluster/view.js';

/** The node that was asked first, primaries by their first slot, then the replicas in the same order. */
export function inReadingOrder(view: ClusterView): readonly Member[] {
  const members = membersOf(view);
  const firstSlot = new Map(
    members.map(({ id, slots }) => [id, Math.min(...slots.map(({ first }) => first))]),
  );
  const rank = ({ id, role }: Member): number =>
    id === view.entryId ? 0 : role === 'primary' ? 1 : 2;
  const place = ({ id, primaryId }: Member): number => firstSlot.get(primaryId ?? id) ?? Infinity;
  return [...members].sort((a, b) => {
    const byRank = rank(a) - rank(b);
    if (byRank !== 0) return byRank;
    return place(a) === place(b) ? compareAddresses(a, b) : place(a) - place(b);
  });
}

function compareAddresses({ address: a }: Member, { address: b }: Member): number {
  return a.host === b.host ? a.port - b.port : a.host < b.host ? -1 : 1;
}

/**
 * Is this already the cluster that is asked for? Same members, every slot covered, every primary with at
 * least the replicas asked for; which node has which role does not matter, failovers change that.
 */
import { doAllAgree } from '../cluster/agreement.js';
import type { Claim } from '../cluster/model.js';
import { ownershipOf } from '../cluster/ownership.js';
import { buildView, membersOf } from '../cluster/view.js';

export function asAlreadyCreated(nodes: readonly Claim[], replicas: number): boolean {
  const ids = new Set(nodes.map(({ self }) => self.id));
  const isClosed = nodes.every(
    ({ records }) => records.size === ids.size && [...records.keys()].every((id) => ids.has(id)),
  );
  if (!isClosed) return false;
  const view = buildView(nodes);
  const members = membersOf(view);
  const { uncovered, contested } = ownershipOf(view, members);
  if (uncovered.length > 0 || contested.length > 0 || !doAllAgree(view)) return false;
  const primaries = members.filter(({ role, slots }) => role === 'primary' && slots.length > 0);
  if (primaries.length !== Math.floor(nodes.length / (replicas + 1))) return false;
  return primaries.every(
    ({ id }) => members.filter(({ primaryId }) => primaryId === id).length >= replicas,
  );
}

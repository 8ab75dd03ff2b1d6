/**
 * Who stands in a node's place today. A plan names nodes; while it was carried out one of them may have
 * failed over. Its slots, and what had arrived at it, are then with the replica that was promoted.
 */
import type { ClusterView } from '../cluster/model.js';
import type { ClusterPicture } from '../cluster/picture.js';
import { isDown, membersOf, type Member } from '../cluster/view.js';
import type { NodeId } from '../kernel/node-id.js';

export type Succession = (id: NodeId) => Member | undefined;

/**
 * @param before the cluster when the plan was made: who followed whom then.
 * @returns the primary that answers for this node now: itself where nothing has changed; undefined when
 * neither it nor any successor is there.
 */
export function successionIn(view: ClusterView, before?: ClusterPicture): Succession {
  const members = new Map(membersOf(view).map((member) => [member.id, member]));
  const followersOf = new Map<NodeId, NodeId[]>();
  for (const { id, primaryId } of before?.members ?? []) {
    if (primaryId === undefined) continue;
    followersOf.set(primaryId, [...(followersOf.get(primaryId) ?? []), id]);
  }
  const isServing = (member: Member): boolean => member.role === 'primary' && !isDown(member);
  return (id) => {
    let member = members.get(id);
    // A chain of replicas ends somewhere; a ring does not.
    for (let hops = 0; member?.role === 'replica' && hops < members.size; hops++) {
      member = member.primaryId === undefined ? undefined : members.get(member.primaryId);
    }
    if (member && isServing(member)) return member;
    const promoted = (followersOf.get(member?.id ?? id) ?? [])
      .flatMap((follower) => members.get(follower) ?? [])
      .filter(isServing)
      .sort((a, b) => b.record.configEpoch - a.record.configEpoch);
    return promoted[0];
  };
}

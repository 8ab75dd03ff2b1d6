/** Repairs of nodes, not of slots: replicas that follow a replica, or have slots open; equal config epochs. */
import { groupBy } from '../../cluster/group-by.js';
import { isDown, type Member } from '../../cluster/view.js';
import { refOfMember } from '../node-ref.js';
import type { Settled, Stage, Step } from '../plan.js';
import { isWanted, type FixWish } from './fixable.js';
import type { Survey } from './survey.js';

/** A replica copies from whom it follows: at the end of the chain is the data. */
export function chainStages(survey: Survey, wish: FixWish): readonly Stage[] {
  if (!isWanted(wish, 'replica-of-replica')) return [];
  const pairs = survey.members.flatMap((node) => {
    if (node.role === 'primary' || !node.claim) return [];
    const above = node.primaryId === undefined ? undefined : survey.byId.get(node.primaryId);
    const primary = above?.role === 'replica' ? topOf(survey, above) : undefined;
    return primary ? [{ node: refOfMember(node), primary: refOfMember(primary) }] : [];
  });
  if (pairs.length === 0) return [];
  return [
    {
      title: 'Letting replicas of replicas follow the primary',
      steps: pairs.map(({ node, primary }) => ({
        kind: 'replicate',
        node,
        primary,
        why: 'it follows a replica, and would be lost with it',
      })),
      settled: replicating(survey, pairs),
    },
  ];
}

function topOf(survey: Survey, start: Member): Member | undefined {
  const seen = new Set<Member>();
  for (let node: Member | undefined = start; node && !seen.has(node);) {
    if (node.role === 'primary') return isDown(node) ? undefined : node;
    seen.add(node);
    node = node.primaryId === undefined ? undefined : survey.byId.get(node.primaryId);
  }
  return undefined;
}

/** All but the one that the servers themselves would leave as it is. */
export function collidingPrimaries({ primaries }: Survey, wish: FixWish): readonly Member[] {
  if (!isWanted(wish, 'epoch-collision')) return [];
  const owners = primaries.filter(({ slots }) => slots.length > 0);
  return [...groupBy(owners, ({ record }) => record.configEpoch).values()].flatMap((group) =>
    [...group].sort((a, b) => (a.id < b.id ? 1 : -1)).slice(1),
  );
}

/**
 * Marks on a replica do nothing until it is promoted, and no replica takes SETSLOT. Valkey's gets it from its
 * primary; any other one forgets them only when it starts anew.
 */
export function openReplicas({ members, byId }: Survey, wish: FixWish): readonly OpenReplica[] {
  if (!isWanted(wish, 'slot-open')) return [];
  return members.flatMap((replica) => {
    const slots = [...replica.record.migrating.keys(), ...replica.record.importing.keys()];
    if (replica.role === 'primary' || !replica.claim || slots.length === 0) return [];
    const primary = replica.primaryId === undefined ? undefined : byId.get(replica.primaryId);
    const isAble = primary?.role === 'primary' && !isDown(primary);
    const isTold = replica.claim.facts.vendor === 'valkey';
    return isAble ? [{ replica, primary, slots, isTold }] : [];
  });
}

export interface OpenReplica {
  readonly replica: Member;
  readonly primary: Member;
  readonly slots: readonly number[];
  /** Its primary passes SETSLOT on to it. */
  readonly isTold: boolean;
}

/** A fresh start: forgets everything, is introduced again, copies everything again. */
export function restartStages(survey: Survey, open: readonly OpenReplica[]): readonly Stage[] {
  const pairs = open
    .filter(({ isTold }) => !isTold)
    .map(({ replica, primary }) => ({ node: refOfMember(replica), primary: refOfMember(primary) }));
  if (pairs.length === 0) return [];
  const steps = (step: (pair: (typeof pairs)[number]) => Step): readonly Step[] => pairs.map(step);
  const nodes = pairs.map(({ node }) => node);
  return [
    {
      title: 'Resetting replicas that have slots open',
      steps: steps(({ node }) => ({
        kind: 'reset',
        node,
        mode: 'soft',
        why: 'a replica takes no SETSLOT, and would be promoted with its slots open',
      })),
      settled: { kind: 'alone', nodes },
    },
    {
      title: 'Introducing them again',
      steps: steps(({ node, primary }) => ({
        kind: 'meet',
        node,
        target: primary,
        why: 'it has to know its primary before it can follow it',
      })),
      settled: { kind: 'joined', members: living(survey) },
    },
    {
      title: 'Letting them copy their primary again',
      steps: steps(({ node, primary }) => ({
        kind: 'replicate',
        node,
        primary,
        why: 'it was its replica before',
      })),
      settled: replicating(survey, pairs),
    },
  ];
}

function replicating(
  survey: Survey,
  pairs: Extract<Settled, { kind: 'replicating' }>['pairs'],
): Settled {
  return { kind: 'replicating', pairs, witnesses: living(survey) };
}

/** Who answers, and is not held for dead. */
export function living({ members }: Survey) {
  return members.filter((member) => !isDown(member)).map(refOfMember);
}

/**
 * Members that leave. FORGET must reach every node within a minute, or gossip revives the node; hence one
 * stage with all of them. `del-node` takes an empty node, dead or alive, gives its replicas a new home
 * first and resets it before it is forgotten: a reset that fails must fail while nothing has changed yet.
 * `forget` is the blunt tool for ghosts.
 */
import { formatAddress } from '../cluster/address.js';
import { countKeys } from '../cluster/facts.js';
import { fingerprint } from '../cluster/fingerprint.js';
import type { ClusterView } from '../cluster/model.js';
import { nameOf } from '../cluster/select-node.js';
import { isDown, membersOf, type Member } from '../cluster/view.js';
import { TribError } from '../kernel/errors.js';
import { shortId, type NodeId } from '../kernel/node-id.js';
import { countSlots } from '../kernel/ranges.js';
import { refOfMember } from './node-ref.js';
import type { Plan, Stage } from './plan.js';
import { reHome } from './re-home.js';

export interface DelNodeWish {
  /** What becomes of the node itself. */
  readonly reset: 'none' | 'soft' | 'hard';
  readonly shutdown: boolean;
}

/** @throws TribError NODE_NOT_EMPTY (slots or keys), REFUSED (no primary left for its replicas) */
export function planDelNode(view: ClusterView, id: NodeId, wish: DelNodeWish): Plan {
  const members = membersOf(view);
  const victim = members.find((member) => member.id === id);
  if (!victim)
    return planOf('del-node', view, [], [`${shortId(id)} is no member of this cluster.`]);
  refuseFilled(victim);
  const farewell = victim.claim ? farewells(victim, wish) : { before: [], after: [] };
  return planOf(
    'del-node',
    view,
    [
      ...newHomes(members, victim),
      ...farewell.before,
      ...forgetting(view, members, victim),
      ...farewell.after,
    ],
    [...absenceRemarks(members, victim), ...quietRemarks(view, members, victim)],
  );
}

/**
 * @param options.accept also nodes that answer, own slots, or are followed by living replicas.
 * @throws TribError REFUSED
 */
export function planForget(
  view: ClusterView,
  ids: readonly NodeId[],
  options: { readonly accept?: boolean } = {},
): Plan {
  const members = membersOf(view);
  const victims = ids.flatMap((id) => members.filter((member) => member.id === id));
  if (options.accept !== true) victims.forEach((victim) => refuseNeeded(members, victim));
  return planOf(
    'forget',
    view,
    victims.flatMap((victim) => forgetting(view, members, victim)),
    victims.flatMap((victim) => [
      ...(victim.claim
        ? [`${nameOf(victim)} still runs and may come back by itself; reset it.`]
        : []),
      ...quietRemarks(view, members, victim),
    ]),
  );
}

/** Nodes that all who know them hold for failed, or that have no address: what `--all-failed` means. */
export function failedMembers(view: ClusterView): readonly Member[] {
  return membersOf(view).filter(
    ({ claim, record }) => !claim && (record.flags.has('fail') || record.flags.has('noaddr')),
  );
}

function planOf(
  command: string,
  view: ClusterView,
  stages: readonly Stage[],
  remarks: readonly string[],
): Plan {
  return { command, fingerprint: fingerprint(view), stages, remarks };
}

function refuseFilled(victim: Member): void {
  const address = formatAddress(victim.address);
  if (victim.role === 'primary' && victim.slots.length > 0) {
    throw new TribError(
      'NODE_NOT_EMPTY',
      `Node ${address} is not empty! Reshard data away and try again.`,
      {
        hint: `It owns ${countSlots(victim.slots)} slots. A dead primary needs a failover to one of its replicas first.`,
        details: { node: victim.id, slots: countSlots(victim.slots) },
      },
    );
  }
  const keys = victim.role === 'primary' && victim.claim ? countKeys(victim.claim.facts) : 0;
  if (keys === 0) return;
  throw new TribError('NODE_NOT_EMPTY', `Node ${address} is not empty: it holds ${keys} keys.`, {
    hint: [
      'They are in slots it does not own, and would be lost.',
      `If they are not needed: trib call --here ${address} FLUSHALL`,
    ],
    details: { node: victim.id, keys },
  });
}

function newHomes(members: readonly Member[], victim: Member): readonly Stage[] {
  const replicas = members.filter(({ primaryId, claim }) => primaryId === victim.id && claim);
  if (replicas.length === 0) return [];
  const moves = reHome(members, replicas, victim.id).map(({ replica, primary }) => {
    if (primary) return { node: refOfMember(replica), primary: refOfMember(primary) };
    throw new TribError('REFUSED', `No primary is left to take the replica ${nameOf(replica)}.`, {
      hint: `Remove that replica first: trib del-node <node> ${replica.id}`,
    });
  });
  return [
    {
      title: `Giving ${moves.length} replica${moves.length === 1 ? '' : 's'} of ${formatAddress(victim.address)} a new primary`,
      steps: moves.map(({ node, primary }) => ({
        kind: 'replicate',
        node,
        primary,
        why: `a replica cannot forget its primary; ${formatAddress(primary.address)} has the fewest replicas`,
      })),
      settled: { kind: 'replicating', pairs: moves, witnesses: living(members, victim) },
    },
  ];
}

function farewells(
  victim: Member,
  { reset, shutdown }: DelNodeWish,
): { readonly before: readonly Stage[]; readonly after: readonly Stage[] } {
  const node = refOfMember(victim);
  const before: readonly Stage[] =
    reset === 'none'
      ? []
      : [
          {
            title: `Sending CLUSTER RESET ${reset.toUpperCase()} to the deleted node.`,
            steps: [
              {
                kind: 'reset',
                node,
                mode: reset,
                why: 'a forgotten node that still knows the cluster may come back by itself',
              },
            ],
            settled: { kind: 'at-once' },
          },
        ];
  const after: readonly Stage[] = shutdown
    ? [
        {
          title: 'SHUTDOWN the node.',
          steps: [{ kind: 'shutdown', node, why: 'asked for' }],
          settled: { kind: 'at-once' },
        },
      ]
    : [];
  return { before, after };
}

function forgetting(
  view: ClusterView,
  members: readonly Member[],
  victim: Member,
): readonly Stage[] {
  const knowers = members.filter(
    ({ id, claim }) => id !== victim.id && claim?.records.has(victim.id) === true,
  );
  if (knowers.length === 0) return [];
  return [
    {
      title: 'Sending CLUSTER FORGET messages to the cluster...',
      steps: knowers.map((member) => ({
        kind: 'forget',
        node: refOfMember(member),
        target: victim.id,
        why: 'all within a minute, or gossip brings it back',
      })),
      settled: {
        kind: 'forgotten',
        target: victim.id,
        witnesses: living(members, victim).filter(({ id }) => view.claims.has(id)),
      },
    },
  ];
}

function refuseNeeded(members: readonly Member[], victim: Member): void {
  const followers = members.filter(({ primaryId, claim }) => primaryId === victim.id && claim);
  const reason = victim.claim
    ? 'it answers; `trib del-node` removes living nodes'
    : victim.slots.length > 0 && victim.role === 'primary'
      ? `it owns ${countSlots(victim.slots)} slots, which would belong to nobody`
      : followers.length > 0
        ? `${nameOf(followers[0]!)} still replicates it and could never be elected`
        : undefined;
  if (reason === undefined) return;
  throw new TribError('REFUSED', `${nameOf(victim)} is still needed: ${reason}.`, {
    hint:
      followers.length > 0
        ? `trib failover ${formatAddress(followers[0]!.address)} --force`
        : 'Look at `trib check` first.',
    details: { node: victim.id, replicas: followers.map(({ id }) => id) },
  });
}

function living(members: readonly Member[], victim: Member) {
  return members
    .filter((member) => member.id !== victim.id && member.claim !== undefined)
    .map(refOfMember);
}

function absenceRemarks(members: readonly Member[], victim: Member): readonly string[] {
  if (victim.claim) return [];
  const another = members.find((member) => !isDown(member) && member.id !== victim.id);
  return [
    `${nameOf(victim)} does not answer and cannot be reset. Before it is started again, delete its nodes.conf, or it tries to come back${another ? ` to ${formatAddress(another.address)}` : ''}.`,
  ];
}

function quietRemarks(
  view: ClusterView,
  members: readonly Member[],
  victim: Member,
): readonly string[] {
  const quiet = members.filter(
    ({ id, claim, record }) =>
      id !== victim.id && !claim && !record.flags.has('noaddr') && !view.claims.has(id),
  );
  return quiet.map(
    (member) =>
      `${nameOf(member)} does not answer and keeps ${shortId(victim.id)} in mind: when it is back, run \`trib forget\` again.`,
  );
}

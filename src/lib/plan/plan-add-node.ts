/**
 * One more member. A node that knows other nodes belongs to another cluster, and meeting it would merge
 * the two; it is refused, as is one with slots or keys. A node that already is a member as asked makes an
 * empty plan.
 */
import { formatAddress } from '../cluster/address.js';
import { fingerprint } from '../cluster/fingerprint.js';
import type { Claim, ClusterView } from '../cluster/model.js';
import { nameOf } from '../cluster/select-node.js';
import { isDown, membersOf, type Member } from '../cluster/view.js';
import { TribError } from '../kernel/errors.js';
import { shortId, type NodeId } from '../kernel/node-id.js';
import { refuseNonEmpty } from './emptiness.js';
import { refOf, refOfMember } from './node-ref.js';
import type { NodeRef, Plan, Stage } from './plan.js';
import { bestHome, homesIn } from './re-home.js';

export interface AddNodeWish {
  readonly asReplica: boolean;
  /** Default: the primary with the fewest replicas. */
  readonly primaryId?: NodeId | undefined;
}

export interface AddNodeDecision {
  readonly plan: Plan;
  /** The primary the new node will copy; `isChosen` when nobody named it. */
  readonly primary: { readonly node: NodeRef; readonly isChosen: boolean } | undefined;
}

/**
 * @param newcomer the node's own claim.
 * @throws TribError NOT_CLUSTER_NODE, FOREIGN_CLUSTER, NODE_NOT_EMPTY, DUPLICATE_NODE, UNKNOWN_NODE,
 *   NOT_A_PRIMARY, REFUSED
 */
export function planAddNode(
  view: ClusterView,
  newcomer: Claim,
  wish: AddNodeWish,
): AddNodeDecision {
  const members = membersOf(view);
  const known = members.find(({ id }) => id === newcomer.self.id);
  if (newcomer.facts.clusterEnabled === false) {
    const address = formatAddress(newcomer.reachedAt);
    throw new TribError(
      'NOT_CLUSTER_NODE',
      `Node ${address} is not configured as a cluster node.`,
      {
        hint: `Set "cluster-enabled yes" in the configuration of ${address} and start it again.`,
      },
    );
  }
  const primary = wish.asReplica ? primaryFor(members, newcomer, wish.primaryId) : undefined;
  const isMember = known !== undefined && knowsCluster(newcomer, members);
  if (isMember && isAsAsked(known, wish)) {
    const remark = `${nameOf(known)} is already a member of this cluster${wish.asReplica ? ', as asked' : ''}.`;
    return decision(view, [], primary, wish, [remark]);
  }
  if (isMember) refuseOtherRole(known, wish);
  else refuseForeign(newcomer, members);
  const stages = isMember ? [] : joining(members, newcomer, wish);
  return decision(
    view,
    primary ? [...stages, replicating(members, newcomer, primary)] : stages,
    primary,
    wish,
    versionRemarks(members, newcomer),
  );
}

function decision(
  view: ClusterView,
  stages: readonly Stage[],
  primary: Member | undefined,
  wish: AddNodeWish,
  remarks: readonly string[],
): AddNodeDecision {
  return {
    plan: { command: 'add-node', fingerprint: fingerprint(view), stages, remarks },
    primary: primary && {
      node: refOfMember(primary),
      isChosen: wish.primaryId === undefined,
    },
  };
}

function primaryFor(
  members: readonly Member[],
  newcomer: Claim,
  primaryId: NodeId | undefined,
): Member {
  if (primaryId === undefined) {
    // As a member it may be a slotless primary itself, or already count as somebody's replica.
    const current = members.find(({ id }) => id === newcomer.self.primaryId);
    const home = bestHome(homesIn(members, newcomer.self.id), newcomer.reachedAt.host);
    const primary = current ?? home?.primary;
    if (primary) return primary;
    throw new TribError('REFUSED', 'The cluster has no primary that answers, to replicate.', {
      hint: 'See what is wrong with `trib check`.',
    });
  }
  const primary = members.find(({ id }) => id === primaryId);
  if (!primary) {
    throw new TribError('UNKNOWN_NODE', `No such master ID ${primaryId}`, {
      hint: 'See the ids of all nodes with `trib check`.',
    });
  }
  if (primary.role === 'replica') {
    throw new TribError('NOT_A_PRIMARY', `${nameOf(primary)} is a replica; a primary is needed.`, {
      hint: primary.primaryId ? `Its primary is ${primary.primaryId}.` : [],
    });
  }
  if (isDown(primary)) {
    throw new TribError('REFUSED', `${nameOf(primary)} is down: a replica could not copy it.`, {
      hint: 'Name another primary with --master-id, or none.',
    });
  }
  return primary;
}

/** A node that was reset forgets the cluster while the cluster still lists it. */
function knowsCluster({ records }: Claim, members: readonly Member[]): boolean {
  return members.length === 1 || members.filter(({ id }) => records.has(id)).length > 1;
}

function isAsAsked(known: Member, { asReplica, primaryId }: AddNodeWish): boolean {
  if (!asReplica) return known.role === 'primary';
  return known.role === 'replica' && (primaryId === undefined || known.primaryId === primaryId);
}

function refuseOtherRole(known: Member, wish: AddNodeWish): void {
  // Interrupted between MEET and REPLICATE: the second run finishes the job.
  if (wish.asReplica && known.role === 'primary' && known.slots.length === 0) return;
  const role =
    known.role === 'primary' ? 'a primary' : `a replica of ${shortId(known.primaryId ?? 'nobody')}`;
  throw new TribError('DUPLICATE_NODE', `${nameOf(known)} is already a member, as ${role}.`, {
    hint: wish.asReplica
      ? `trib call --here ${formatAddress(known.address)} CLUSTER REPLICATE <id of the primary>`
      : 'To make it a primary of its own, remove it with `trib del-node` and add it again.',
    details: { node: known.id, role: known.role },
  });
}

function refuseForeign(newcomer: Claim, members: readonly Member[]): void {
  const address = formatAddress(newcomer.reachedAt);
  const others = [...newcomer.records.keys()].filter((id) => id !== newcomer.self.id);
  if (others.length === 0) {
    refuseNonEmpty([newcomer]);
    return;
  }
  const shared = others.filter((id) => members.some((member) => member.id === id));
  const whose =
    shared.length > 0
      ? 'it still remembers this cluster, which has forgotten it'
      : 'meeting it would merge the two clusters';
  throw new TribError(
    'FOREIGN_CLUSTER',
    `Node ${address} knows ${others.length} other node${others.length === 1 ? '' : 's'} (${others.slice(0, 3).map(shortId).join(', ')}${others.length > 3 ? ', …' : ''}): ${whose}.`,
    {
      hint: `If nothing on it is needed any more: trib reset ${address} --hard`,
      details: { node: newcomer.self.id, knows: others },
    },
  );
}

function joining(
  members: readonly Member[],
  newcomer: Claim,
  { asReplica }: AddNodeWish,
): readonly Stage[] {
  const node = refOf(newcomer);
  const hub = members.find((member) => !isDown(member)) ?? members[0]!;
  const living = members.filter((member) => !isDown(member) && member.id !== node.id);
  const meet: Stage = {
    title: `Send CLUSTER MEET to node ${formatAddress(node.address)} to make it join the cluster.`,
    steps: [
      {
        kind: 'meet',
        node,
        target: refOfMember(hub),
        why: 'one member is enough, gossip tells all',
      },
    ],
    settled: { kind: 'joined', members: [...living.map(refOfMember), node] },
  };
  // A replica gets the functions with its data; a primary would lack them.
  if (asReplica) return [meet];
  return [
    {
      title: 'Getting functions from cluster',
      steps: [
        {
          kind: 'copy-functions',
          from: refOfMember(hub),
          node,
          why: 'every primary must know the same functions',
        },
      ],
      settled: { kind: 'at-once' },
    },
    meet,
  ];
}

function replicating(members: readonly Member[], newcomer: Claim, primary: Member): Stage {
  const node = refOf(newcomer);
  const target = refOfMember(primary);
  const living = members.filter((member) => !isDown(member) && member.id !== node.id);
  return {
    title: `Configure node as replica of ${formatAddress(target.address)}.`,
    steps: [{ kind: 'replicate', node, primary: target, why: 'a replica was asked for' }],
    settled: {
      kind: 'replicating',
      pairs: [{ node, primary: target }],
      witnesses: [...living.map(refOfMember), node],
    },
  };
}

/** Neighbouring major versions usually get on; 7.2 into 6.2 is known to stay in handshake. */
function versionRemarks(members: readonly Member[], newcomer: Claim): readonly string[] {
  const own = newcomer.facts.version;
  const older = members.find(({ claim }) => {
    const version = claim?.facts.version;
    return version !== undefined && own !== undefined && majorOf(version) !== majorOf(own);
  });
  if (!older || own === undefined) return [];
  return [
    `The new node runs ${own}, ${formatAddress(older.address)} runs ${older.claim?.facts.version ?? ''}: if the join does not finish, the versions do not understand each other's bus messages.`,
  ];
}

const majorOf = (version: string): string => version.split('.')[0] ?? '';

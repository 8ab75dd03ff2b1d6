/**
 * A cluster out of empty nodes. The planner only looks at claims, each node's word about itself; it
 * refuses what is not empty and says why, spreads copies over hosts and zones, and recognises a cluster
 * that already is as asked, so that a provisioning script may run `create` again and again.
 */
import { formatAddress, isSameAddress } from '../cluster/address.js';
import { fingerprint } from '../cluster/fingerprint.js';
import type { Claim } from '../cluster/model.js';
import { buildView } from '../cluster/view.js';
import { TribError } from '../kernel/errors.js';
import type { NodeId } from '../kernel/node-id.js';
import type { SlotRange } from '../kernel/ranges.js';
import { SLOT_COUNT } from '../kernel/slot.js';
import { asAlreadyCreated } from './already-created.js';
import { placeNodes } from './anti-affinity.js';
import { refuseNonEmpty } from './emptiness.js';
import type { Misplacement } from './misplacement.js';
import { refOf } from './node-ref.js';
import type { NodeRef, Plan, Stage } from './plan.js';

export interface CreateWish {
  /** Replicas per primary. */
  readonly replicas: number;
  /** Zone by host; fills in for servers that do not tell their own. */
  readonly zones?: ReadonlyMap<string, string>;
  /** One or two primaries: no failover is possible, and somebody wants it all the same. */
  readonly acceptFewPrimaries?: boolean;
}

export interface Shard {
  readonly primary: NodeRef;
  readonly slots: SlotRange;
  /** Requested ones first, then extra ones. */
  readonly replicas: readonly NodeRef[];
}

/** What `create` shows before it asks. */
export interface Layout {
  /** All nodes in the order given. */
  readonly nodes: readonly NodeRef[];
  readonly shards: readonly Shard[];
  readonly replicasWanted: number;
  /** Copies that share a host or a zone; all zero: perfect. */
  readonly misplaced: Misplacement;
  /** No arrangement of these nodes is better; false where that was too much to work out. */
  readonly isProvenBest: boolean;
}

export type CreateDecision =
  | { readonly kind: 'create'; readonly plan: Plan; readonly layout: Layout }
  | { readonly kind: 'already-created'; readonly plan: Plan };

const PRIMARIES_MIN = 3;

/**
 * @param nodes one claim per node, in the order given by the user.
 * @throws TribError USAGE, DUPLICATE_NODE, NOT_CLUSTER_NODE, NODE_NOT_EMPTY, TOO_FEW_NODES
 */
export function planCreate(nodes: readonly Claim[], wish: CreateWish): CreateDecision {
  if (!Number.isInteger(wish.replicas) || wish.replicas < 0) {
    throw new TribError('USAGE', `--replicas must be a whole number from 0, not ${wish.replicas}.`);
  }
  refuseDuplicates(nodes);
  refusePlainServers(nodes);
  const primaryCount = Math.floor(nodes.length / (wish.replicas + 1));
  refuseFewPrimaries(nodes.length, primaryCount, wish);
  if (asAlreadyCreated(nodes, wish.replicas)) {
    return { kind: 'already-created', plan: planOf(nodes, [], []) };
  }
  refuseNonEmpty(nodes);
  const layout = layoutOf(nodes, primaryCount, wish);
  return {
    kind: 'create',
    layout,
    plan: planOf(nodes, stagesOf(nodes, layout), remarksOn(layout)),
  };
}

/**
 * redis-trib's allocation: cut at multiples of 16384/n, rounded half away from zero. Sizes differ by at
 * most one.
 */
export function allocateSlots(primaryCount: number): readonly SlotRange[] {
  const share = SLOT_COUNT / primaryCount;
  const ranges: SlotRange[] = [];
  let first = 0;
  for (let index = 0; index < primaryCount; index++) {
    const isLast = index === primaryCount - 1;
    const last = isLast ? SLOT_COUNT - 1 : Math.round((index + 1) * share - 1);
    ranges.push({ first, last });
    first = last + 1;
  }
  return ranges;
}

function layoutOf(nodes: readonly Claim[], primaryCount: number, wish: CreateWish): Layout {
  const refs = nodes.map(refOf);
  const placement = placeNodes(
    nodes.map((claim) => ({ host: claim.reachedAt.host, zone: zoneOf(claim, wish) })),
    primaryCount,
  );
  const ranges = allocateSlots(primaryCount);
  return {
    nodes: refs,
    shards: placement.groups.map(({ primary, replicas }, index) => ({
      primary: refs[primary]!,
      slots: ranges[index]!,
      replicas: replicas.map((replica) => refs[replica]!),
    })),
    replicasWanted: wish.replicas,
    misplaced: placement.misplaced,
    isProvenBest: placement.isProvenBest,
  };
}

function zoneOf(claim: Claim, { zones }: CreateWish): string | undefined {
  return zones?.get(claim.reachedAt.host) ?? claim.facts.availabilityZone;
}

function stagesOf(nodes: readonly Claim[], { shards }: Layout): readonly Stage[] {
  const members = nodes.map(refOf);
  const hub = members[0]!;
  const followers = shards.flatMap(({ primary, replicas }) =>
    replicas.map((node) => ({ node, primary })),
  );
  const stages: Stage[] = [
    {
      title: 'Nodes configuration updated',
      steps: shards.map(({ primary, slots }) => ({
        kind: 'assign-slots',
        node: primary,
        slots: [slots],
        why: `primary of ${slots.last - slots.first + 1} slots`,
      })),
      settled: { kind: 'at-once' },
    },
    {
      title: 'Assign a different config epoch to each node',
      steps: epochsFor(nodes).map(({ claim, epoch }) => ({
        kind: 'set-config-epoch',
        node: refOf(claim),
        epoch,
        why: 'no two nodes may start with the same epoch: a tie would be settled by chance',
      })),
      settled: { kind: 'at-once' },
    },
    {
      title: 'Sending CLUSTER MEET messages to join the cluster',
      steps: members.slice(1).map((node) => ({
        kind: 'meet',
        node,
        target: hub,
        why: `gossip spreads from ${formatAddress(hub.address)} to all`,
      })),
      settled: { kind: 'joined', members },
    },
  ];
  if (followers.length === 0) return stages;
  return [
    ...stages,
    {
      title: 'Configuring replicas',
      steps: followers.map(({ node, primary }) => ({
        kind: 'replicate',
        node,
        primary,
        why: `a copy of ${formatAddress(primary.address)}`,
      })),
      settled: { kind: 'replicating', pairs: followers, witnesses: members },
    },
  ];
}

/** 1, 2, 3... in the order given; a node that was in a cluster before keeps the epoch it has. */
function epochsFor(
  nodes: readonly Claim[],
): readonly { readonly claim: Claim; readonly epoch: number }[] {
  const taken = new Set(nodes.map(({ self }) => self.configEpoch));
  let epoch = 0;
  return nodes.flatMap((claim) => {
    if (claim.self.configEpoch !== 0) return [];
    do epoch++;
    while (taken.has(epoch));
    return [{ claim, epoch }];
  });
}

function remarksOn({ misplaced, isProvenBest }: Layout): readonly string[] {
  const { replicasOnPrimaryHost, siblingsOnOneHost, replicasInPrimaryZone, siblingsInOneZone } =
    misplaced;
  const end = isProvenBest
    ? 'no other arrangement of these nodes avoids it'
    : 'no better arrangement was found';
  const remark = (count: number, where: string): readonly string[] =>
    count === 0
      ? []
      : [`${count === 1 ? '1 replica is' : `${count} replicas are`} ${where}: ${end}.`];
  return [
    ...remark(replicasOnPrimaryHost, 'on the same host as the primary'),
    ...remark(siblingsOnOneHost, 'on the same host as another replica of its primary'),
    ...remark(replicasInPrimaryZone, 'in the same zone as the primary'),
    ...remark(siblingsInOneZone, 'in the same zone as another replica of its primary'),
  ];
}

function planOf(
  nodes: readonly Claim[],
  stages: readonly Stage[],
  remarks: readonly string[],
): Plan {
  return { command: 'create', fingerprint: fingerprint(buildView(nodes)), stages, remarks };
}

function refuseDuplicates(nodes: readonly Claim[]): void {
  const byId = new Map<NodeId, Claim>();
  for (const claim of nodes) {
    const first = byId.get(claim.self.id);
    if (first) {
      const here = formatAddress(claim.reachedAt);
      const there = formatAddress(first.reachedAt);
      const message = isSameAddress(claim.reachedAt, first.reachedAt)
        ? `${here} is given twice.`
        : `${there} and ${here} are the same node, ${claim.self.id}.`;
      throw new TribError('DUPLICATE_NODE', message, { hint: 'Give every node once.' });
    }
    byId.set(claim.self.id, claim);
  }
}

function refusePlainServers(nodes: readonly Claim[]): void {
  const plain = nodes.find(({ facts }) => facts.clusterEnabled === false);
  if (!plain) return;
  const address = formatAddress(plain.reachedAt);
  throw new TribError('NOT_CLUSTER_NODE', `Node ${address} is not configured as a cluster node.`, {
    hint: `Set "cluster-enabled yes" in the configuration of ${address} and start it again.`,
  });
}

function refuseFewPrimaries(nodeCount: number, primaryCount: number, wish: CreateWish): void {
  const enough = wish.acceptFewPrimaries === true ? 1 : PRIMARIES_MIN;
  if (primaryCount >= enough) return;
  const needed = enough * (wish.replicas + 1);
  throw new TribError('TOO_FEW_NODES', 'Invalid configuration for cluster creation.', {
    hint: [
      `Redis Cluster requires at least ${enough} master nodes.`,
      `This is not possible with ${nodeCount} nodes and ${wish.replicas} replicas per node.`,
      `At least ${needed} nodes are required.`,
    ],
    details: { nodes: nodeCount, replicas: wish.replicas, needed },
  });
}

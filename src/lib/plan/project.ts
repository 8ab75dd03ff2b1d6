/**
 * The view after a plan, when all goes well: the "after" picture of a dry run, and the oracle the planners
 * are tested against. Steps change a small world of nodes; the view is then written out of it, with every
 * claim telling the same story, since a plan is done only when all agree. Gossip is modelled by what it
 * leads to: after a MEET everybody knows everybody.
 */
import { isSameAddress } from '../cluster/address.js';
import type { Claim, ClusterView, NodeRecord, RecordFlag } from '../cluster/model.js';
import { buildView, membersOf, type Member } from '../cluster/view.js';
import { unreachable } from '../kernel/errors.js';
import type { NodeId } from '../kernel/node-id.js';
import { rangesOf, slotsIn, type SlotRange } from '../kernel/ranges.js';
import { SLOT_COUNT } from '../kernel/slot.js';
import type { Plan, Stage, Step } from './plan.js';

interface WorldNode {
  readonly member: Member;
  readonly claim: Claim | undefined;
  /** Shared between nodes that know the same; replaced, never changed in place. */
  knows: ReadonlySet<NodeId>;
  slots: readonly SlotRange[];
  migrating: ReadonlyMap<number, NodeId>;
  importing: ReadonlyMap<number, NodeId>;
  primaryId: NodeId | undefined;
  configEpoch: number;
  keys: ReadonlyMap<number, number>;
  nodeTimeoutMs: number | undefined;
  hasLeft: boolean;
}

type World = ReadonlyMap<NodeId, WorldNode>;

/** @param newcomers claims of nodes the plan brings in, as far as the view does not have them. */
export function project(
  view: ClusterView,
  plan: Plan,
  newcomers: readonly Claim[] = [],
): ClusterView {
  const claims = [...view.claims.values(), ...newcomers];
  const before = buildView(claims, view.silences);
  const world = worldOf(before);
  for (const stage of plan.stages) {
    for (const step of stage.steps) apply(world, step);
    gossip(world, stage);
  }
  return viewOf(world, before);
}

function worldOf(view: ClusterView): World {
  const shared = new Map<string, ReadonlySet<NodeId>>();
  const world = new Map<NodeId, WorldNode>();
  for (const member of membersOf(view)) {
    const { claim, id } = member;
    world.set(id, {
      member,
      claim,
      knows: claim ? knownTo(claim, shared) : new Set(),
      slots: member.slots,
      migrating: member.record.migrating,
      importing: member.record.importing,
      primaryId: member.role === 'replica' ? member.primaryId : undefined,
      configEpoch: member.record.configEpoch,
      keys: claim?.facts.keys ?? new Map(),
      nodeTimeoutMs: claim?.facts.nodeTimeoutMs,
      hasLeft: false,
    });
  }
  return world;
}

function knownTo({ records }: Claim, shared: Map<string, ReadonlySet<NodeId>>) {
  const ids = [...records.values()].filter(({ flags }) => !flags.has('handshake'));
  const key = ids.map(({ id }) => id).join('');
  const known = shared.get(key) ?? new Set(ids.map(({ id }) => id));
  shared.set(key, known);
  return known;
}

function apply(world: World, step: Step): void {
  const node = world.get(step.node.id);
  if (!node) return;
  switch (step.kind) {
    case 'assign-slots':
      node.slots = withSlots(node.slots, step.slots);
      return;
    case 'set-config-epoch':
      node.configEpoch = step.epoch;
      return;
    case 'move-slots':
      moveSlots(world, node, step);
      return;
    case 'close-slots':
      close(node, step.slots);
      return;
    case 'give-up-move': {
      const source = world.get(step.source.id);
      if (source) close(source, step.slots);
      close(node, step.slots);
      return;
    }
    case 'claim-slots':
      node.slots = withSlots(node.slots, step.slots);
      node.importing = without(node.importing, step.slots);
      bumpEpoch(world, node);
      return;
    case 'yield-slots':
      node.slots = withoutSlots(node.slots, step.slots);
      node.migrating = without(node.migrating, step.slots);
      return;
    case 'bring-keys': {
      const source = world.get(step.source.id);
      if (source) close(source, step.slots);
      return;
    }
    case 'bump-epoch':
      bumpEpoch(world, node);
      return;
    case 'tell-owner':
    case 'delete-orphans':
      return;
    case 'replicate':
      node.primaryId = step.primary.id;
      node.keys = world.get(step.primary.id)?.keys ?? node.keys;
      return;
    case 'forget':
      node.knows = new Set([...node.knows].filter((id) => id !== step.target));
      return;
    case 'reset':
      reset(node, step.mode);
      return;
    case 'flush':
      node.keys = new Map();
      return;
    case 'shutdown':
      node.hasLeft = true;
      return;
    case 'failover':
      promote(world, node);
      return;
    case 'set-config':
      if (step.name === 'cluster-node-timeout') node.nodeTimeoutMs = Number(step.value);
      return;
    case 'meet':
    case 'copy-functions':
      return;
    default:
      return unreachable(step);
  }
}

/**
 * The new owner takes a configuration epoch above all others. A primary that gave its last slot away
 * follows the one that took it, and so do its replicas (`cluster-allow-replica-migration`, on by default).
 */
function moveSlots(
  world: World,
  node: WorldNode,
  { source, slots }: Extract<Step, { kind: 'move-slots' }>,
): void {
  bumpEpoch(world, node);
  node.slots = withSlots(node.slots, slots);
  close(node, slots);
  const from = world.get(source.id);
  if (!from) return;
  close(from, slots);
  if (from.slots.length === 0) return;
  from.slots = withoutSlots(from.slots, slots);
  if (from.slots.length > 0) return;
  for (const follower of world.values()) {
    if (follower === from || follower.primaryId === from.member.id) {
      follower.primaryId = node.member.id;
    }
  }
}

/** Above all others, unless it is there already and alone. */
function bumpEpoch(world: World, node: WorldNode): void {
  const others = [...world.values()].filter((other) => other !== node && !other.primaryId);
  const epochMax = Math.max(0, ...others.map(({ configEpoch }) => configEpoch));
  if (node.configEpoch <= epochMax) node.configEpoch = epochMax + 1;
}

function close(node: WorldNode, slots: readonly SlotRange[]): void {
  node.migrating = without(node.migrating, slots);
  node.importing = without(node.importing, slots);
}

function without(marks: ReadonlyMap<number, NodeId>, slots: readonly SlotRange[]) {
  const closed = new Set(slotsIn(slots));
  return new Map([...marks].filter(([slot]) => !closed.has(slot)));
}

const withSlots = (held: readonly SlotRange[], more: readonly SlotRange[]) =>
  rangesOf([...slotsIn(held), ...slotsIn(more)]);

function withoutSlots(held: readonly SlotRange[], less: readonly SlotRange[]) {
  const gone = new Set(slotsIn(less));
  return rangesOf([...slotsIn(held)].filter((slot) => !gone.has(slot)));
}

/** A replica loses its copy with its primary; a hard reset also takes a new id, which nobody knows yet. */
function reset(node: WorldNode, mode: 'soft' | 'hard'): void {
  if (node.primaryId !== undefined) node.keys = new Map();
  node.knows = new Set([node.member.id]);
  node.slots = [];
  node.migrating = new Map();
  node.importing = new Map();
  node.primaryId = undefined;
  if (mode === 'hard') node.configEpoch = 0;
}

function promote(world: World, node: WorldNode): void {
  const old = node.primaryId === undefined ? undefined : world.get(node.primaryId);
  if (!old) return;
  node.slots = old.slots;
  node.primaryId = undefined;
  node.configEpoch = Math.max(...[...world.values()].map(({ configEpoch }) => configEpoch)) + 1;
  old.slots = [];
  for (const follower of world.values()) {
    if (follower === node || !follower.claim) continue;
    if (follower === old || follower.primaryId === old.member.id) {
      follower.primaryId = node.member.id;
    }
  }
}

/** Everybody connected to a node of a MEET, through living nodes, ends up knowing all of them. */
function gossip(world: World, { steps }: Stage): void {
  const meets = steps.filter((step) => step.kind === 'meet');
  if (meets.length === 0) return;
  const links = new Map<NodeId, NodeId[]>();
  const link = (a: NodeId, b: NodeId) => {
    links.set(a, [...(links.get(a) ?? []), b]);
  };
  for (const { node, target } of meets) {
    link(node.id, target.id);
    link(target.id, node.id);
  }
  const met = new Set<NodeId>();
  const expanded = new Set<ReadonlySet<NodeId>>();
  const queue = meets.slice(0, 1).map(({ node }) => node.id);
  for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
    if (met.has(id)) continue;
    met.add(id);
    const known = world.get(id)?.knows ?? new Set<NodeId>();
    queue.push(...(links.get(id) ?? []));
    if (!expanded.has(known)) queue.push(...known);
    expanded.add(known);
  }
  for (const id of met) {
    const node = world.get(id);
    if (node?.claim) node.knows = met;
  }
}

function viewOf(world: World, before: ClusterView): ClusterView {
  const entry = entryOf(world, before);
  const inside = [...entry.knows].flatMap((id) => world.get(id) ?? []);
  const living = inside.filter(({ claim, hasLeft }) => claim && !hasLeft);
  const written = writeRecords(world, living);
  const currentEpoch = Math.max(0, ...inside.map(({ configEpoch }) => configEpoch));
  const covered = new Set(living.flatMap(({ slots }) => [...slotsIn(slots)])).size === SLOT_COUNT;
  const claims = living.map((node) => claimOf(node, { written, currentEpoch, covered }));
  const first = claims.findIndex(({ self }) => self.id === entry.member.id);
  const ordered = [...claims.splice(first, 1), ...claims];
  const silences = before.silences.filter(({ id }) => id === undefined || entry.knows.has(id));
  return buildView(ordered, silences);
}

/** The entry, unless it left: then the first node that still knows somebody. */
function entryOf(world: World, before: ClusterView): WorldNode {
  const entry = world.get(before.entryId)!;
  const others = [...world.values()].filter(({ claim, hasLeft }) => claim && !hasLeft);
  if (!entry.hasLeft && entry.knows.size > 1) return entry;
  return others.find(({ knows }) => knows.size > 1) ?? others[0] ?? entry;
}

interface Written {
  readonly own: NodeRecord;
  readonly heard: NodeRecord;
}

function writeRecords(world: World, living: readonly WorldNode[]): ReadonlyMap<NodeId, Written> {
  const alive = new Set(living);
  return new Map(
    [...world].map(([id, node]) => {
      const { record, announced, address } = node.member;
      const told = announced ?? address;
      const role: RecordFlag = node.primaryId === undefined ? 'master' : 'slave';
      const heard: NodeRecord = {
        ...record,
        host: told.host,
        port: told.port,
        flags: alive.has(node) ? new Set([role]) : new Set([...record.flags, role]),
        primaryId: node.primaryId,
        configEpoch: node.configEpoch,
        isLinkUp: alive.has(node),
        slots: node.slots,
        migrating: new Map(),
        importing: new Map(),
      };
      const own: NodeRecord = {
        ...heard,
        host: isSameAddress(told, record) ? told.host : record.host,
        flags: new Set<RecordFlag>(['myself', role]),
        isLinkUp: true,
        migrating: node.migrating,
        importing: node.importing,
      };
      return [id, { own, heard }];
    }),
  );
}

interface Outlook {
  readonly written: ReadonlyMap<NodeId, Written>;
  readonly currentEpoch: number;
  readonly covered: boolean;
}

function claimOf(node: WorldNode, { written, currentEpoch, covered }: Outlook): Claim {
  const id = node.member.id;
  const { own } = written.get(id)!;
  const records = new Map<NodeId, NodeRecord>();
  for (const known of node.knows) {
    const record = written.get(known);
    if (record) records.set(known, known === id ? record.own : record.heard);
  }
  const isReplica = node.primaryId !== undefined;
  const { reachedAt, facts } = node.claim!;
  return {
    reachedAt,
    self: own,
    records,
    facts: {
      ...facts,
      clusterState: covered ? 'ok' : 'fail',
      currentEpoch,
      knownNodes: records.size,
      keys: node.keys,
      nodeTimeoutMs: node.nodeTimeoutMs,
      role: isReplica ? 'replica' : 'primary',
      primaryLinkUp: isReplica ? true : undefined,
    },
  };
}

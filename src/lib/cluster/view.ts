/**
 * All claims put together. The view keeps every claim as it is, because the differences between them are
 * what a diagnosis is about; `membersOf` is the merged picture that planners and tables work with: each
 * node once, with its own words where it answers and the words of the others where it is silent.
 */
import { assert } from '../kernel/errors.js';
import type { NodeId } from '../kernel/node-id.js';
import type { SlotRange } from '../kernel/ranges.js';
import { isLoopback, isSameAddress } from './address.js';
import type { Claim, ClusterView, NodeAddress, NodeFacts, NodeRecord, Silence } from './model.js';
import type { NodesReply } from './nodes-reply.js';

export interface Member {
  readonly id: NodeId;
  /** How it is reached from here. */
  readonly address: NodeAddress;
  /** How its peers say it is reached; undefined when nobody knows an address. */
  readonly announced: NodeAddress | undefined;
  /** Its own line; for a silent node the line of the first node that knows it. */
  readonly record: NodeRecord;
  readonly claim: Claim | undefined;
  readonly silence: Silence | undefined;
  readonly role: 'primary' | 'replica';
  readonly primaryId: NodeId | undefined;
  readonly slots: readonly SlotRange[];
}

export function makeClaim(reachedAt: NodeAddress, reply: NodesReply, facts: NodeFacts): Claim {
  return { reachedAt, self: reply.self, records: reply.records, facts };
}

/**
 * @param claims entry first; a node reached twice counts once.
 * @param silences their ids are filled in where a claim knows the address.
 */
export function buildView(
  claims: readonly Claim[],
  silences: readonly Silence[] = [],
): ClusterView {
  const entry = claims[0];
  assert(entry !== undefined, 'a view needs at least one claim');
  const byId = new Map<NodeId, Claim>();
  for (const claim of claims) if (!byId.has(claim.self.id)) byId.set(claim.self.id, claim);
  const named = silences.map((silence) => {
    const id = silence.id ?? idAt(byId.values(), silence.address);
    return id === undefined ? silence : { ...silence, id };
  });
  return {
    entryId: entry.self.id,
    claims: byId,
    silences: named.filter(({ id }) => id === undefined || !byId.has(id)),
  };
}

/** Every member once: entry first, then in the order of the claims' lines. Handshakes are no members. */
export function membersOf(view: ClusterView): readonly Member[] {
  let members = MEMBERS.get(view);
  if (!members) MEMBERS.set(view, (members = mergedFrom(view)));
  return members;
}

/** A view does not change, and planners, checks and texts all ask for its members. */
const MEMBERS = new WeakMap<ClusterView, readonly Member[]>();

function mergedFrom(view: ClusterView): readonly Member[] {
  const silences = new Map(view.silences.map((silence) => [silence.id, silence]));
  const members = new Map<NodeId, Member>();
  const entry = view.claims.get(view.entryId);
  assert(entry !== undefined, 'the entry of a view has a claim');
  const add = (heard: NodeRecord): void => {
    members.set(heard.id, memberOf(view, heard.id, heard, silences.get(heard.id)));
  };
  add(entry.self);
  for (const claim of view.claims.values()) {
    for (const record of claim.records.values()) {
      if (!members.has(record.id) && !record.flags.has('handshake')) add(record);
    }
  }
  return [...members.values()];
}

/** What the others say of a node, without its own line. */
export function* recordsAbout(
  view: ClusterView,
  id: NodeId,
): Generator<{ readonly by: Claim; readonly record: NodeRecord }> {
  for (const by of view.claims.values()) {
    const record = by.records.get(id);
    if (record && by.self.id !== id) yield { by, record };
  }
}

function isReplicaRecord(record: NodeRecord): boolean {
  return record.flags.has('slave');
}

/** True when the node cannot be counted on: it did not answer, or the cluster holds it for dead. */
export function isDown(member: Member): boolean {
  return member.claim === undefined || member.record.flags.has('fail');
}

function memberOf(
  view: ClusterView,
  id: NodeId,
  heard: NodeRecord,
  silence: Silence | undefined,
): Member {
  const claim = view.claims.get(id);
  const record = claim?.self ?? heard;
  const announced = announcedAddress(view, id, record);
  const address = claim?.reachedAt ?? silence?.address ?? announced;
  return {
    id,
    address: address ?? { host: '', port: 0 },
    announced,
    record,
    claim,
    silence,
    role: isReplicaRecord(record) ? 'replica' : 'primary',
    primaryId: record.primaryId,
    slots: record.slots,
  };
}

/**
 * What the first peer says; failing that, the node itself. An entry reached over loopback often lists
 * itself as 127.0.0.1, an address that would lead every peer to itself.
 */
function announcedAddress(view: ClusterView, id: NodeId, own: NodeRecord): NodeAddress | undefined {
  let loopback: NodeAddress | undefined;
  for (const { record } of recordsAbout(view, id)) {
    const address = addressIn(record);
    if (address && !isLoopback(address.host)) return address;
    loopback ??= address;
    if (loopback && view.claims.get(id) === undefined) break;
    if (loopback && isLoopback(own.host)) break;
  }
  return loopback ?? addressIn(own);
}

function addressIn({ host, port, busPort }: NodeRecord): NodeAddress | undefined {
  return host === '' || port === 0 ? undefined : { host, port, busPort };
}

function idAt(claims: Iterable<Claim>, address: NodeAddress): NodeId | undefined {
  for (const claim of claims) {
    for (const record of claim.records.values()) {
      const isThere =
        isSameAddress(record, address) ||
        (record.hostname !== undefined &&
          isSameAddress({ host: record.hostname, port: record.port }, address));
      if (isThere) return record.id;
    }
  }
  return undefined;
}

/** Members: silent, dead, suspected, ghosts, strangers, and links that are down between living nodes. */
import { shortId, type NodeId } from '../../kernel/node-id.js';
import { formatAddress } from '../address.js';
import type { Finding } from '../finding.js';
import { groupBy } from '../group-by.js';
import type { Claim, ClusterView, NodeRecord, RecordFlag } from '../model.js';
import { recordsAbout, type Member } from '../view.js';
import {
  at,
  finding,
  listed,
  nodeText,
  plural,
  shortened,
  type Context,
  type Sighting,
} from './context.js';

/** What the answering nodes say of one node. */
interface Repute {
  readonly member: Member;
  readonly knownBy: number;
  readonly failedBy: readonly string[];
  readonly suspectedBy: readonly string[];
  readonly hasNoAddress: boolean;
}

export function memberFindings(context: Context): readonly Finding[] {
  const strangers = strangersIn(context);
  const about = groupBy(
    context.notable.filter(({ record }) => !record.flags.has('handshake')),
    ({ record }) => record.id,
  );
  return [
    ...context.members
      .filter(({ id }) => !strangers.has(id))
      .flatMap((member) => standing(context, reputeOf(context, member, about))),
    ...foreigners(context, strangers),
    ...impostors(context),
    ...handshakes(context),
    ...downLinks(context),
    ...failingStates(context),
    ...loading(context),
  ];
}

function reputeOf(
  context: Context,
  member: Member,
  about: ReadonlyMap<NodeId, readonly Sighting[]>,
): Repute {
  const sightings = about.get(member.id) ?? [];
  const flaggedBy = (flag: RecordFlag) =>
    sightings
      .filter(({ record }) => record.flags.has(flag))
      .map(({ by }) => formatAddress(by.reachedAt));
  return {
    member,
    // Only of a silent node it matters who knows it; one that answers differs in the views otherwise.
    knownBy: member.claim ? Infinity : knowers(context, member.id).length,
    failedBy: flaggedBy('fail'),
    suspectedBy: flaggedBy('fail?'),
    hasNoAddress: sightings.some(({ record }) => record.flags.has('noaddr')),
  };
}

/** At most one finding per node: the gravest thing that can be said of it. */
function standing(context: Context, repute: Repute): readonly Finding[] {
  const { member, failedBy, suspectedBy } = repute;
  if (member.silence?.stranger) return [];
  const witnesses = context.view.claims.size - (member.claim ? 1 : 0);
  if (!member.claim && (repute.hasNoAddress || repute.knownBy < witnesses)) {
    return [ghost(context, repute, witnesses)];
  }
  if (failedBy.length > 0) return [failed(context, repute, witnesses)];
  if (!member.claim) return [unreachable(context, repute)];
  if (suspectedBy.length === 0) return [];
  return [
    finding({
      id: 'node-pfail',
      severity: 'warning',
      subject: at(member),
      message: `${at(member)} answers here, but ${suspectedBy.length} of ${witnesses} nodes suspect it to be down.`,
      evidence: [`suspected by ${listed(suspectedBy)}`],
      cure: [`make its bus port ${busPortOf(member)} reachable from every node`],
      about: [member],
    }),
  ];
}

function ghost(context: Context, { member, knownBy, hasNoAddress }: Repute, witnesses: number) {
  const isKnownToAll = knownBy === witnesses;
  return finding({
    id: 'ghost-node',
    severity: 'warning',
    subject: member.address.port === 0 ? shortId(member.id) : `${shortId(member.id)} ${at(member)}`,
    message: `${shortId(member.id)} does not answer and is ${isKnownToAll ? 'known without an address' : `known to ${knownBy} of ${witnesses} nodes only`}.`,
    evidence: [
      ...(hasNoAddress ? ['listed with the flag noaddr'] : []),
      ...(isKnownToAll ? [] : [`known to ${listed(knowers(context, member.id))}`]),
      ...(member.silence ? [`${at(member)}: ${member.silence.reason}`] : []),
    ],
    cure: [`trib forget ${context.entry} ${member.id}`],
    about: [member],
  });
}

function failed(context: Context, { member, failedBy }: Repute, witnesses: number) {
  const isAlive = member.claim !== undefined;
  return finding({
    id: 'node-failed',
    severity: 'error',
    subject: at(member),
    message: `${nodeText(context, member.id)} is marked as failed${isAlive ? ', although it answers here' : ''}.`,
    evidence: [
      `marked by ${failedBy.length} of ${witnesses} nodes: ${listed(failedBy)}`,
      ...(member.silence ? [`asked from here: ${member.silence.reason}`] : []),
    ],
    cure: isAlive
      ? [`make its bus port ${busPortOf(member)} reachable from every node`]
      : [
          `start ${at(member)} again`,
          ...(member.slots.length > 0 ? [] : [`trib del-node ${context.entry} ${member.id}`]),
        ],
    about: [member],
  });
}

function unreachable(context: Context, { member, suspectedBy }: Repute) {
  return finding({
    id: 'node-unreachable',
    severity: 'error',
    subject: at(member),
    message: `${nodeText(context, member.id)} does not answer.`,
    evidence: [
      `asked from here: ${member.silence?.reason ?? 'it was not asked, no address leads to it'}`,
      suspectedBy.length > 0
        ? `suspected to be down by ${listed(suspectedBy)}`
        : 'the other nodes do not hold it for dead: it may hang, or be unreachable from here only',
    ],
    cure: [`trib call --here ${at(member)} PING`],
    about: [member],
  });
}

/** Nodes that answer but that no other answering node knows. */
function strangersIn({ view }: Context): ReadonlySet<NodeId> {
  if (view.claims.size < 2) return new Set();
  const known = new Set<NodeId>();
  for (const claim of view.claims.values()) {
    if (known.size >= view.claims.size && isKnown(view, known)) break;
    for (const id of claim.records.keys()) if (id !== claim.self.id) known.add(id);
  }
  const isStranger = (id: NodeId) => id !== view.entryId && !known.has(id);
  return new Set([...view.claims.keys()].filter(isStranger));
}

const isKnown = ({ claims }: ClusterView, known: ReadonlySet<NodeId>): boolean =>
  [...claims.keys()].every((id) => known.has(id));

/** A reused address: another cluster's node answers where a member is expected (or a blank node does). */
function foreigners(context: Context, strangers: ReadonlySet<NodeId>): readonly Finding[] {
  return [...strangers].map((id) => {
    const member = context.byId.get(id)!;
    const expected = context.members.find(
      (other) =>
        !other.claim &&
        other.announced &&
        at({ ...other, address: other.announced }) === at(member),
    );
    const others = member.claim!.records.size - 1;
    return finding({
      id: 'foreign-members',
      severity: 'error',
      subject: at(member),
      message: `The node at ${at(member)} is ${shortId(id)}, which no member knows.`,
      evidence: [
        ...(expected ? [`the members expect ${shortId(expected.id)} there`] : []),
        others > 0
          ? `it knows ${plural(others, 'other node')}: it belongs to another cluster`
          : 'it knows no other node: it was reset or replaced',
      ],
      cure: expected
        ? [`trib forget ${context.entry} ${expected.id}`]
        : [`trib add-node ${at(member)} ${context.entry}`],
      about: [member],
    });
  });
}

/** The same, noticed while asking: the members' addresses lead to a node that none of them named. */
function impostors(context: Context): readonly Finding[] {
  return context.members.flatMap((expected) => {
    const stranger = expected.silence?.stranger;
    if (!stranger) return [];
    const others = stranger.records.size - 1;
    return [
      finding({
        id: 'foreign-members',
        severity: 'error',
        subject: at(expected),
        message: `The node at ${at(expected)} is ${shortId(stranger.self.id)}, not ${shortId(expected.id)}.`,
        evidence: [
          `the members expect ${expected.id} there`,
          others > 0
            ? `it knows ${plural(others, 'other node')}: it belongs to another cluster`
            : 'it knows no other node: it was reset or replaced',
        ],
        cure: [`trib forget ${context.entry} ${expected.id}`],
        about: [expected],
      }),
    ];
  });
}

/** Ids in a handshake change every few seconds; the address is what stays. */
function handshakes(context: Context): readonly Finding[] {
  const seen = context.notable.filter(({ record }) => record.flags.has('handshake'));
  const byAddress = groupBy(seen, ({ record }) => formatAddress(record));
  return [...byAddress].map(([address, sightings]) =>
    finding({
      id: 'handshake-lasting',
      severity: 'warning',
      subject: address,
      message: `${plural(sightings.length, 'node')} cannot complete the handshake with ${address}.`,
      evidence: sightings.map(
        ({ by, record }) =>
          `${formatAddress(by.reachedAt)} lists ${shortId(record.id)} in handshake at ${address}, bus port ${record.busPort}`,
      ),
      cure: [
        `make ${address} and its bus port ${sightings[0]!.record.busPort} reachable from every node, or reset the node there: trib reset ${address}`,
      ],
    }),
  );
}

/** Between two nodes that both answer; a link to a dead node is that node's finding. */
function downLinks(context: Context): readonly Finding[] {
  const down: { readonly by: Claim; readonly peer: Member }[] = [];
  for (const { by, record } of context.notable) {
    if (record.isLinkUp || isSuspect(record)) continue;
    const peer = context.byId.get(record.id);
    if (peer?.claim) down.push({ by, peer });
  }
  if (down.length === 0) return [];
  return [
    finding({
      id: 'link-down',
      severity: 'warning',
      subject: 'cluster',
      message: `${plural(down.length, 'bus link')} between living nodes ${down.length === 1 ? 'is' : 'are'} down.`,
      evidence: shortened(
        down,
        ({ by, peer }) =>
          `${formatAddress(by.reachedAt)} has no link to ${at(peer)} (bus port ${busPortOf(peer)})`,
      ),
      cure: [`trib wait ${context.entry}`, 'make the bus ports reachable from every node'],
      about: [...new Set(down.map(({ by }) => context.byId.get(by.self.id)!))],
    }),
  ];
}

function failingStates(context: Context): readonly Finding[] {
  const failing = context.members.filter(({ claim }) => claim?.facts.clusterState === 'fail');
  if (failing.length === 0) return [];
  return [
    finding({
      id: 'cluster-state-fail',
      severity: 'error',
      subject: failing.length === context.view.claims.size ? 'cluster' : listed(failing.map(at)),
      message: `${failing.length} of ${context.view.claims.size} nodes refuse to serve (cluster_state:fail).`,
      evidence: failing.map((member) => `${at(member)} says cluster_state:fail`),
      cure: [`trib check ${context.entry}`],
      about: failing,
    }),
  ];
}

function loading(context: Context): readonly Finding[] {
  return context.members
    .filter(({ claim }) => claim?.facts.isLoading)
    .map((member) =>
      finding({
        id: 'node-loading',
        severity: 'warning',
        subject: at(member),
        message: `${at(member)} is loading its data and serves nothing yet.`,
        evidence: [`${at(member)} says loading:1`],
        cure: [`trib wait ${context.entry}`],
        about: [member],
      }),
    );
}

function knowers(context: Context, id: NodeId): readonly string[] {
  return [...recordsAbout(context.view, id)]
    .filter(({ record }) => !record.flags.has('handshake'))
    .map(({ by }) => formatAddress(by.reachedAt));
}

const isSuspect = ({ flags }: NodeRecord): boolean =>
  flags.has('fail') || flags.has('fail?') || flags.has('handshake') || flags.has('noaddr');

const busPortOf = ({ record }: Member): number => record.busPort;

/**
 * Why nodes did not find each other. The incumbents print dots for ever; here the matrix of links says
 * who cannot reach whom, and the bus port, which everybody forgets in the firewall, is named.
 */
import { formatAddress, isSameAddress } from '../cluster/address.js';
import type { Claim, NodeAddress, NodeRecord } from '../cluster/model.js';
import { TribError } from '../kernel/errors.js';
import type { NodeRef } from '../plan/plan.js';

/** A link that should be there: `from` connects to the bus port of `to`. */
export interface MissingLink {
  readonly from: NodeRef;
  readonly to: NodeRef;
  /** Where `from` looks for `to`; its own idea of the address, which may be the mistake. */
  readonly at: NodeAddress;
  readonly state: 'unknown' | 'handshake' | 'disconnected';
}

/** Lines beyond this many help nobody at a terminal; `--json` has them all. */
const LINES_MAX = 12;

export function missingLinks(said: ReadonlyMap<NodeRef, Claim | string>): readonly MissingLink[] {
  const links: MissingLink[] = [];
  for (const [from, claim] of said) {
    if (typeof claim === 'string') continue;
    for (const [to, other] of said) {
      if (to.id === from.id) continue;
      const link = linkBetween(claim, to, typeof other === 'string' ? undefined : other);
      if (link) links.push({ from, to, ...link });
    }
  }
  return links;
}

function linkBetween(
  claim: Claim,
  to: NodeRef,
  other: Claim | undefined,
): Pick<MissingLink, 'at' | 'state'> | undefined {
  const record = claim.records.get(to.id);
  if (record?.isLinkUp === true && !record.flags.has('handshake')) return undefined;
  if (record) return { at: placeOf(record, to), state: 'disconnected' };
  const target = to.announced ?? to.address;
  const attempt = [...claim.records.values()].find(
    (peer) => peer.flags.has('handshake') && isSameAddress(peer, target),
  );
  if (attempt) return { at: placeOf(attempt, to), state: 'handshake' };
  return { at: announcedBy(other, to), state: 'unknown' };
}

function placeOf(record: NodeRecord, to: NodeRef): NodeAddress {
  const { host, port, busPort } = record;
  return { host: host === '' ? to.address.host : host, port, busPort };
}

function announcedBy(other: Claim | undefined, to: NodeRef): NodeAddress {
  const base = to.announced ?? to.address;
  const busPort = other?.self.busPort ?? base.busPort ?? base.port + 10_000;
  const host = other?.self.host ? other.self.host : base.host;
  return { host, port: base.port, busPort };
}

export function joinFailure(
  said: ReadonlyMap<NodeRef, Claim | string>,
  deadlineMs: number,
): TribError {
  const links = missingLinks(said);
  const silent = [...said.values()].filter((claim) => typeof claim === 'string');
  const targets = worstTargets(links);
  const lines = targets.flatMap((group) => [
    `The bus port ${busPortOf(group[0]!)} of node ${formatAddress(group[0]!.to.address)} may be unreachable from:`,
    ...group.map(({ from, state }) => `   ${formatAddress(from.address)} (${WORDS[state]})`),
  ]);
  const shown = lines.length > LINES_MAX ? [...lines.slice(0, LINES_MAX), '   ...'] : lines;
  return new TribError(
    'JOIN_FAILED',
    `The nodes did not form one cluster within ${deadlineMs} ms: ${links.length} links are missing.`,
    {
      hint: [
        ...silent,
        ...shown,
        ...announcementHints(said, links),
        'Cluster bus ports (usually the client port + 10000) must be reachable by every node.',
      ],
      details: {
        missingLinks: links.map(({ from, to, at, state }) => ({
          from: formatAddress(from.address),
          to: formatAddress(to.address),
          host: at.host,
          busPort: busPortOf({ at }),
          state,
        })),
      },
    },
  );
}

/** Whom most cannot reach comes first: that is where the firewall, or the wrong address, is. */
function worstTargets(links: readonly MissingLink[]): readonly (readonly MissingLink[])[] {
  const byTarget = new Map<string, MissingLink[]>();
  for (const link of links) {
    const key = formatAddress(link.to.address);
    const group = byTarget.get(key);
    if (group) group.push(link);
    else byTarget.set(key, [link]);
  }
  const sorted = [...byTarget.values()].sort((a, b) => b.length - a.length);
  return sorted.filter((group) => group.length * 2 >= sorted[0]!.length);
}

const WORDS = {
  unknown: 'does not know it',
  handshake: 'no answer to its handshake',
  disconnected: 'no connection',
} as const;

function busPortOf({ at }: Pick<MissingLink, 'at'>): number {
  return at.busPort ?? at.port + 10_000;
}

/** A node that sends its peers to another address than the one it was reached at, and is not reached. */
function announcementHints(
  said: ReadonlyMap<NodeRef, Claim | string>,
  links: readonly MissingLink[],
): readonly string[] {
  const unreached = new Set(links.map(({ to }) => to.id));
  return [...said].flatMap(([node, claim]) => {
    if (typeof claim === 'string' || !unreached.has(node.id)) return [];
    const { host } = claim.self;
    const expected = (node.announced ?? node.address).host;
    if (host === '' || host === expected || expected === 'localhost') return [];
    return [
      `Node ${formatAddress(node.address)} announces ${host}@${claim.self.busPort}: check its cluster-announce-ip and cluster-announce-bus-port.`,
    ];
  });
}

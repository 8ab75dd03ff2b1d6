/**
 * Which node is meant. People type a full id, a prefix of one, an address, or a host name. A prefix that
 * fits two nodes is an error with both of them, an unknown word an error with the nearest match: a guess
 * here would move the wrong data.
 */
import { TribError } from '../kernel/errors.js';
import { editDistance } from '../kernel/nearest.js';
import { shortId } from '../kernel/node-id.js';
import { formatAddress, isSameAddress, parseAddress } from './address.js';
import type { ClusterView, NodeAddress } from './model.js';
import { membersOf, type Member } from './view.js';

export interface SelectOptions {
  readonly role?: 'primary' | 'replica';
}

/** A typo of a letter or two would fit some node of a larger cluster, and move or promote it. */
const PREFIX_LENGTH_MIN = 4;

/** @throws TribError UNKNOWN_NODE, AMBIGUOUS_NODE, NOT_A_PRIMARY, NOT_A_REPLICA */
export function selectNode(view: ClusterView, text: string, options: SelectOptions = {}): Member {
  const members = membersOf(view);
  const matches = matchesOf(members, text);
  if (matches.length === 0) throw unknownNode(members, text);
  refuseShort(matches, text);
  if (matches.length > 1) throw ambiguousNode(matches, text);
  const member = matches[0]!;
  if (options.role === 'primary' && member.role === 'replica') throw notAPrimary(members, member);
  if (options.role === 'replica' && member.role === 'primary') throw notAReplica(members, member);
  return member;
}

/** `3f1a2b70 127.0.0.1:7000`: how a node is named in messages. */
export function nameOf(member: Pick<Member, 'id' | 'address'>): string {
  return `${formatAddress(member.address)} (${shortId(member.id)})`;
}

function matchesOf(members: readonly Member[], text: string): readonly Member[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return [];
  const byId = members.filter(({ id }) => id === wanted);
  if (byId.length > 0) return byId;
  const parsed = parseAddress(wanted);
  if (parsed.ok) {
    const exact = members.filter((member) =>
      namesOf(member).some((at) => isSameAddress(at, parsed.value)),
    );
    if (exact.length > 0) return exact;
    // A word without a port may still be the name of a host, whatever the port there.
    const { host } = parsed.value;
    const onHost = members.filter((member) => namesOf(member).some((at) => isHost(at, host)));
    if (!hasPort(wanted) && onHost.length > 0) return onHost;
  }
  return members.filter(({ id }) => id.startsWith(wanted));
}

function namesOf({ address, announced, record }: Member): readonly NodeAddress[] {
  const { hostname, port } = record;
  return [
    address,
    ...(announced ? [announced] : []),
    ...(hostname === undefined ? [] : [{ host: hostname, port }]),
  ];
}

const isHost = (address: NodeAddress, host: string): boolean => address.host.toLowerCase() === host;

const hasPort = (text: string): boolean => /\]:\d+|^[^:]*:\d+/.test(text);

function unknownNode(members: readonly Member[], text: string): TribError {
  const nearest = nearestTo(members, text.trim().toLowerCase());
  return new TribError('UNKNOWN_NODE', `No node of the cluster is called "${text}".`, {
    hint: [
      ...(nearest ? [`Did you mean ${nearest.id} ${formatAddress(nearest.address)}?`] : []),
      'Give a full id, the beginning of one, or host:port; `trib check` lists all nodes.',
    ],
    details: { wanted: text, ...(nearest ? { nearest: nearest.id } : {}) },
  });
}

/** @throws TribError AMBIGUOUS_NODE for a beginning of an id that is too short to be meant. */
function refuseShort(matches: readonly Member[], text: string): void {
  const prefix = text.trim().toLowerCase();
  const isName = matches.some((member) => namesOf(member).some((at) => isHost(at, prefix)));
  const isPrefix = matches.every(({ id }) => id.startsWith(prefix));
  if (prefix.length >= PREFIX_LENGTH_MIN || isName || !isPrefix) return;
  const message = `"${text}" is too short for the beginning of an id: give ${PREFIX_LENGTH_MIN} characters at least.`;
  throw new TribError('AMBIGUOUS_NODE', message, {
    hint: matches.map((member) => `${member.id} ${formatAddress(member.address)}`),
    details: { wanted: text, candidates: matches.map(({ id }) => id) },
  });
}

function ambiguousNode(matches: readonly Member[], text: string): TribError {
  return new TribError('AMBIGUOUS_NODE', `"${text}" fits ${matches.length} nodes.`, {
    hint: matches.map((member) => `${member.id} ${formatAddress(member.address)}`),
    details: { wanted: text, candidates: matches.map(({ id }) => id) },
  });
}

function notAPrimary(members: readonly Member[], member: Member): TribError {
  const primary = members.find(({ id }) => id === member.primaryId);
  return new TribError('NOT_A_PRIMARY', `${nameOf(member)} is a replica; a primary is needed.`, {
    hint: primary
      ? `Its primary is ${primary.id} ${formatAddress(primary.address)}.`
      : 'Its primary is unknown to the cluster; see `trib check`.',
    details: { node: member.id, ...(member.primaryId ? { primary: member.primaryId } : {}) },
  });
}

function notAReplica(members: readonly Member[], member: Member): TribError {
  const replicas = members.filter(({ primaryId }) => primaryId === member.id);
  return new TribError('NOT_A_REPLICA', `${nameOf(member)} is a primary; a replica is needed.`, {
    hint: replicas.length
      ? replicas.map(({ id, address }) => `Replica: ${id} ${formatAddress(address)}`)
      : 'It has no replica.',
    details: { node: member.id, replicas: replicas.map(({ id }) => id) },
  });
}

/** The node whose id or address takes the fewest changes; undefined when nothing comes near. */
function nearestTo(members: readonly Member[], wanted: string): Member | undefined {
  if (wanted === '') return undefined;
  let best: { readonly member: Member; readonly distance: number } | undefined;
  for (const member of members) {
    const isPrefix = /^[0-9a-z]{4,40}$/.test(wanted);
    const names = [
      formatAddress(member.address),
      ...(isPrefix ? [member.id.slice(0, wanted.length)] : []),
    ];
    const distance = Math.min(...names.map((name) => editDistance(name, wanted)));
    if (!best || distance < best.distance) best = { member, distance };
  }
  return best && best.distance <= Math.max(2, wanted.length / 4) ? best.member : undefined;
}

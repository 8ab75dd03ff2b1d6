/** Settings that should be alike on all nodes, and addresses that lead nowhere from elsewhere. */
import { formatAddress, isLoopback } from '../address.js';
import type { Finding } from '../finding.js';
import { groupBy } from '../group-by.js';
import type { Member } from '../view.js';
import { at, finding, listed, plural, type Context } from './context.js';

/** Below this a full garbage collection, a slow command or a fork is a failure. */
const LOW_TIMEOUT_MS = 500;
/** What servers start with. */
const USUAL_TIMEOUT_MS = 15_000;

export function settingFindings(context: Context): readonly Finding[] {
  return [
    ...epochCollisions(context),
    ...mixedVersions(context),
    ...unequalTimeouts(context),
    ...lowTimeouts(context),
    ...loopbacks(context),
    ...differingAddresses(context),
  ];
}

/** With equal epochs two primaries' claims to a slot are settled by node id: either may lose it. */
function epochCollisions(context: Context): readonly Finding[] {
  const owners = context.members.filter(
    ({ role, slots }) => role === 'primary' && slots.length > 0,
  );
  return [...groupBy(owners, ({ record }) => record.configEpoch)]
    .filter(([, members]) => members.length > 1)
    .map(([epoch, members]) =>
      finding({
        id: 'epoch-collision',
        severity: 'warning',
        subject: listed(members.map(at)),
        message: `${members.length} primaries share the config epoch ${epoch}.`,
        evidence: members.map((member) => `${at(member)} has config epoch ${epoch}`),
        cure: [`trib fix ${context.entry} --only epoch-collision`],
        about: members,
      }),
    );
}

function mixedVersions(context: Context): readonly Finding[] {
  const versions = groupKnown(context.members, ({ claim }) =>
    claim?.facts.version === undefined
      ? undefined
      : `${claim.facts.vendor === 'valkey' ? 'valkey' : 'redis'} ${claim.facts.version}`,
  );
  if (versions.length < 2) return [];
  return [
    finding({
      id: 'versions-mixed',
      severity: 'warning',
      subject: 'cluster',
      message: `The nodes run ${versions.length} different versions.`,
      evidence: versions.map(([version, nodes]) => `${version}: ${listed(nodes.map(at))}`),
      cure: ['upgrade the older nodes, replicas first'],
      about: versions.flatMap(([, nodes]) => nodes),
    }),
  ];
}

function unequalTimeouts(context: Context): readonly Finding[] {
  const timeouts = groupKnown(context.members, ({ claim }) => claim?.facts.nodeTimeoutMs);
  if (timeouts.length < 2) return [];
  const [usual] = [...timeouts].sort(([, a], [, b]) => b.length - a.length);
  return [
    finding({
      id: 'node-timeouts-unequal',
      severity: 'warning',
      subject: 'cluster',
      message: `cluster-node-timeout has ${timeouts.length} different values: nodes judge each other by different clocks.`,
      evidence: timeouts.map(([ms, nodes]) => `${ms} ms: ${listed(nodes.map(at))}`),
      cure: [`trib set-timeout ${context.entry} ${usual![0]}`],
      about: timeouts.filter(([ms]) => ms !== usual![0]).flatMap(([, nodes]) => nodes),
    }),
  ];
}

/**
 * Nobody chooses so little: a `create` that was killed leaves its nodes with the timeout it joined them
 * with. All is well then, until the first pause of a process starts an election.
 */
function lowTimeouts(context: Context): readonly Finding[] {
  const low = groupKnown(context.members, ({ claim }) => claim?.facts.nodeTimeoutMs).filter(
    ([ms]) => ms > 0 && ms <= LOW_TIMEOUT_MS,
  );
  if (low.length === 0) return [];
  return [
    finding({
      id: 'node-timeout-low',
      severity: 'warning',
      subject: 'cluster',
      message: `cluster-node-timeout is at most ${LOW_TIMEOUT_MS} ms: a short pause makes a living node look dead.`,
      evidence: low.map(([ms, nodes]) => `${ms} ms: ${listed(nodes.map(at))}`),
      cure: [`trib set-timeout ${context.entry} ${USUAL_TIMEOUT_MS}`],
      about: low.flatMap(([, nodes]) => nodes),
    }),
  ];
}

/** Fine while all live on one machine, a trap as soon as one does not. */
function loopbacks(context: Context): readonly Finding[] {
  const placed = context.members.filter(({ announced }) => announced !== undefined);
  const looping = placed.filter(({ announced }) => isLoopback(announced!.host));
  if (looping.length === 0) return [];
  const isOneHost = looping.length === placed.length;
  return [
    finding({
      id: 'loopback-announced',
      severity: isOneHost ? 'info' : 'warning',
      subject: isOneHost ? 'cluster' : listed(looping.map(at)),
      message: isOneHost
        ? 'All nodes announce loopback addresses: only clients on this machine can use the cluster.'
        : `${plural(looping.length, 'node')} announced with a loopback address, while others are elsewhere.`,
      evidence: isOneHost
        ? []
        : looping.map(
            (member) => `${at(member)} is announced as ${formatAddress(member.announced!)}`,
          ),
      cure: isOneHost
        ? []
        : looping.map(
            (member) =>
              `trib call --here ${at(member)} CONFIG SET cluster-announce-ip <its address>`,
          ),
      about: looping,
    }),
  ];
}

function differingAddresses(context: Context): readonly Finding[] {
  return context.members
    .filter((member) => {
      const { address, announced, claim, record } = member;
      if (!claim || !announced) return false;
      const isNamed = record.hostname !== undefined && record.hostname === address.host;
      return !isNamed && (announced.host !== address.host || announced.port !== address.port);
    })
    .map((member) =>
      finding({
        id: 'announced-address-differs',
        severity: 'info',
        subject: at(member),
        message: `${at(member)} is announced to clients and nodes as ${formatAddress(member.announced!)}.`,
        evidence: [`reached from here at ${at(member)}`],
        about: [member],
      }),
    );
}

/** Members grouped by a fact; those that do not tell are left out. */
function groupKnown<K extends string | number>(
  members: readonly Member[],
  keyOf: (member: Member) => K | undefined,
): readonly (readonly [K, readonly Member[]])[] {
  return [...groupBy(members, keyOf)].flatMap(([key, group]) =>
    key === undefined ? [] : [[key, group] as const],
  );
}

/**
 * A replica takes over. Gracefully the old primary hands over and nothing is lost; `force` is for a dead
 * primary and needs the votes of the others; `takeover` asks nobody. A replica that never copied anything
 * would be promoted with nothing in it: refused, unless the loss is accepted.
 */
import { formatAddress } from '../cluster/address.js';
import { fingerprint } from '../cluster/fingerprint.js';
import type { ClusterView } from '../cluster/model.js';
import { nameOf } from '../cluster/select-node.js';
import { isDown, membersOf, type Member } from '../cluster/view.js';
import { TribError } from '../kernel/errors.js';
import type { NodeId } from '../kernel/node-id.js';
import { formatRanges, rangesOf } from '../kernel/ranges.js';
import { refOfMember } from './node-ref.js';
import type { Plan } from './plan.js';

export interface FailoverWish {
  readonly mode: 'graceful' | 'force' | 'takeover';
  readonly acceptDataLoss?: boolean;
}

export interface FailoverDecision {
  readonly plan: Plan;
  readonly replica: Member;
  readonly primary: Member;
}

/**
 * @param id a replica, or a primary whose best replica is meant.
 * @throws TribError FAILOVER_FAILED, REFUSED
 */
export function planFailover(view: ClusterView, id: NodeId, wish: FailoverWish): FailoverDecision {
  const members = membersOf(view);
  const named = members.find((member) => member.id === id);
  if (!named) throw impossible(`No node ${id} in the cluster.`, 'See `trib check`.');
  const primary =
    named.role === 'primary' ? named : members.find((member) => member.id === named.primaryId);
  if (!primary || primary.role === 'replica') {
    throw impossible(
      `${nameOf(named)} follows no known primary.`,
      `trib call --here ${formatAddress(named.address)} CLUSTER REPLICATE <id of a primary>`,
    );
  }
  const replica = named.role === 'replica' ? named : bestReplica(members, primary);
  refuseUnable(members, replica, primary, wish);
  const stale = staleness(replica, primary);
  if (stale !== undefined && wish.acceptDataLoss !== true) throw lossy(replica, stale, wish);
  return { plan: planOf(view, members, { replica, primary, wish, stale }), replica, primary };
}

/** Link up before down, most data first, then the order of the members. */
function bestReplica(members: readonly Member[], primary: Member): Member {
  const followers = members.filter(
    ({ primaryId, claim, record }) =>
      primaryId === primary.id && claim !== undefined && !record.flags.has('nofailover'),
  );
  const [best] = followers.sort(
    (a, b) =>
      Number(b.claim?.facts.primaryLinkUp === true) -
        Number(a.claim?.facts.primaryLinkUp === true) || offsetOf(b) - offsetOf(a),
  );
  if (best) return best;
  throw impossible(
    `${nameOf(primary)} has no replica that answers.`,
    'Add one with `trib add-node --slave`.',
  );
}

function refuseUnable(
  members: readonly Member[],
  replica: Member,
  primary: Member,
  { mode }: FailoverWish,
): void {
  if (!replica.claim) {
    throw impossible(
      `${nameOf(replica)} does not answer${replica.silence ? `: ${replica.silence.reason}` : ''}.`,
      'Choose another replica.',
    );
  }
  const address = formatAddress(replica.address);
  if (mode === 'graceful' && isDown(primary)) {
    throw impossible(
      `The primary ${nameOf(primary)} is down and cannot hand over.`,
      `trib failover ${address} --force`,
    );
  }
  if (mode === 'graceful' && replica.claim.facts.primaryLinkUp === false) {
    throw impossible(`${nameOf(replica)} has no working link to its primary ${nameOf(primary)}.`, [
      `trib call --here ${address} INFO replication`,
      'Choose another replica.',
    ]);
  }
  if (mode !== 'takeover') refuseWithoutMajority(members, address);
}

/** A promotion needs the votes of most primaries that own slots. */
function refuseWithoutMajority(members: readonly Member[], address: string): void {
  const voters = members.filter(({ role, slots }) => role === 'primary' && slots.length > 0);
  const alive = voters.filter((voter) => !isDown(voter));
  const needed = Math.floor(voters.length / 2) + 1;
  if (alive.length >= needed) return;
  throw impossible(
    `Only ${alive.length} of ${voters.length} primaries are alive, ${needed} must vote: no election can be won.`,
    [
      'Start the dead primaries again.',
      `If they are gone for good: trib failover ${address} --takeover   (asks nobody; writes on the other side of a partition are lost)`,
    ],
  );
}

/** Why the replica may lack data; undefined when it has what can be had. */
function staleness(replica: Member, primary: Member): string | undefined {
  const facts = replica.claim?.facts;
  // A link that is up has synced, even if an idle cluster never got past offset 0.
  if (facts?.replicationOffset === 0 && facts.primaryLinkUp !== true) {
    return 'it has never copied anything (offset 0)';
  }
  if (facts?.primaryLinkUp === false && !isDown(primary)) {
    return 'its link is down while its primary lives and goes on taking writes';
  }
  return undefined;
}

function lossy(replica: Member, stale: string, { mode }: FailoverWish): TribError {
  return new TribError('REFUSED', `Promoting ${nameOf(replica)} would lose data: ${stale}.`, {
    hint: `To do it all the same: trib failover ${formatAddress(replica.address)}${mode === 'graceful' ? '' : ` --${mode}`} --accept-data-loss`,
    details: { node: replica.id },
  });
}

interface Handover {
  readonly replica: Member;
  readonly primary: Member;
  readonly wish: FailoverWish;
  readonly stale: string | undefined;
}

function planOf(view: ClusterView, members: readonly Member[], handover: Handover): Plan {
  const { replica, primary, wish } = handover;
  const living = members.filter((member) => !isDown(member));
  const followers = living.filter(
    ({ id, primaryId }) => id !== replica.id && (id === primary.id || primaryId === primary.id),
  );
  return {
    command: 'failover',
    fingerprint: fingerprint(view),
    stages: [
      {
        title: `Promoting ${formatAddress(replica.address)} in place of ${formatAddress(primary.address)}`,
        steps: [
          {
            kind: 'failover',
            node: refOfMember(replica),
            mode: wish.mode,
            why: `it takes over slots ${formatRanges(primary.slots) || '(none)'}`,
          },
        ],
        settled: {
          kind: 'promoted',
          node: refOfMember(replica),
          from: primary.id,
          slots: primary.slots,
          followers: followers.map(refOfMember),
          witnesses: living.map(refOfMember),
        },
      },
    ],
    remarks: remarksOn(handover),
  };
}

function remarksOn({ replica, primary, wish, stale }: Handover): readonly string[] {
  const open = rangesOf([...primary.record.migrating.keys(), ...primary.record.importing.keys()]);
  return [
    ...(stale === undefined ? [] : [`${nameOf(replica)} may lack data: ${stale}.`]),
    ...(wish.mode === 'takeover'
      ? [
          'A takeover asks no other node. If the old primary lives on behind a partition, cut its clients off first: what they write there is lost.',
        ]
      : []),
    ...(wish.mode !== 'graceful' && !isDown(primary)
      ? [`${nameOf(primary)} is alive: writes it has not yet sent to the replica are lost.`]
      : []),
    ...(open.length > 0
      ? [
          `Slots ${formatRanges(open)} are being moved; the marks of the move are lost with the old primary.`,
        ]
      : []),
  ];
}

const offsetOf = ({ claim }: Member): number => claim?.facts.replicationOffset ?? 0;

function impossible(message: string, hint: string | readonly string[]): TribError {
  return new TribError('FAILOVER_FAILED', message, { hint });
}

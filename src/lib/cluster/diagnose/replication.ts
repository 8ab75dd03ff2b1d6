/** Replication: who has a copy, who has none, and who follows somebody it should not. */
import type { Finding } from '../finding.js';
import { groupBy } from '../group-by.js';
import { isDown, type Member } from '../view.js';
import { at, finding, listed, nodeText, plural, type Context } from './context.js';

/** Below three primaries no majority survives the loss of one. */
const PRIMARIES_MIN = 3;

export function replicationFindings(context: Context): readonly Finding[] {
  const replicas = context.members.filter(({ role, claim }) => role === 'replica' && claim);
  return [
    ...replicas.flatMap((replica) => following(context, replica)),
    ...barePrimaries(context),
    ...idlePrimaries(context),
    ...sharedHosts(context),
    ...fewPrimaries(context),
  ];
}

function following(context: Context, replica: Member): readonly Finding[] {
  const primary = replica.primaryId === undefined ? undefined : context.byId.get(replica.primaryId);
  if (!primary) {
    return [
      finding({
        id: 'replica-of-unknown',
        severity: 'warning',
        subject: at(replica),
        message: `${at(replica)} replicates a node that nobody knows.`,
        evidence: [`${at(replica)} names ${replica.primaryId ?? 'no node at all'} as its primary`],
        cure: [`trib call --here ${at(replica)} CLUSTER REPLICATE <id of a primary>`],
        about: [replica],
      }),
    ];
  }
  if (primary.role === 'replica') {
    return [
      finding({
        id: 'replica-of-replica',
        severity: 'warning',
        subject: at(replica),
        message: `${at(replica)} replicates ${nodeText(context, primary.id)}, which is a replica itself.`,
        evidence: [
          `${at(primary)} replicates ${primary.primaryId ? nodeText(context, primary.primaryId) : 'nobody'}`,
        ],
        cure: [
          `trib call --here ${at(replica)} CLUSTER REPLICATE ${primary.primaryId ?? '<id of a primary>'}`,
          `trib fix ${context.entry} --only replica-of-replica`,
        ],
        about: [replica, primary],
      }),
    ];
  }
  // With a dead primary the link is down of course; that is the primary's finding.
  if (replica.claim?.facts.primaryLinkUp !== false || isDown(primary)) return [];
  return [
    finding({
      id: 'replica-unsynced',
      severity: 'warning',
      subject: at(replica),
      message: `${at(replica)} has no working link to its primary ${nodeText(context, primary.id)}.`,
      evidence: [`${at(replica)} says master_link_status:down`, ...offsets(replica, primary)],
      cure: [`trib call --here ${at(replica)} INFO replication`, `trib wait ${context.entry}`],
      about: [replica],
    }),
  ];
}

function offsets(replica: Member, primary: Member): readonly string[] {
  const own = replica.claim?.facts.replicationOffset;
  const theirs = primary.claim?.facts.replicationOffset;
  return own === undefined || theirs === undefined
    ? []
    : [`offset ${own} on the replica, ${theirs} on the primary`];
}

function barePrimaries(context: Context): readonly Finding[] {
  const followers = groupBy(context.members, ({ primaryId }) => primaryId);
  return context.members
    .filter((member) => member.role === 'primary' && member.claim && member.slots.length > 0)
    .flatMap((primary) => {
      const replicas = followers.get(primary.id) ?? [];
      if (replicas.some((replica) => !isDown(replica))) return [];
      return [
        finding({
          id: 'primary-without-replica',
          severity: 'warning',
          subject: at(primary),
          message: `${at(primary)} has no ${replicas.length ? 'living ' : ''}replica: its slots are lost with it.`,
          evidence: replicas.map((replica) => `its replica ${at(replica)} is down`),
          cure: [`trib add-node <new node> ${context.entry} --slave --master-id ${primary.id}`],
          about: [primary],
        }),
      ];
    });
}

/**
 * One that lost its slots (to a failover it slept through, to a reshard) and follows nobody: it serves
 * nothing and copies nothing. A node that was just added never had slots, and so no config epoch.
 */
function idlePrimaries(context: Context): readonly Finding[] {
  return context.members
    .filter(({ role, claim, slots, record }) => {
      return role === 'primary' && claim && slots.length === 0 && record.configEpoch > 0;
    })
    .map((primary) =>
      finding({
        id: 'primary-without-slots',
        severity: 'info',
        subject: at(primary),
        message: `${at(primary)} is a primary without slots: it serves nothing, and follows nobody.`,
        evidence: [`${at(primary)} has config epoch ${primary.record.configEpoch} and no slots`],
        cure: [
          `trib call --here ${at(primary)} CLUSTER REPLICATE <id of a primary>`,
          `trib del-node ${context.entry} ${primary.id}`,
        ],
        about: [primary],
      }),
    );
}

/** On one single host there is nothing to choose, so that is merely told. */
function sharedHosts(context: Context): readonly Finding[] {
  const hostOf = ({ announced, address }: Member) => (announced ?? address).host;
  const hosts = new Set(context.members.filter(({ claim }) => claim).map(hostOf));
  const sharing = context.members.filter((replica) => {
    const primary = replica.primaryId && context.byId.get(replica.primaryId);
    return primary && hostOf(primary) === hostOf(replica) && hostOf(replica) !== '';
  });
  if (sharing.length === 0) return [];
  if (hosts.size === 1) {
    const [host] = hosts;
    return [
      finding({
        id: 'replica-on-primary-host',
        severity: 'info',
        subject: host!,
        message: `All nodes share the host ${host!}: no replica outlives it.`,
        about: sharing,
      }),
    ];
  }
  return sharing.map((replica) =>
    finding({
      id: 'replica-on-primary-host',
      severity: 'warning',
      subject: at(replica),
      message: `${at(replica)} is on the same host as its primary ${nodeText(context, replica.primaryId!)}.`,
      evidence: [`both are on ${hostOf(replica)}`],
      cure: [`trib call --here ${at(replica)} CLUSTER REPLICATE <id of a primary on another host>`],
      about: [replica],
    }),
  );
}

function fewPrimaries(context: Context): readonly Finding[] {
  const primaries = context.members.filter(
    ({ role, slots }) => role === 'primary' && slots.length > 0,
  );
  if (primaries.length === 0 || primaries.length >= PRIMARIES_MIN) return [];
  return [
    finding({
      id: 'few-primaries',
      severity: 'warning',
      subject: 'cluster',
      message: `${plural(primaries.length, 'primary').replace('primarys', 'primaries')} with slots: no majority is left to fail over when one dies.`,
      evidence: [`primaries with slots: ${listed(primaries.map(at))}`],
      cure: [`trib add-node <new node> ${context.entry}`],
      about: primaries,
    }),
  ];
}

/**
 * Which node of every shard gives its data, and what the file is called. The primary has the newest data; a
 * replica has them a little later, and spares the primary the work.
 */
import { formatAddress } from '../cluster/address.js';
import { fingerprint } from '../cluster/fingerprint.js';
import type { ClusterView } from '../cluster/model.js';
import { nameOf } from '../cluster/select-node.js';
import { membersOf, type Member } from '../cluster/view.js';
import { TribError } from '../kernel/errors.js';
import type { NodeId } from '../kernel/node-id.js';
import { countSlots, formatRanges, type SlotRange } from '../kernel/ranges.js';
import type { DataStep } from './data-step.js';
import { refOfMember } from './node-ref.js';
import type { NodeRef, Plan } from './plan.js';

export interface BackupWish {
  readonly fromReplicas: boolean;
}

export interface ShardToSave {
  readonly primaryId: NodeId;
  /** Who gives the data. */
  readonly node: NodeRef;
  readonly role: 'primary' | 'replica';
  readonly slots: readonly SlotRange[];
  readonly configEpoch: number;
  readonly version: string | undefined;
  readonly file: string;
}

export interface BackupPlan extends Plan<DataStep> {
  readonly shards: readonly ShardToSave[];
}

/** @throws TribError NODE_UNREACHABLE when nobody has the data of some slots */
export function planBackup(view: ClusterView, wish: BackupWish): BackupPlan {
  const members = membersOf(view);
  const primaries = members.filter(
    ({ role, slots }) => role === 'primary' && countSlots(slots) > 0,
  );
  const remarks: string[] = [];
  const shards = primaries.map((primary) => {
    const giver = giverOf(primary, members, wish);
    if (giver === undefined) throw nobodyGives(primary);
    if (wish.fromReplicas && giver === primary) {
      remarks.push(`${nameOf(primary)} has no replica that is up to it: it gives its data itself.`);
    }
    if (!wish.fromReplicas && giver !== primary) {
      remarks.push(
        `${nameOf(primary)} does not answer: ${nameOf(giver)}, its replica, gives the data.`,
      );
    }
    return shardOf(primary, giver);
  });
  return {
    command: 'backup',
    fingerprint: fingerprint(view),
    shards,
    stages: [
      {
        title: `Saving the data of ${shards.length} shard${shards.length === 1 ? '' : 's'}`,
        steps: shards.map(({ node, file, slots, role }) => ({
          kind: 'save-snapshot',
          node,
          file,
          why: `${role} of slots ${formatRanges(slots)}`,
        })),
        settled: { kind: 'at-once' },
      },
    ],
    remarks,
  };
}

function giverOf(
  primary: Member,
  members: readonly Member[],
  { fromReplicas }: BackupWish,
): Member | undefined {
  const replicas = members.filter(
    ({ role, primaryId, claim }) => role === 'replica' && primaryId === primary.id && claim,
  );
  const isLinked = ({ claim }: Member): boolean => claim!.facts.primaryLinkUp === true;
  // A server without its primary refuses to give a snapshot.
  const linked = replicas
    .filter(isLinked)
    .sort((a, b) => offsetOf(b) - offsetOf(a))
    .at(0);
  if (fromReplicas && linked) return linked;
  return primary.claim ? primary : linked;
}

const offsetOf = ({ claim }: Member): number => claim?.facts.replicationOffset ?? 0;

function shardOf(primary: Member, giver: Member): ShardToSave {
  const { host, port } = giver.address;
  // A colon cannot stand in a file name everywhere.
  const name = host.replaceAll(/[^\w.-]/g, '_');
  return {
    primaryId: primary.id,
    node: refOfMember(giver),
    role: giver.role,
    slots: primary.slots,
    configEpoch: primary.record.configEpoch,
    version: giver.claim?.facts.version,
    file: `redis-node-${name}-${port}-${giver.id}.rdb`,
  };
}

function nobodyGives(primary: Member): TribError {
  return new TribError(
    'NODE_UNREACHABLE',
    `Nobody can give the data of slots ${formatRanges(primary.slots)}: ${nameOf(primary)} does not answer, and no replica is in touch with it.`,
    {
      hint: `trib failover can make a replica of it the primary; then take the backup. (${formatAddress(primary.address)})`,
    },
  );
}

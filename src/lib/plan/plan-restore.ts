/**
 * Which node gets how many of a backup's keys. The cluster may have any shape: a key goes to whoever owns
 * its slot now. Only data come back, and functions; which nodes there were, and under which ids, does not.
 */
import { formatAddress } from '../cluster/address.js';
import { countKeys } from '../cluster/facts.js';
import { fingerprint } from '../cluster/fingerprint.js';
import type { ClusterView } from '../cluster/model.js';
import { ownershipOf } from '../cluster/ownership.js';
import { membersOf } from '../cluster/view.js';
import { TribError } from '../kernel/errors.js';
import type { NodeId } from '../kernel/node-id.js';
import { countSlots } from '../kernel/ranges.js';
import type { DataStep } from './data-step.js';
import { refOfMember } from './node-ref.js';
import type { Plan, Stage } from './plan.js';

export interface BackupContents {
  /** By slot. */
  readonly keysOfSlot: ArrayLike<number>;
  readonly keyCount: number;
  /** Keys whose time was up before now; they are left out, and not in the counts. */
  readonly expired: number;
  readonly hasFunctions: boolean;
  /** Shards disagree about their functions. */
  readonly functionsDiffer: boolean;
}

export interface RestoreWish {
  readonly replace: boolean;
  readonly skipFunctions: boolean;
}

/** @throws TribError NODE_NOT_EMPTY unless keys may be replaced */
export function planRestore(
  view: ClusterView,
  contents: BackupContents,
  wish: RestoreWish,
): Plan<DataStep> {
  refuseFilled(view, wish);
  const counts = keysOfOwners(view, contents);
  const owners = membersOf(view).filter(({ slots }) => countSlots(slots) > 0);
  const withFunctions = contents.hasFunctions && !wish.skipFunctions;
  const stages: Stage<DataStep>[] = [];
  if (withFunctions) {
    stages.push({
      title: 'Loading functions into every primary',
      steps: owners.map((owner) => ({
        kind: 'load-functions',
        node: refOfMember(owner),
        why: 'every primary runs them for its own keys',
      })),
      settled: { kind: 'at-once' },
    });
  }
  const receivers = owners.filter(({ id }) => (counts.get(id) ?? 0) > 0);
  if (receivers.length > 0) {
    stages.push({
      title: `Restoring ${contents.keyCount} keys`,
      steps: receivers.map((owner) => ({
        kind: 'load-keys',
        node: refOfMember(owner),
        keyCount: counts.get(owner.id)!,
        why: 'it owns their slots',
      })),
      settled: { kind: 'at-once' },
    });
  }
  return {
    command: 'restore',
    fingerprint: fingerprint(view),
    stages,
    remarks: remarksOf(view, contents, wish),
  };
}

function keysOfOwners(view: ClusterView, { keysOfSlot }: BackupContents): Map<NodeId, number> {
  const { ownerOf } = ownershipOf(view);
  const counts = new Map<NodeId, number>();
  for (let slot = 0; slot < keysOfSlot.length; slot++) {
    const owner = ownerOf[slot];
    const keys = keysOfSlot[slot]!;
    if (owner && keys > 0) counts.set(owner.id, (counts.get(owner.id) ?? 0) + keys);
  }
  return counts;
}

function refuseFilled(view: ClusterView, { replace }: RestoreWish): void {
  const filled = membersOf(view).filter(({ claim }) => claim && countKeys(claim.facts) > 0);
  const first = filled[0];
  if (!first || replace) return;
  const where = formatAddress(first.address);
  throw new TribError(
    'NODE_NOT_EMPTY',
    `The cluster is not empty: ${where} holds ${countKeys(first.claim!.facts)} keys.`,
    {
      hint: [
        'Restore into an empty cluster, or with --replace: keys of the backup then overwrite those of the same name,',
        'and keys that are not in the backup stay.',
      ],
      details: { nodes: filled.map(({ id }) => id) },
    },
  );
}

function remarksOf(
  view: ClusterView,
  { expired, functionsDiffer }: BackupContents,
  { replace, skipFunctions }: RestoreWish,
): readonly string[] {
  const present = membersOf(view)
    .filter(({ role, claim }) => role === 'primary' && claim)
    .reduce((sum, { claim }) => sum + countKeys(claim!.facts), 0);
  return [
    ...(replace && present > 0
      ? [
          `The cluster holds ${present} keys: those that are in the backup, too, are overwritten, the others stay.`,
        ]
      : []),
    ...(expired > 0
      ? [`${expired} keys of the backup have expired since: they are left out.`]
      : []),
    ...(functionsDiffer && !skipFunctions
      ? ['The shards of the backup had different functions: those of the first one are loaded.']
      : []),
  ];
}

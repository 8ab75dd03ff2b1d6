/** Plan files on the disk: `--plan-out` writes them, `plan show` and `apply` read them. */
import { writeFileSync } from 'node:fs';
import { formatAddress } from '../cluster/address.js';
import { fingerprintOf } from '../cluster/fingerprint.js';
import type { ClusterView } from '../cluster/model.js';
import { differenceBetween, isSameCluster, pictureOf } from '../cluster/picture.js';
import { membersOf } from '../cluster/view.js';
import { TribError, messageOf } from '../kernel/errors.js';
import { refOfMember } from '../plan/node-ref.js';
import { parsePlan, serialisePlan, type PlanFile } from '../plan/plan-file.js';
import type { Plan } from '../plan/plan.js';
import { rebindPlan } from '../plan/rebind.js';
import { readBounded } from './journal/store.js';

/** @throws TribError USAGE when the file cannot be written */
export function writePlan(path: string, file: PlanFile): void {
  try {
    writeFileSync(path, serialisePlan(file));
  } catch (cause) {
    throw new TribError('USAGE', `--plan-out ${path} cannot be written: ${messageOf(cause)}`, {
      cause,
    });
  }
}

/** @throws TribError USAGE when it cannot be read, CORRUPT_FILE when it is not what was written */
export function readPlan(path: string): PlanFile {
  let text: string;
  try {
    text = readBounded(path).toString('utf8');
  } catch (cause) {
    throw new TribError('USAGE', `${path} cannot be read: ${messageOf(cause)}`, { cause });
  }
  const file = parsePlan(text);
  if (file.ok) return file.value;
  throw new TribError('CORRUPT_FILE', `${path} is not as it was written: ${file.error}.`, {
    hint: 'Make the plan again with --plan-out.',
    details: { path },
  });
}

export type Fit =
  | { readonly kind: 'fits' }
  | { readonly kind: 'stale'; readonly difference: string }
  | { readonly kind: 'foreign' };

/** Whether what the file plans can still be done in this cluster. */
export function fitOf({ plan, cluster }: PlanFile, view: ClusterView): Fit {
  const now = pictureOf(view);
  if (!isSameCluster(cluster, now)) return { kind: 'foreign' };
  if (fingerprintOf(now) === plan.fingerprint) return { kind: 'fits' };
  const difference = differenceBetween(cluster, now);
  return { kind: 'stale', difference: difference ?? 'The plan was made for another state of it.' };
}

/** @throws TribError FOREIGN_CLUSTER, PLAN_STALE */
export function refuseUnfit(file: PlanFile, view: ClusterView): void {
  const fit = fitOf(file, view);
  switch (fit.kind) {
    case 'fits':
      return;
    case 'foreign': {
      const { reachedAt } = view.claims.get(view.entryId)!;
      throw new TribError(
        'FOREIGN_CLUSTER',
        `The plan is for another cluster: ${formatAddress(reachedAt)} belongs to none of its nodes.`,
        { hint: `It was made at ${formatAddress(file.entry)}.` },
      );
    }
    case 'stale':
      throw new TribError('PLAN_STALE', `The plan does not fit any more. ${fit.difference}`, {
        hint: `It was made ${file.madeAt}. Plan again: trib ${file.plan.command} ${formatAddress(file.entry)} --plan-out FILE`,
        details: { difference: fit.difference, madeAt: file.madeAt },
      });
  }
}

/** The plan with its nodes as they are reached from here today: it may have been made elsewhere. */
export function planFor(view: ClusterView, plan: Plan): Plan {
  const members = new Map(membersOf(view).map((member) => [member.id, member]));
  return rebindPlan(plan, (node) => {
    const member = members.get(node.id);
    return member ? refOfMember(member) : node;
  });
}

/** Has the cluster changed since it was planned? Says the one change that explains it best. */
import { fingerprintOf } from '../../cluster/fingerprint.js';
import { differenceBetween, type ClusterPicture } from '../../cluster/picture.js';
import { TribError } from '../../kernel/errors.js';
import type { Plan } from '../../plan/plan.js';

/** @param before as the plan was made for it, where that is known. @throws TribError PLAN_STALE */
export function refuseStalePlan(
  plan: Plan,
  before: ClusterPicture | undefined,
  now: ClusterPicture,
): void {
  const fingerprint = fingerprintOf(now);
  if (fingerprint === plan.fingerprint) return;
  const difference = before && differenceBetween(before, now);
  const message = 'The nodes have changed since this was planned.';
  throw new TribError(
    'PLAN_STALE',
    difference === undefined ? message : `${message} ${difference}`,
    {
      hint: `Somebody else may be at work on it. Look at \`trib check\`, then run \`trib ${plan.command}\` again.`,
      details: {
        planned: plan.fingerprint,
        fingerprint,
        ...(difference === undefined ? {} : { difference }),
      },
    },
  );
}

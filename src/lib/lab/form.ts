/** A cluster out of servers just started: what `trib create` does, without a person to ask or to tell. */
import { formatAddress } from '../cluster/address.js';
import type { ClusterView, NodeAddress } from '../cluster/model.js';
import { RedisLinks } from '../client/redis-links.js';
import type { ConnectionOptions } from '../client/connection-options.js';
import type { ExecutionContext } from '../execute/context.js';
import { createCluster, joinPromptly } from '../execute/create-cluster.js';
import { observe, observeAll } from '../execute/observe.js';
import { TribError } from '../kernel/errors.js';
import { planCreate } from '../plan/plan-create.js';

export interface FormOptions {
  readonly replicasPerPrimary: number;
  readonly deadlineMs: number;
  readonly connection?: ConnectionOptions | undefined;
}

/** @returns the converged cluster. @throws TribError as `trib create`; the nodes are empty again then. */
export async function formCluster(
  addresses: readonly NodeAddress[],
  options: FormOptions,
): Promise<ClusterView> {
  const links = new RedisLinks(options.connection ?? {});
  try {
    const { claims, silences } = await observeAll(links, addresses);
    const [silent] = silences;
    if (silent) {
      throw new TribError('LAB', `${formatAddress(silent.address)} does not answer.`, {
        hint: silent.reason,
      });
    }
    const wish = { replicas: options.replicasPerPrimary, acceptFewPrimaries: true };
    const decision = planCreate(claims, wish);
    if (decision.kind === 'already-created') return await observe(links, addresses[0]!);
    const context: ExecutionContext = {
      links,
      deadlineMs: options.deadlineMs,
      report: () => undefined,
      // Everything is on this machine: what we reach, the nodes reach.
      announce: (address) => Promise.resolve(address),
    };
    return await createCluster(decision.plan, context, { joinsPromptly: joinPromptly(claims) });
  } finally {
    links.closeAll();
  }
}

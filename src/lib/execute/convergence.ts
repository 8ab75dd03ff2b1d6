/**
 * Has the cluster come to rest? Every node that answers knows every other one without a handshake, all
 * give the same slots to the same nodes, every node calls the cluster healthy, and every replica is
 * connected to its primary. `trib wait` waits for this, and every change ends with it.
 */
import { agreementOf } from '../cluster/agreement.js';
import { formatAddress } from '../cluster/address.js';
import type { Claim, ClusterView, NodeAddress } from '../cluster/model.js';
import { RecordPool } from '../cluster/nodes-reply.js';
import { TribError } from '../kernel/errors.js';
import type { ExecutionContext } from './context.js';
import { observe } from './observe.js';
import { PAUSE_MS_MIN, PAUSE_MS_PER_NODE, waitFor, type Look } from './wait.js';

export interface ConvergenceWish {
  /** So many nodes must be there; default: as many as know each other. */
  readonly nodeCount?: number;
  /** Nodes that are dead and known to be do not hold up the rest. */
  readonly ignoreSilent?: boolean;
}

/** What keeps this view from being converged, one line each; empty when it is. */
export function unsettled(view: ClusterView, wish: ConvergenceWish = {}): readonly string[] {
  const claims = [...view.claims.values()];
  const missing = claims.flatMap((claim) => unsettledAt(claim, wish));
  if (wish.nodeCount !== undefined && claims.length < wish.nodeCount) {
    missing.push(`${claims.length} of ${wish.nodeCount} nodes are there`);
  }
  if (wish.ignoreSilent !== true) {
    missing.push(
      ...view.silences.map(({ address, reason }) => `${formatAddress(address)}: ${reason}`),
    );
  }
  missing.push(...claims.flatMap((claim) => outdatedRoles(claim, view)));
  const { parties } = agreementOf(claims);
  for (const { claims: dissent } of parties.slice(1)) {
    const names = dissent.map(({ reachedAt }) => formatAddress(reachedAt)).join(', ');
    missing.push(`${names}: another view of the cluster than the others`);
  }
  return missing;
}

/** Nodes of which this one has not heard yet whom they follow now. */
function outdatedRoles({ reachedAt, records }: Claim, view: ClusterView): string[] {
  for (const [id, record] of records) {
    const own = view.claims.get(id)?.self;
    if (own === undefined || own.primaryId === record.primaryId) continue;
    return [`${formatAddress(reachedAt)} has not heard the new role of ${formatAddress(record)}`];
  }
  return [];
}

function unsettledAt({ reachedAt, records, self, facts }: Claim, wish: ConvergenceWish): string[] {
  const name = formatAddress(reachedAt);
  const missing: string[] = [];
  const shaking = [...records.values()].find(({ flags }) => flags.has('handshake'));
  if (shaking) missing.push(`${name} is in a handshake with ${formatAddress(shaking)}`);
  const lost = [...records.values()].find(
    (record) =>
      record.id !== self.id &&
      !record.isLinkUp &&
      !record.flags.has('handshake') &&
      !(wish.ignoreSilent === true && record.flags.has('fail')),
  );
  if (lost) missing.push(`${name} has no link to ${formatAddress(lost)}`);
  if (facts.clusterState !== 'ok')
    missing.push(`${name} says cluster_state:${facts.clusterState ?? '?'}`);
  if (facts.role === 'replica' && facts.primaryLinkUp !== true) {
    missing.push(`${name} has no link to its primary`);
  }
  return missing;
}

/**
 * The view, or why there is none yet: the node everybody was introduced to may be too busy with handshakes
 * to answer for seconds, which is no reason to undo a hundred of them.
 */
async function lookFrom(
  entry: NodeAddress,
  { links }: ExecutionContext,
  pool: RecordPool,
): Promise<ClusterView | string> {
  try {
    return await observe(links, entry, { pool });
  } catch (error) {
    if (error instanceof TribError && error.code === 'NO_ANSWER') return error.message;
    throw error;
  }
}

/** @throws TribError DEADLINE naming what is missing, INTERRUPTED */
export async function waitConverged(
  entry: NodeAddress,
  context: ExecutionContext,
  wish: ConvergenceWish = {},
): Promise<ClusterView> {
  const pool = new RecordPool();
  const pauseMs = Math.max(PAUSE_MS_MIN, (wish.nodeCount ?? 0) * PAUSE_MS_PER_NODE);
  const wait = { what: 'Waiting for the cluster to agree', pauseMs, ...context };
  const answer = await waitFor<ClusterView>(wait, async (): Promise<Look<ClusterView>> => {
    const view = await lookFrom(entry, context, pool);
    if (typeof view === 'string') return { done: false, missing: [view] };
    const missing = unsettled(view, wish);
    return missing.length === 0 ? { done: true, value: view } : { done: false, missing };
  });
  if (answer.done) return answer.value;
  throw new TribError('DEADLINE', `The cluster has not converged after ${context.deadlineMs} ms.`, {
    hint: [...answer.missing.slice(0, 10), '`trib check` explains more; --deadline waits longer.'],
    details: { missing: answer.missing },
  });
}

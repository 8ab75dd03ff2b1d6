/**
 * Before slots move. A node that has just joined says `cluster_state:fail` for some seconds, and those who
 * have not heard of it tell another story than the others: both pass by themselves, and a move that begins
 * before would fail half-way. So what may pass is waited for; what does not pass is left to the caller.
 */
import { diagnose } from '../cluster/diagnose.js';
import type { FindingId } from '../cluster/finding.js';
import type { ClusterView, NodeAddress } from '../cluster/model.js';
import { RecordPool } from '../cluster/nodes-reply.js';
import type { ExecutionContext } from './context.js';
import { observe } from './observe.js';
import { waitFor, type Look } from './wait.js';

const PASSING: ReadonlySet<FindingId> = new Set([
  'views-differ',
  'cluster-state-fail',
  'handshake-lasting',
]);

/**
 * @param stoppers findings that would stop what is to be done.
 * @returns the cluster as it was seen last: when none of them is there, or one that does not pass, or time is up.
 * @throws TribError INTERRUPTED
 */
export async function waitReady(
  entry: NodeAddress,
  context: ExecutionContext,
  stoppers: ReadonlySet<FindingId>,
): Promise<ClusterView> {
  const pool = new RecordPool();
  const options = context.signal ? { pool, signal: context.signal } : { pool };
  let view: ClusterView;
  const look = async (): Promise<Look<undefined>> => {
    view = await observe(context.links, entry, options);
    const stopping = diagnose(view).filter(({ id }) => stoppers.has(id));
    const isPassing = stopping.length > 0 && stopping.every(({ id }) => PASSING.has(id));
    if (!isPassing) return { done: true, value: undefined };
    return { done: false, missing: stopping.map(({ message }) => message) };
  };
  if (!(await look()).done) {
    await waitFor({ what: 'Waiting for the cluster to agree', ...context }, look);
  }
  return view!;
}

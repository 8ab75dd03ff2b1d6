/**
 * Before slots move. A node that has just joined says `cluster_state:fail` for some seconds, and those who
 * have not heard of it tell another story than the others: both pass by themselves, and a move that begins
 * before would fail half-way. So what may pass is waited for; what does not pass is left to the caller.
 */
import { diagnose } from '../cluster/diagnose.js';
import type { Finding, FindingId } from '../cluster/finding.js';
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

/** @param stoppers findings that would stop what is to be done. @throws TribError INTERRUPTED */
export async function observeReady(
  entry: NodeAddress,
  context: ExecutionContext,
  stoppers: ReadonlySet<FindingId>,
): Promise<{ readonly view: ClusterView; readonly findings: readonly Finding[] }> {
  const pool = new RecordPool();
  const options = context.signal ? { pool, signal: context.signal } : { pool };
  const look = async () => {
    const view = await observe(context.links, entry, options);
    return { view, findings: diagnose(view) };
  };
  let latest = await look();
  const isPassing = (): boolean => {
    const stopping = latest.findings.filter(({ id }) => stoppers.has(id));
    return stopping.length > 0 && stopping.every(({ id }) => PASSING.has(id));
  };
  if (!isPassing()) return latest;
  const what = 'Waiting for the cluster to agree';
  await waitFor({ what, ...context }, async (): Promise<Look<undefined>> => {
    latest = await look();
    if (!isPassing()) return { done: true, value: undefined };
    return { done: false, missing: latest.findings.map(({ message }) => message) };
  });
  return latest;
}

/**
 * Before slots move. A node that has just joined says `cluster_state:fail` for some seconds, and those who
 * have not heard of it tell another story than the others: both pass by themselves, and a move that begins
 * before would fail half-way. So what may pass is waited for; what does not pass is left to the caller.
 */
import { diagnose } from '../cluster/diagnose.js';
import type { Finding, FindingId } from '../cluster/finding.js';
import type { NodeAddress } from '../cluster/model.js';
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
 * @returns when none of them is there, or one that does not pass, or time is up. @throws INTERRUPTED
 */
export async function waitReady(
  entry: NodeAddress,
  context: ExecutionContext,
  stoppers: ReadonlySet<FindingId>,
): Promise<void> {
  const pool = new RecordPool();
  const options = context.signal ? { pool, signal: context.signal } : { pool };
  const passing = async (): Promise<readonly Finding[]> => {
    const findings = diagnose(await observe(context.links, entry, options));
    const stopping = findings.filter(({ id }) => stoppers.has(id));
    return stopping.every(({ id }) => PASSING.has(id)) ? stopping : [];
  };
  if ((await passing()).length === 0) return;
  const what = 'Waiting for the cluster to agree';
  await waitFor({ what, ...context }, async (): Promise<Look<undefined>> => {
    const missing = (await passing()).map(({ message }) => message);
    return missing.length === 0 ? { done: true, value: undefined } : { done: false, missing };
  });
}

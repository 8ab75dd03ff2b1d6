/**
 * Making gossip fast while a cluster is being born. Nodes ping each other at half the node timeout, and a
 * node that was alone waits for `clamp(node timeout, 500 ms, 5 s)` before it calls the cluster healthy:
 * with the default of 15 s nearly all of the time a `create` takes is spent waiting for these two. On
 * nodes that hold nothing yet, the timeout can be lowered without harm. It is set with CONFIG SET only,
 * never rewritten to the file, and put back on every way out.
 */
import { formatAddress } from '../cluster/address.js';
import { AssertionFailure, TribError, messageOf } from '../kernel/errors.js';
import { CONCURRENT_NODES_MAX } from '../kernel/limits.js';
import type { NodeRef } from '../plan/plan.js';
import type { ExecutionContext } from './context.js';
import { mapBounded } from './map-bounded.js';

const OPTION = 'cluster-node-timeout';

/** Below this no wait gets shorter (a fresh node waits 500 ms in any case), only the traffic grows. */
const HURRIED_MS = 300;
/** Pings grow with the square of the nodes: many nodes on few cores would drown in them. */
const HURRIED_MANY_MS = 2_000;
const MANY_NODES = 40;

export interface Hurry {
  /** True when every node accepted the lower timeout. */
  readonly isFast: boolean;
  /** Puts every timeout back. Never throws; what could not be restored is reported with the cure. */
  readonly restore: () => Promise<void>;
}

/** @param nodes still empty. Where CONFIG is refused everything stays as it is, and this is said. */
export async function hurry(nodes: readonly NodeRef[], context: ExecutionContext): Promise<Hurry> {
  const { links, report } = context;
  const targetMs = nodes.length > MANY_NODES ? HURRIED_MANY_MS : HURRIED_MS;
  const before = new Map<NodeRef, string>();
  const forgetWill = context.atExit?.(() => putBack(before, context));
  const restore = async (): Promise<void> => {
    await putBack(before, context);
    forgetWill?.();
  };
  const refusals: string[] = [];
  await mapBounded(nodes, CONCURRENT_NODES_MAX, async (node) => {
    const link = links.to(node.address);
    try {
      const reply = await link.call(['CONFIG', 'GET', OPTION]);
      const old = Array.isArray(reply) && typeof reply[1] === 'string' ? reply[1] : undefined;
      if (old === undefined) throw new TribError('REPLY_ERROR', `${OPTION} is not told`);
      if (Number(old) <= targetMs) return;
      // Noted before it is changed: a lost answer to the SET must not lose the old value.
      before.set(node, old);
      await link.call(['CONFIG', 'SET', OPTION, targetMs]);
    } catch (error) {
      if (error instanceof AssertionFailure) throw error;
      refusals.push(`${formatAddress(node.address)}: ${messageOf(error)}`);
    }
  });
  if (refusals.length > 0) {
    report({
      kind: 'remark',
      severity: 'info',
      message: `CONFIG is not available on ${refusals.length} of ${nodes.length} nodes (${refusals[0]!}); joining at the pace of their own node timeout.`,
    });
  }
  return { isFast: refusals.length === 0, restore };
}

async function putBack(
  before: Map<NodeRef, string>,
  { links, report }: ExecutionContext,
): Promise<void> {
  await mapBounded([...before], CONCURRENT_NODES_MAX, async ([node, old]) => {
    try {
      await links.to(node.address).call(['CONFIG', 'SET', OPTION, old]);
      before.delete(node);
    } catch (error) {
      if (error instanceof AssertionFailure) throw error;
      const where = formatAddress(node.address);
      report({
        kind: 'remark',
        severity: 'warning',
        message: `The node timeout of ${where} could not be restored (${messageOf(error)}). Type: trib call --here ${where} CONFIG SET ${OPTION} ${old}`,
      });
    }
  });
}

/**
 * Taking back a create that did not come to its end. A reset alone is not enough: a MEET that is still
 * on its way joins a node again right after it was cleaned. So all are reset at once, watched for a
 * moment, and reset again where somebody came back, until all stay alone.
 */
import { formatAddress } from '../cluster/address.js';
import type { NodeAddress } from '../cluster/model.js';
import { AssertionFailure, TribError, messageOf } from '../kernel/errors.js';
import { CONCURRENT_NODES_MAX } from '../kernel/limits.js';
import type { NodeRef } from '../plan/plan.js';
import type { ExecutionContext } from './context.js';
import { mapBounded } from './map-bounded.js';
import { pause } from './wait.js';

/** Two ticks of the servers' cluster cron (100 ms each), in which a pending handshake shows itself. */
const WATCH_MS = 250;
/** So often in a row must a node be found alone. */
const CALM_LOOKS = 2;
const ROUNDS_MAX = 20;
/** A node that does not answer an undo at once will not do so later; it is named instead. */
const UNDO_CALL_MS = 2_000;

export interface UndoResult {
  readonly clean: readonly NodeAddress[];
  /** Nodes that did not answer, or did not stay alone. */
  readonly left: readonly { readonly address: NodeAddress; readonly reason: string }[];
}

/** Makes nodes that were empty empty again: no peers, no slots, epoch 0. Their ids change. */
export async function undoCreate(
  nodes: readonly NodeRef[],
  context: ExecutionContext,
): Promise<UndoResult> {
  const { report } = context;
  report({ kind: 'undo-started', nodes: nodes.map(({ address }) => address) });
  const failed = new Map<NodeRef, string>();
  let dirty = [...nodes];
  for (let round = 0, calm = 0; round < ROUNDS_MAX && calm < CALM_LOOKS; round++) {
    await forEach(dirty, failed, (node) => reset(node, context));
    await pause(WATCH_MS);
    const asked = nodes.filter((node) => !failed.has(node));
    const joined: NodeRef[] = [];
    await forEach(asked, failed, async (node) => {
      if (!(await isBlank(node, context))) joined.push(node);
    });
    // Those who know each other again must forget each other at the same time.
    dirty = joined;
    calm = joined.length === 0 ? calm + 1 : 0;
  }
  for (const node of dirty) failed.set(node, 'it keeps being joined again');
  const result: UndoResult = {
    clean: nodes.filter((node) => !failed.has(node)).map(({ address }) => address),
    left: [...failed].map(([{ address }, reason]) => ({ address, reason })),
  };
  report({
    kind: 'undo-done',
    clean: result.clean,
    left: result.left.map(({ address }) => address),
  });
  return result;
}

/** What to type for the nodes an undo could not reach. */
export function undoHints({ left }: UndoResult): readonly string[] {
  return left.map(
    ({ address, reason }) =>
      `Not undone: ${formatAddress(address)} (${reason}). When it is back, type: trib reset ${formatAddress(address)} --hard`,
  );
}

async function forEach(
  nodes: readonly NodeRef[],
  failed: Map<NodeRef, string>,
  act: (node: NodeRef) => Promise<void>,
): Promise<void> {
  await mapBounded(nodes, CONCURRENT_NODES_MAX, async (node) => {
    if (failed.has(node)) return;
    try {
      await act(node);
    } catch (error) {
      if (error instanceof AssertionFailure) throw error;
      failed.set(node, messageOf(error));
    }
  });
}

async function reset(node: NodeRef, { links }: ExecutionContext): Promise<void> {
  const link = links.to(node.address);
  try {
    await link.call(['CLUSTER', 'RESET', 'HARD'], { deadlineMs: UNDO_CALL_MS });
  } catch (error) {
    // A connection that died meanwhile is opened anew by the second try; a dead node fails again.
    if (!(error instanceof TribError) || error.code !== 'NODE_UNREACHABLE') throw error;
    await link.call(['CLUSTER', 'RESET', 'HARD'], { deadlineMs: UNDO_CALL_MS });
  }
}

async function isBlank(node: NodeRef, { links }: ExecutionContext): Promise<boolean> {
  const info = await links.to(node.address).call(['CLUSTER', 'INFO'], { deadlineMs: UNDO_CALL_MS });
  const text = typeof info === 'string' ? info : '';
  return /^cluster_known_nodes:1\r?$/m.test(text) && /^cluster_slots_assigned:0\r?$/m.test(text);
}

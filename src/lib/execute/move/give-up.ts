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
import { TribError } from '../../kernel/errors.js';
import type { ExecutionContext } from '../context.js';
import type { Link, Reply } from '../links.js';
import { mapBounded } from '../map-bounded.js';
import { databasesOf } from './databases.js';
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
  // Keys of further databases (Valkey 9) are counted in each of them: going on is the simpler way.
  if ((await databasesOf(target)).length > 1) return slots;
  const counts = await asked(target, slots.map(countOf));
  const empty = slots.filter((_, at) => counts[at] === 0);
  await asked(
    source,
    empty.map((slot) => setSlot(slot, 'STABLE')),
  );
  const again = await asked(target, empty.map(countOf));
  const quiet = empty.filter((_, at) => again[at] === 0);
  const closed = await asked(
    target,
    quiet.flatMap((slot) => [setSlot(slot, 'STABLE'), countOf(slot)]),
  );
  const late = new Set(quiet.filter((_, at) => closed[at * 2 + 1] !== 0));
  await asked(
    target,
    [...late].map((slot) => setSlot(slot, 'IMPORTING', move.source.id)),
  );
  const visited = [...empty.filter((slot) => !quiet.includes(slot)), ...late];
  await asked(
    source,
    visited.map((slot) => setSlot(slot, 'MIGRATING', move.target.id)),
  );
  return slots.filter((slot) => !quiet.includes(slot) || late.has(slot));
}

async function asked(
  link: Link,
  questions: readonly (readonly string[])[],
): Promise<readonly Reply[]> {
  if (questions.length === 0) return [];
  const replies = await link.ask(questions);
  return replies.map((reply) => {
    if (reply instanceof TribError) throw reply;
    return reply;
  });
}

const countOf = (slot: number): readonly string[] => ['CLUSTER', 'COUNTKEYSINSLOT', String(slot)];

const setSlot = (slot: number, ...words: readonly string[]): readonly string[] => [
  ...['CLUSTER', 'SETSLOT', String(slot)],
  ...words,
];

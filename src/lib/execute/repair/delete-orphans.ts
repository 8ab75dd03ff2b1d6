/**
 * Deletes keys that a node has of slots it does not own. Asked plainly, it would send us to the owner, and the
 * keys there would be deleted; while a slot is open, ASKING makes it act on its own copy.
 */
import { TribError } from '../../kernel/errors.js';
import { slotsIn } from '../../kernel/ranges.js';
import type { Step } from '../../plan/plan.js';
import type { ExecutionContext } from '../context.js';
import type { Link } from '../links.js';
import { KEYS_ASKED_MAX, keysFrom, keysQuestion } from '../move/carry-keys.js';
import { databasesOf, selecting } from '../move/databases.js';
import { throwIfInterrupted } from '../wait.js';
import { setSlots } from './slot-steps.js';

type DeleteOrphans = Extract<Step, { kind: 'delete-orphans' }>;

/** Open at the same time. */
const SLOTS_AT_ONCE = 128;

/** @throws TribError INTERRUPTED between slots, REPLY_ERROR, NODE_UNREACHABLE; no slot is left open. */
export async function deleteOrphans(
  { node, owner, slots }: DeleteOrphans,
  context: ExecutionContext,
): Promise<void> {
  const link = context.links.to(node.address);
  const all = [...slotsIn(slots)];
  for (let from = 0; from < all.length; from += SLOTS_AT_ONCE) {
    throwIfInterrupted(context.signal, 'while keys were deleted');
    const window = all.slice(from, from + SLOTS_AT_ONCE);
    // An owner has nothing to import: should the slot have become its own meanwhile, this is refused.
    await setSlots(link, window, ['IMPORTING', owner.id]);
    try {
      for (const database of await databasesOf(link)) {
        await selecting(context.links.apart(node.address), database, async (lane) => {
          for (const slot of window) await emptySlot(lane, slot);
        });
      }
    } finally {
      await setSlots(link, window, ['STABLE']);
    }
  }
}

async function emptySlot(lane: Link, slot: number): Promise<void> {
  for (;;) {
    const [reply] = await lane.askBinary([keysQuestion(slot)]);
    const keys = keysFrom(reply);
    if (keys.length === 0) return;
    const replies = await lane.askBinary(keys.flatMap((key) => [['ASKING'], ['UNLINK', key]]));
    for (const answer of replies) if (answer instanceof TribError) throw answer;
    if (keys.length < KEYS_ASKED_MAX) return;
  }
}

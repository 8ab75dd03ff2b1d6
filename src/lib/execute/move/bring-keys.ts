/**
 * Brings keys of slots that a node does not own to the node that does. MIGRATE is served only where its slot
 * is the node's own or open, so the holder imports each slot from its owner for as long as it takes; then it
 * is closed. A slot whose keys cannot all go stops nobody but itself.
 */
import { formatAddress } from '../../cluster/address.js';
import { AssertionFailure, TribError } from '../../kernel/errors.js';
import { formatRanges, rangesOf, slotsIn } from '../../kernel/ranges.js';
import type { Step } from '../../plan/plan.js';
import type { ExecutionContext } from '../context.js';
import { setSlots } from '../repair/slot-steps.js';
import { throwIfInterrupted } from '../wait.js';
import { carryKeys, keysFrom, keysQuestion } from './carry-keys.js';
import { closeEnds, openEnds, type Ends } from './ends.js';
import type { Freight } from './freight.js';
import { MOVING_DEFAULTS } from './moving.js';
import { Tally } from './tally.js';
import { datasetBytes } from './weigh.js';

type BringKeys = Extract<Step, { kind: 'bring-keys' }>;

/** Open at the same time; their marks and their keys are asked for in a packet each. */
const SLOTS_AT_ONCE = 128;

/** @throws TribError REFUSED with the slots that keep keys at both nodes; INTERRUPTED; NODE_UNREACHABLE. */
export async function bringKeys(step: BringKeys, context: ExecutionContext): Promise<void> {
  const { node: target, source, slots } = step;
  const ends = await openEnds({ source, target, slots }, context);
  const failures = new Map<number, TribError>();
  try {
    const freight = await freightFor(ends, context);
    const all = [...slotsIn(slots)];
    for (let from = 0; from < all.length; from += SLOTS_AT_ONCE) {
      throwIfInterrupted(context.signal, 'while keys were brought to the owners of their slots');
      const window = all.slice(from, from + SLOTS_AT_ONCE);
      await bringWindow(ends, window, freight, { step, failures, context });
    }
  } finally {
    closeEnds(ends);
  }
  if (failures.size > 0) throw leftBehind(step, failures);
}

async function freightFor(ends: Ends, context: ExecutionContext): Promise<Freight> {
  const moving = context.moving ?? MOVING_DEFAULTS;
  const bytes = await datasetBytes(ends.source);
  return {
    moving,
    // No slot changes hands here, so there is nothing for a bar to show.
    tally: new Tally(() => undefined, { slotCount: 0, keyCount: 0 }, 1),
    rate: undefined,
    guard: undefined,
    weighs: bytes > moving.batchBytesMax,
    deadlineMs: context.deadlineMs,
  };
}

interface Bringing {
  readonly step: BringKeys;
  readonly failures: Map<number, TribError>;
  readonly context: ExecutionContext;
}

async function bringWindow(
  ends: Ends,
  window: readonly number[],
  freight: Freight,
  { step, failures, context }: Bringing,
): Promise<void> {
  await setSlots(ends.source, window, ['IMPORTING', step.node.id]);
  const stays = new Set(window);
  try {
    for (const lane of ends.lanes) {
      const known = await lane.link.askBinary(window.map(keysQuestion));
      for (const [at, slot] of window.entries()) {
        if (failures.has(slot) || context.signal?.aborted === true) continue;
        try {
          await carryKeys(ends, lane, slot, freight, () => undefined, {
            keys: keysFrom(known[at]),
          });
        } catch (error) {
          if (!isOfOneSlot(error)) throw error;
          failures.set(slot, error);
        }
      }
    }
    const empty = await emptied(ends, window);
    for (const slot of empty) stays.delete(slot);
  } finally {
    const closing = step.keepsOpen ? window.filter((slot) => !stays.has(slot)) : window;
    await setSlots(ends.source, closing, ['STABLE']);
  }
}

/** In every database; a slot that filled up again meanwhile is not. */
async function emptied({ lanes }: Ends, slots: readonly number[]): Promise<readonly number[]> {
  const question = slots.map((slot) => ['CLUSTER', 'COUNTKEYSINSLOT', String(slot)]);
  const counts = await Promise.all(lanes.map(({ link }) => link.ask(question)));
  return slots.filter((_, at) => counts.every((replies) => Number(replies[at]) === 0));
}

/** Refused keys are the matter of their slot; a node that is gone is everybody's. */
function isOfOneSlot(error: unknown): error is TribError {
  if (error instanceof AssertionFailure || !(error instanceof TribError)) return false;
  return error.code === 'REFUSED' || error.code === 'REPLY_ERROR';
}

function leftBehind({ source }: BringKeys, failures: ReadonlyMap<number, TribError>): TribError {
  const slots = [...failures.keys()];
  const [first] = failures.values();
  const where = formatAddress(source.address);
  return new TribError(
    first!.code,
    `${where} keeps keys of slots ${formatRanges(rangesOf(slots))}: ${first!.message}`,
    {
      hint: [...failures.values()].slice(0, 5).flatMap(({ hints }) => hints),
      cause: first,
      details: { slots },
    },
  );
}

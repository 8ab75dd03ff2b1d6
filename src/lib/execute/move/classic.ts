/**
 * Slots of one pair of nodes, moved key by key as Redis has it since 3.0. Some waves are in flight at once:
 * the source is busy with the keys of one while the marks of the next are set.
 */
import type { ExecutionContext } from '../context.js';
import { slotsIn } from '../../kernel/ranges.js';
import { WaveTurns } from './carry-wave.js';
import { closeEnds, openEnds } from './ends.js';
import type { Freight } from './freight.js';
import type { SlotMove } from './moving.js';
import { moveWave, type WaveOptions } from './wave.js';

/** With one, the source idles while marks are set; more than three only hold more slots open. */
const WAVES_IN_FLIGHT = 3;

/**
 * @returns when all slots have moved, or, interrupted, those that were begun.
 * @throws TribError what the first failing wave threw, when the waves beside it are done.
 */
export async function moveClassically(
  move: SlotMove,
  freight: Freight,
  context: ExecutionContext,
  { tellOthers }: Pick<WaveOptions, 'tellOthers'>,
): Promise<void> {
  const slots = [...slotsIn(move.slots)];
  const waveSize = Math.max(1, Math.ceil(freight.moving.windowSlots / WAVES_IN_FLIGHT));
  const ends = await openEnds(move, context);
  const turns = new WaveTurns();
  const failures: unknown[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < slots.length && failures.length === 0 && context.signal?.aborted !== true) {
      const wave = slots.slice(next, next + waveSize);
      next += wave.length;
      try {
        await moveWave(ends, wave, freight, { tellOthers, turns });
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: WAVES_IN_FLIGHT }, worker));
  closeEnds(ends);
  if (failures.length > 0) throw failures[0];
}

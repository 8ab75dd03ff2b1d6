/**
 * The keys of a wave. Waves of one pair take turns at the source, in the order in which they were opened: the
 * first is soon empty and handed over while the next is carried. In turns of single slots they would all
 * become empty at the same moment, and the source would wait for all their marks.
 */
import { TribError } from '../../kernel/errors.js';
import { carryKeys, type KnownKeys } from './carry-keys.js';
import type { Ends, Lane } from './ends.js';
import type { Freight } from './freight.js';
import { weigh } from './weigh.js';

/** One slot on its way. */
export interface Passage {
  readonly slot: number;
  keyCount: number;
  /** As far as they were asked for along with opening the slot. */
  known: readonly string[] | undefined;
  weights: readonly number[] | undefined;
  /** The source did not own it any more, but had keys of it. */
  hasLeftovers: boolean;
  /** Every batch of it went. */
  isCarried: boolean;
  /** And it was counted: nothing is left at the source. */
  isEmpty: boolean;
}

/** One wave after the other. */
export class WaveTurns {
  #last: Promise<void> = Promise.resolve();

  /** @returns when it is the caller's turn, with what ends it. */
  async take(): Promise<() => void> {
    const before = this.#last;
    let end!: () => void;
    this.#last = new Promise((resolve) => (end = resolve));
    await before;
    return end;
  }
}

/** @throws TribError of the first slot that failed, when those beside it have come to an end. */
export async function carryWave(
  ends: Ends,
  passages: Passage[],
  freight: Freight,
  turns: WaveTurns,
): Promise<void> {
  if (freight.weighs) await weighKnown(ends, passages);
  for (let rest = passages; rest.length > 0; rest = await notEmpty(ends, rest)) {
    const endTurn = await turns.take();
    await carryAll(ends, rest, freight, endTurn);
  }
}

/** @param onLastBegun called as soon as others may use the source beside what is still in flight. */
async function carryAll(
  ends: Ends,
  passages: readonly Passage[],
  freight: Freight,
  onLastBegun: () => void,
): Promise<void> {
  const failures: unknown[] = [];
  let next = 0;
  const worker = async (lanes: readonly Lane[]): Promise<void> => {
    while (next < passages.length && failures.length === 0) {
      const passage = passages[next++]!;
      if (next === passages.length) onLastBegun();
      try {
        await carrySlot(ends, lanes, passage, freight);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(ends.tracks.map(worker));
  onLastBegun();
  if (failures.length > 0) throw failures[0];
}

async function carrySlot(
  ends: Ends,
  lanes: readonly Lane[],
  passage: Passage,
  freight: Freight,
): Promise<void> {
  for (const lane of lanes) {
    const known = lane.database === 0 ? takeKnown(passage) : undefined;
    const onMoved = (keyCount: number): number => (passage.keyCount += keyCount);
    await carryKeys(ends, lane, passage.slot, freight, onMoved, known);
  }
  passage.isCarried = true;
}

/** All keys of a wave in one packet, beside the connection that is busy with those of another wave. */
async function weighKnown({ source }: Ends, passages: Passage[]): Promise<void> {
  const keys = passages.flatMap(({ known }) => known ?? []);
  const weights = await weigh(source, keys);
  let at = 0;
  for (const passage of passages) {
    const count = passage.known?.length ?? 0;
    passage.weights = weights.slice(at, at + count);
    at += count;
  }
}

function takeKnown(passage: Passage): KnownKeys | undefined {
  const { known, weights } = passage;
  passage.known = undefined;
  return known && { keys: known, weights };
}

/** Asked again before the slot is given away: what is not counted now would be lost with it. */
export async function notEmpty({ lanes }: Ends, passages: Passage[]): Promise<Passage[]> {
  if (passages.length === 0) return passages;
  const question = passages.map(({ slot }) => ['CLUSTER', 'COUNTKEYSINSLOT', String(slot)]);
  const counts = await Promise.all(lanes.map(({ link }) => link.ask(question)));
  return passages.filter((passage, at) => {
    const inLanes = counts.map((replies) => replies[at]);
    for (const count of inLanes) if (count instanceof TribError) throw count;
    passage.isEmpty = inLanes.every((count) => Number(count) === 0);
    return !passage.isEmpty;
  });
}

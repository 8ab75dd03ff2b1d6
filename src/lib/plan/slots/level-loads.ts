/**
 * Evening out a load that is not the same for every slot, with few moves. The fullest node gives to the
 * emptiest, again and again: a run of slots at the end of a range where that takes hardly more slots than
 * picking the heaviest ones would, else the heaviest that fit; where none fits, the one that brings both
 * nearest. Every grant makes the sum of the squares of all differences smaller, so it ends; and what is
 * done depends on nothing but who owns what, so that a second run does nothing.
 */
import type { Member } from '../../cluster/view.js';
import { countSlots, rangesOf, slotsIn, type SlotRange } from '../../kernel/ranges.js';
import type { SlotBoard } from './slot-board.js';
import { loadOf, type SlotLoads } from './slot-loads.js';

interface Place {
  readonly member: Member;
  readonly weight: number;
}

interface Wish {
  readonly loads: SlotLoads;
  readonly thresholdPercent: number;
}

/** A place and what it carries now. */
interface Load {
  readonly place: Place;
  readonly goal: number;
  carried: number;
}

/** A run at an end of a range may take so many times the slots that the heaviest ones would. */
const RUN_SLOTS_FACTOR = 1.5;

/** Changes the board until no node is off by more than the threshold, or nothing makes it better. */
export function levelLoads(board: SlotBoard, places: readonly Place[], wish: Wish): void {
  const { loads } = wish;
  const total = places.reduce((sum, { member }) => sum + loadOf(loads, member.slots), 0);
  const weights = places.reduce((sum, { weight }) => sum + weight, 0);
  const all: readonly Load[] = places.map((place) => ({
    place,
    goal: (total * place.weight) / weights,
    carried: loadOf(loads, place.member.slots),
  }));
  for (const load of all) if (load.place.weight === 0) drain(board, load, all, loads);
  const taking = all.filter(({ place }) => place.weight > 0);
  while (taking.some((load) => isOff(load, wish.thresholdPercent))) {
    if (!stepOnce(board, taking, wish)) return;
  }
}

function isOff({ goal, carried }: Load, thresholdPercent: number): boolean {
  if (carried === 0) return goal > 0;
  return Math.abs(100 - (100 * goal) / carried) > thresholdPercent;
}

/** Everything, slot after slot, to whoever lacks most; to the same one as long as it lacks anything. */
function drain(board: SlotBoard, from: Load, all: readonly Load[], loads: SlotLoads): void {
  const takers = all
    .filter(({ place }) => place.weight > 0)
    .map((load) => ({ load, slotCount: countSlots(board.slotsOf(load.place.member)) }));
  const slots = [...slotsIn(board.slotsOf(from.place.member))];
  // Slots without load are dealt out by number, or all of an idle cluster would go to one node.
  const portion = Math.ceil(slots.length / takers.length);
  let taker: (typeof takers)[number] | undefined;
  let dealt = 0;
  for (const slot of slots) {
    const weight = loads.of[slot]!;
    if (!taker || taker.load.carried + weight / 2 > taker.load.goal || dealt >= portion) {
      taker = takers.reduce((best, each) => {
        const more = lack(each.load) - lack(best.load);
        return more > 0 || (more === 0 && each.slotCount < best.slotCount) ? each : best;
      });
      dealt = 0;
    }
    board.give([{ first: slot, last: slot }], taker.load.place.member);
    taker.load.carried += weight;
    taker.slotCount++;
    dealt++;
  }
  from.carried = 0;
}

const lack = ({ goal, carried }: Load): number => goal - carried;

/** One grant between the pair with most to gain; the next pair where that one cannot. */
function stepOnce(
  board: SlotBoard,
  all: readonly Load[],
  { loads, thresholdPercent }: Wish,
): boolean {
  const givers = all.filter((load) => lack(load) < 0).sort((a, b) => lack(a) - lack(b));
  const takers = all.filter((load) => lack(load) > 0).sort((a, b) => lack(b) - lack(a));
  for (const giver of givers) {
    for (const taker of takers) {
      // Two that are near enough are left alone, even where it could be done better.
      if (!isOff(giver, thresholdPercent) && !isOff(taker, thresholdPercent)) continue;
      const slots = grantOf(board, giver, taker, loads);
      if (slots.length === 0) continue;
      const weight = loadOf(loads, slots);
      board.give(slots, taker.place.member);
      giver.carried -= weight;
      taker.carried += weight;
      return true;
    }
  }
  return false;
}

function grantOf(
  board: SlotBoard,
  giver: Load,
  taker: Load,
  loads: SlotLoads,
): readonly SlotRange[] {
  const amount = Math.min(-lack(giver), lack(taker));
  const ranges = board.slotsOf(giver.place.member);
  const heavy = heaviest(ranges, amount, loads);
  const run = bestRun(board, { ranges, amount, loads, taker: taker.place.member });
  const isWorth =
    run !== undefined &&
    loadOf(loads, [run]) >= loadOf(loads, heavy) * 0.9 &&
    countSlots([run]) <= Math.max(1, countSlots(heavy) * RUN_SLOTS_FACTOR);
  if (isWorth) return [run];
  return heavy.length > 0 ? heavy : nearest(ranges, giver, taker, loads);
}

/** The heaviest slots that fit, largest first; the node keeps one slot at least. */
function heaviest(
  ranges: readonly SlotRange[],
  amount: number,
  loads: SlotLoads,
): readonly SlotRange[] {
  const order = [...slotsIn(ranges)]
    .filter((slot) => loads.of[slot]! > 0 && loads.of[slot]! <= amount)
    .sort((a, b) => loads.of[b]! - loads.of[a]! || a - b);
  const chosen: number[] = [];
  let left = amount;
  for (const slot of order.slice(0, countSlots(ranges) - 1)) {
    if (loads.of[slot]! > left) continue;
    chosen.push(slot);
    left -= loads.of[slot]!;
  }
  return rangesOf(chosen);
}

interface RunWish {
  readonly ranges: readonly SlotRange[];
  readonly amount: number;
  readonly loads: SlotLoads;
  readonly taker: Member;
}

/** The run at an end of a range that carries most of the amount; beside the taker's slots among equals. */
function bestRun(
  board: SlotBoard,
  { ranges, amount, loads, taker }: RunWish,
): SlotRange | undefined {
  let best: { readonly run: SlotRange; readonly weight: number } | undefined;
  const isLast = ranges.length === 1;
  for (const range of ranges) {
    for (const step of [-1, 1] as const) {
      const run = runFrom(range, step, { amount, loads, isLast });
      if (!run) continue;
      const beside = board.ownerOf(step === 1 ? run.first - 1 : run.last + 1)?.id === taker.id;
      const weight = loadOf(loads, [run]) * (beside ? 1.05 : 1);
      if (weight > (best?.weight ?? 0)) best = { run, weight };
    }
  }
  return best?.run;
}

/** As far as the amount reaches, from the upper end downwards (-1) or from the lower end upwards (1). */
function runFrom(
  { first, last }: SlotRange,
  step: 1 | -1,
  { amount, loads, isLast }: { amount: number; loads: SlotLoads; isLast: boolean },
): SlotRange | undefined {
  const start = step === 1 ? first : last;
  const longest = last - first + (isLast ? 0 : 1);
  let length = 0;
  let weight = 0;
  let filled = 0;
  while (length < longest) {
    weight += loads.of[start + step * length]!;
    if (weight > amount) break;
    length++;
    // Trailing slots without load would move for nothing.
    if (loads.of[start + step * (length - 1)]! > 0) filled = length;
  }
  if (filled === 0) return undefined;
  return step === 1
    ? { first: start, last: start + filled - 1 }
    : { first: start - filled + 1, last: start };
}

/** A slot heavier than either needs, as long as the worse of the two ends up better than before. */
function nearest(
  ranges: readonly SlotRange[],
  giver: Load,
  taker: Load,
  loads: SlotLoads,
): readonly SlotRange[] {
  const [over, under] = [-lack(giver), lack(taker)];
  if (countSlots(ranges) < 2) return [];
  let best = Math.max(over, under);
  let chosen: number | undefined;
  for (const slot of slotsIn(ranges)) {
    const weight = loads.of[slot]!;
    const worse = Math.max(Math.abs(over - weight), Math.abs(under - weight));
    if (weight > 0 && weight < over + under && worse < best) [best, chosen] = [worse, slot];
  }
  return chosen === undefined ? [] : [{ first: chosen, last: chosen }];
}

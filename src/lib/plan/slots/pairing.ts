/**
 * Who gives to whom. Each grant uses up what one of the two has to give or to take, so that there are fewer
 * pairs than nodes; neighbours first, because what is handed over there joins what is owned already.
 */
import type { Member } from '../../cluster/view.js';
import { giveSlots } from './choose-slots.js';
import { idsOf, type SlotBoard } from './slot-board.js';

/** Positive: so many slots too many; negative: too few. */
export interface Balance {
  readonly member: Member;
  readonly surplus: number;
}

interface Account {
  readonly member: Member;
  amount: number;
}

/** Hands every surplus over, on the board. The surpluses and the lacks are of the same sum. */
export function levelOut(board: SlotBoard, balances: readonly Balance[]): void {
  const givers = accountsOf(balances, 1);
  const takers = accountsOf(balances, -1);
  for (const giver of givers) {
    for (const taker of takers) {
      if (areNeighbours(board, giver.member, taker.member)) hand(board, giver, taker, givers);
    }
  }
  for (const giver of givers) {
    for (const taker of takers) hand(board, giver, taker, givers);
  }
}

/** In the order of their slots; those without any come last. */
function accountsOf(balances: readonly Balance[], sign: 1 | -1): readonly Account[] {
  return balances
    .filter(({ surplus }) => surplus * sign > 0)
    .map(({ member, surplus }) => ({ member, amount: surplus * sign }))
    .sort((a, b) => firstSlot(a) - firstSlot(b));
}

const firstSlot = ({ member }: Account): number => member.slots[0]?.first ?? Infinity;

function areNeighbours(board: SlotBoard, giver: Member, taker: Member): boolean {
  return board
    .slotsOf(giver)
    .some(
      ({ first, last }) =>
        board.ownerOf(first - 1)?.id === taker.id || board.ownerOf(last + 1)?.id === taker.id,
    );
}

function hand(board: SlotBoard, giver: Account, taker: Account, givers: readonly Account[]): void {
  const count = Math.min(giver.amount, taker.amount);
  if (count === 0) return;
  const later = givers.filter(({ amount }) => amount > 0).map(({ member }) => member);
  giveSlots(board, { source: giver.member, target: taker.member, count }, idsOf(later));
  giver.amount -= count;
  taker.amount -= count;
}

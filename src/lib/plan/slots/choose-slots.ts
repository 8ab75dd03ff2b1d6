/**
 * Which slots a node gives away. The incumbents take those with the lowest numbers, and after a few rounds
 * every node owns dozens of splinters. Here the number of ranges decides: whole ranges and ends of ranges
 * go first, and best of all those that border on what the target owns already.
 */
import type { Member } from '../../cluster/view.js';
import type { NodeId } from '../../kernel/node-id.js';
import { countSlots, type SlotRange } from '../../kernel/ranges.js';
import type { SlotBoard } from './slot-board.js';

interface Piece {
  readonly range: SlotRange;
  /** How many ranges there are more than before, of both nodes together. */
  readonly added: number;
  /** The slot beside it belongs to another node that gives to the same target: they will meet there. */
  readonly isHopeful: boolean;
}

/**
 * Gives `count` slots of the source to the target, on the board.
 * @param givers nodes that will give to the same target afterwards.
 */
export function giveSlots(
  board: SlotBoard,
  {
    source,
    target,
    count,
  }: { readonly source: Member; readonly target: Member; readonly count: number },
  givers: ReadonlySet<NodeId> = new Set(),
): void {
  for (let left = count; left > 0;) {
    const pieces = board
      .slotsOf(source)
      .flatMap((range) => piecesOf(range, left, { board, source, target, givers }));
    const best = pieces.reduce<Piece | undefined>(
      (chosen, piece) => (chosen && !isBetter(piece, chosen) ? chosen : piece),
      undefined,
    );
    if (!best) return;
    board.give([best.range], target);
    left -= countSlots([best.range]);
  }
}

interface Surroundings {
  readonly board: SlotBoard;
  readonly source: Member;
  readonly target: Member;
  readonly givers: ReadonlySet<NodeId>;
}

/** The whole range where it is small enough, else what its two ends offer. */
function piecesOf(range: SlotRange, left: number, around: Surroundings): readonly Piece[] {
  const { first, last } = range;
  const length = last - first + 1;
  const [below, above] = [neighbour(first - 1, around), neighbour(last + 1, around)];
  if (length <= left) {
    const added = -Number(below.isTarget) - Number(above.isTarget);
    return [{ range, added, isHopeful: below.isGiver || above.isGiver }];
  }
  // The upper end first: among equals it is taken, and node after node in order of slots then meets the next.
  return [
    {
      range: { first: last - left + 1, last },
      added: 1 - Number(above.isTarget),
      isHopeful: above.isGiver,
    },
    {
      range: { first, last: first + left - 1 },
      added: 1 - Number(below.isTarget),
      isHopeful: below.isGiver,
    },
  ];
}

function neighbour(slot: number, { board, source, target, givers }: Surroundings) {
  const owner = board.ownerOf(slot)?.id;
  return {
    isTarget: owner === target.id,
    isGiver: owner !== undefined && owner !== source.id && givers.has(owner),
  };
}

function isBetter(piece: Piece, than: Piece): boolean {
  if (piece.added !== than.added) return piece.added < than.added;
  if (piece.isHopeful !== than.isHopeful) return piece.isHopeful;
  return countSlots([piece.range]) > countSlots([than.range]);
}

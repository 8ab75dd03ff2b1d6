/** What `reshard` and `move-slots` say before they ask: in the words of redis-trib, which scripts look for. */
import { formatAddress } from '../cluster/address.js';
import type { ClusterView } from '../cluster/model.js';
import type { Member } from '../cluster/view.js';
import { countSlots, formatRanges, slotsIn } from '../kernel/ranges.js';
import type { SlotTransfer } from '../plan/slots/slot-board.js';
import { blocksOf } from './node-block.js';

/** A line per slot up to here, as the incumbents have it; more slots come as ranges, unless verbose. */
const LINES_MAX = 64;

export interface ReshardPicture {
  readonly sources: readonly Member[];
  readonly target: Member;
  readonly transfers: readonly SlotTransfer[];
}

export function reshardText(
  view: ClusterView,
  { sources, target, transfers }: ReshardPicture,
  options: { readonly verbose?: boolean | undefined } = {},
): readonly string[] {
  const count = transfers.reduce((sum, { slots }) => sum + countSlots(slots), 0);
  const isLong = count > LINES_MAX && options.verbose !== true;
  return [
    '',
    `Ready to move ${count} slot${count === 1 ? '' : 's'}.`,
    '  Source nodes:',
    ...blocksOf(view, sources).map((line) => `    ${line}`),
    '  Destination node:',
    ...blocksOf(view, [target]).map((line) => `    ${line}`),
    '  Resharding plan:',
    ...transfers.flatMap((transfer) => (isLong ? rangeLines(transfer) : slotLines(transfer))),
  ];
}

/** `Moving 1365 slots from 127.0.0.1:7000 to 127.0.0.1:7003`: the line of `rebalance`. */
export function transferLine({ source, target, slots }: SlotTransfer): string {
  const count = countSlots(slots);
  return `Moving ${count} slot${count === 1 ? '' : 's'} from ${formatAddress(source.address)} to ${formatAddress(target.address)}`;
}

function slotLines({ source, slots }: SlotTransfer): readonly string[] {
  return [...slotsIn(slots)].map((slot) => `    Moving slot ${slot} from ${source.id}`);
}

function rangeLines({ source, slots }: SlotTransfer): readonly string[] {
  return slots.map((range) =>
    range.first === range.last
      ? `    Moving slot ${range.first} from ${source.id}`
      : `    Moving slots ${formatRanges([range])} (${countSlots([range])}) from ${source.id}`,
  );
}

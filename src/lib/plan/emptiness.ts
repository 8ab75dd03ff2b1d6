/**
 * What "the node is not empty" means, item by item. The incumbents look at database 0 and the number of
 * known nodes only; slots left behind by a half-done create then end in "Slot 7185 is already busy".
 */
import { formatAddress } from '../cluster/address.js';
import type { Claim } from '../cluster/model.js';
import { countSlots, formatRanges } from '../kernel/ranges.js';
import { TribError } from '../kernel/errors.js';

export interface Leftovers {
  /** Other nodes it knows. */
  readonly knownNodes: number;
  readonly keys: ReadonlyMap<number, number>;
  readonly slotCount: number;
  /** Told along with the rest; an epoch alone makes no node unfit. */
  readonly epoch: number;
  /** One line per item, for people. */
  readonly reasons: readonly string[];
}

/** @returns undefined for an empty node. */
function leftoversOf({ self, records, facts }: Claim): Leftovers | undefined {
  const knownNodes = Math.max(records.size, facts.knownNodes ?? 0) - 1;
  const filled = [...facts.keys].filter(([, keys]) => keys > 0);
  const slotCount = countSlots(self.slots);
  const epoch = Math.max(self.configEpoch, facts.currentEpoch ?? 0);
  const reasons = [
    ...(knownNodes > 0 ? [`it knows ${knownNodes} other node${knownNodes === 1 ? '' : 's'}`] : []),
    ...filled.map(
      ([database, keys]) => `database ${database} holds ${keys} key${keys === 1 ? '' : 's'}`,
    ),
    ...(slotCount > 0 ? [`it owns ${slotCount} slots: ${formatRanges(self.slots)}`] : []),
    ...(self.flags.has('slave') ? ['it is a replica'] : []),
  ];
  if (reasons.length === 0) return undefined;
  return {
    knownNodes,
    keys: new Map(filled),
    slotCount,
    epoch,
    reasons: epoch > 0 ? [...reasons, `its epoch is ${epoch}`] : reasons,
  };
}

/** @throws TribError NODE_NOT_EMPTY naming the first node that is not, and all others in the details. */
export function refuseNonEmpty(nodes: readonly Claim[]): void {
  const filled = nodes.flatMap((claim) => {
    const leftovers = leftoversOf(claim);
    return leftovers ? [{ address: formatAddress(claim.reachedAt), leftovers }] : [];
  });
  const first = filled[0];
  if (!first) return;
  throw new TribError(
    'NODE_NOT_EMPTY',
    `Node ${first.address} is not empty: ${first.leftovers.reasons.join('; ')}.`,
    {
      hint: filled.map(({ address, leftovers }) =>
        leftovers.keys.size > 0
          ? `trib reset ${address} --hard --flush   (deletes its keys)`
          : `trib reset ${address} --hard`,
      ),
      details: {
        nodes: filled.map(({ address, leftovers }) => ({
          address,
          knownNodes: leftovers.knownNodes,
          keys: Object.fromEntries(leftovers.keys),
          slots: leftovers.slotCount,
          epoch: leftovers.epoch,
        })),
      },
    },
  );
}

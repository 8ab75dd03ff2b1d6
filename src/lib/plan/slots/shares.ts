/** How a number of slots is divided: exactly, fairly, and the same way every time. */

/**
 * `count` divided in proportion to `sizes`, by largest remainder: the parts add up to `count`, and none is
 * larger than its size as long as `count` is no larger than their sum. Equal remainders go to the larger
 * size, then to the first.
 */
export function sharesOf(count: number, sizes: readonly number[]): readonly number[] {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total === 0) return sizes.map(() => 0);
  // Whole numbers throughout: count * size stays below 2^28.
  const shares = sizes.map((size) => Math.floor((count * size) / total));
  const order = [...sizes.keys()].sort(
    (a, b) =>
      ((count * sizes[b]!) % total) - ((count * sizes[a]!) % total) || sizes[b]! - sizes[a]!,
  );
  let left = count - shares.reduce((sum, share) => sum + share, 0);
  for (const index of order) {
    if (left === 0) break;
    shares[index]!++;
    left--;
  }
  return shares;
}

/** Shares this close to a whole number are whole: 16384 * 0.1 / 0.4 is not 4095.9999. */
const WHOLE_WITHIN = 1e-7;

/**
 * What each node shall own of `total` slots by weight: the exact share rounded down or up. Those who own
 * more than their rounded-down share already get the slots that are left over by rounding: nothing moves
 * that need not, and a second look finds nothing to do.
 */
export function quotasOf(
  total: number,
  weights: readonly number[],
  owned: readonly number[],
): readonly number[] {
  const sum = weights.reduce((all, weight) => all + weight, 0);
  const exact = weights.map((weight) => {
    const share = (total / sum) * weight;
    return Math.abs(share - Math.round(share)) < WHOLE_WITHIN ? Math.round(share) : share;
  });
  const quotas = exact.map(Math.floor);
  const fraction = (index: number): number => exact[index]! - quotas[index]!;
  const hasMore = (index: number): number => Number(owned[index]! > quotas[index]!);
  const order = [...weights.keys()]
    .filter((index) => fraction(index) > 0)
    .sort((a, b) => hasMore(b) - hasMore(a) || fraction(b) - fraction(a));
  let left = total - quotas.reduce((all, quota) => all + quota, 0);
  for (const index of order) {
    if (left === 0) break;
    quotas[index]!++;
    left--;
  }
  return quotas;
}

/** Adds `amount` to the levels so that the highest of those that grow is as low as can be: like water. */
export function pourOver(amount: number, levels: readonly number[]): readonly number[] {
  const added = levels.map(() => 0);
  const order = [...levels.keys()].sort((a, b) => levels[a]! - levels[b]!);
  let surface = 0;
  let wet = 0;
  let left = amount;
  // Raise the water to the next node's level as long as there is enough of it.
  for (const index of order) {
    const rise = levels[index]! - surface;
    if (wet > 0 && rise * wet > left) break;
    left -= wet > 0 ? rise * wet : 0;
    surface = levels[index]!;
    wet++;
  }
  const drowned = order.slice(0, wet);
  const each = wet === 0 ? 0 : Math.floor(left / wet);
  drowned.forEach((index, rank) => {
    added[index] = surface - levels[index]! + each + (rank < left - each * wet ? 1 : 0);
  });
  return added;
}

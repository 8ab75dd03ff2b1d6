/** Strings that read as integers: what Redis stores, and encodes, as such. */

export const INT64_MAX = 2n ** 63n - 1n;
export const INT64_MIN = -(2n ** 63n);

/** A decimal int64 in its only canonical form: what Redis stores as an integer. */
export function isCanonicalInteger(text: string): boolean {
  if (text.length === 0 || text.length > 20) return false;
  if (!/^(?:0|-?[1-9][0-9]*)$/.test(text)) return false;
  if (text.length < 16) return true;
  const value = BigInt(text);
  return value >= INT64_MIN && value <= INT64_MAX;
}

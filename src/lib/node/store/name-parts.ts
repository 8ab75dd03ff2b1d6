/** Into which of many parts a name belongs, by a few of its characters: see who spreads names over parts. */

/** As many as eight bits tell apart. */
export const PART_COUNT = 256;
/** Characters looked at: all of a short key, and some of a long one from its beginning to its end. */
const SAMPLES = 32;

/** 0 to 255. It is no secret which; within a part, `Map` has one of its own. */
export function partOf(key: string): number {
  const { length } = key;
  const step = 1 + (((length - 1) / SAMPLES) | 0);
  let hash = length;
  for (let at = length - 1; at >= 0; at -= step) {
    hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  }
  // Multiplied, every character has a say in the highest bits.
  return Math.imul(hash, 0x9e3779b1) >>> 24;
}

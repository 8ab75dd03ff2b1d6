/** Which known word a misspelt one was probably meant to be. */

/** Farther away than this share of the word is a guess, not a help. */
const DISTANCE_SHARE_MAX = 0.34;

/** Longer words are compared by their beginning: the time grows with the square of the length. */
const COMPARED_MAX = 64;

/** The known word that takes the fewest changes, the first of equals; undefined when none comes near. */
export function nearestWord(word: string, known: Iterable<string>): string | undefined {
  let nearest: string | undefined;
  let best = Math.floor(word.length * DISTANCE_SHARE_MAX) + 1;
  for (const candidate of known) {
    const distance = editDistance(word.toLowerCase().slice(0, COMPARED_MAX), candidate);
    if (distance < best) [best, nearest] = [distance, candidate];
  }
  return nearest;
}

/** Levenshtein: insertions, deletions and replacements to get from one text to the other. */
export function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[to.length]!;
}

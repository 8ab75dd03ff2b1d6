/** Which known name a misspelt one was probably meant to be. */
import { DIRECTIVES } from './directives.js';
import { FILE_ONLY_DIRECTIVES } from './file-only.js';

/** Farther away than this share of the name is a guess, not a help. */
const DISTANCE_SHARE_MAX = 0.34;

export function nearestDirective(name: string): string | undefined {
  const names = DIRECTIVES.flatMap(({ name: known, alias }) => [known, ...(alias ? [alias] : [])]);
  let nearest: string | undefined;
  let best = Math.floor(name.length * DISTANCE_SHARE_MAX) + 1;
  for (const known of [...names, ...FILE_ONLY_DIRECTIVES.map((directive) => directive.name)]) {
    const distance = editDistance(name.toLowerCase().slice(0, 64), known);
    if (distance < best) [best, nearest] = [distance, known];
  }
  return nearest;
}

/** Insertions, deletions and replacements from one word to the other. */
function editDistance(from: string, to: string): number {
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

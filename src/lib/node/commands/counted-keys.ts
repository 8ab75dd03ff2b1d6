/** Commands that say how many keys they have before they name them: LMPOP, SINTERCARD, ZUNION... */
import { integer } from './arguments.js';

/** For `keyIndexes`. @param numberAt where the number stands; nonsense has no keys and is refused later */
export function countedKeys(numberAt: number): (argv: readonly string[]) => readonly number[] {
  return (argv) => {
    const count = integer(argv[numberAt]!) ?? 0;
    if (count < 1 || numberAt + count >= argv.length) return [];
    return Array.from({ length: count }, (_, at) => numberAt + 1 + at);
  };
}

/**
 * The command line of redis-server: `[file] [--directive value ...] [-]`, every option a line of the
 * configuration after the file's. A first word without dashes is the file; `-` reads more from the
 * standard input. The word right after an option is its value even if it starts with dashes (passwords
 * do), save after `--save`, where scripts leave the value out to mean none.
 */
import { quoteWord, splitWords } from '../../wire/quoted-words.js';

export interface CommandLine {
  readonly file: string | undefined;
  readonly readsStdin: boolean;
  /** The options as lines of a config file. */
  readonly lines: string;
}

/** @param args latin1 words after `trib node` */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const readsStdin = args.at(-1) === '-';
  const rest = readsStdin ? args.slice(0, -1) : [...args];
  const file = rest[0]?.startsWith('--') === false ? rest.shift() : undefined;
  const lines: string[] = [];
  let line: string[] = [];
  let takesValue = false;
  for (const [at, word] of rest.entries()) {
    if (takesValue || !word.startsWith('--')) {
      line.push(quoteWord(word));
      takesValue = false;
      continue;
    }
    if (line.length > 0) lines.push(line.join(' '));
    line = [word.slice(2)];
    // `"--port 7000"` as one word brings its value along.
    takesValue = splitWords(word)?.length === 1;
    const next = rest[at + 1];
    if (word.toLowerCase() === '--save' && (next === undefined || next.startsWith('--'))) {
      line.push('""');
      takesValue = false;
    }
  }
  if (line.length > 0) lines.push(line.join(' '));
  return { file, readsStdin, lines: lines.join('\n') };
}

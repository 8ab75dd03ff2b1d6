/** redis-cli at a terminal, as a reader of a tutorial sits there: a prompt, a command, what it prints. */
import { openTerminal } from '../support/terminal.js';
import { waitUntil } from '../support/wait.js';

export interface RedisCli {
  /** Types a line. @returns what is printed until the next prompt, line ends as `\n`. */
  readonly type: (line: string) => Promise<string>;
  /** The prompt as it stands, without `> `. */
  readonly prompt: () => string;
  /** Types `exit`. @returns the exit status */
  readonly leave: () => Promise<number>;
}

const PROMPT = /(?:^|\n)([^\n]*)> $/;

/** @param words redis-cli with its options, and whatever stands in front of it. */
export async function openRedisCli(words: readonly string[]): Promise<RedisCli> {
  // A terminal that cannot edit lines shows each of them once.
  const terminal = openTerminal('env', ['TERM=dumb', ...words], { columns: 200 });
  const atPrompt = (from: number): boolean => PROMPT.test(terminal.text().slice(from));
  const awaitPrompt = (from: number): Promise<void> =>
    waitUntil(`a prompt follows in: ${terminal.text()}`, () => atPrompt(from));
  await awaitPrompt(0);
  return {
    type: async (line) => {
      const from = terminal.text().length;
      terminal.type(`${line}\r`);
      await awaitPrompt(from + line.length);
      const shown = terminal.text().slice(from);
      return shown.slice(shown.indexOf('\n') + 1).replace(PROMPT, '');
    },
    prompt: () => PROMPT.exec(terminal.text())?.[1] ?? '',
    leave: async () => {
      terminal.type('exit\r');
      return terminal.ended;
    },
  };
}

/** For as long as it takes; redis-cli is left also when something fails. */
export async function withRedisCli<T>(
  words: readonly string[],
  use: (cli: RedisCli) => Promise<T>,
): Promise<T> {
  const cli = await openRedisCli(words);
  try {
    return await use(cli);
  } finally {
    await cli.leave();
  }
}

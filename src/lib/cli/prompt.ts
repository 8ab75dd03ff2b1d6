/**
 * Asking a person. At a terminal a question waits for its answer; anywhere else a line on standard input
 * is the answer (`yes | trib create ...`), and its end is a refusal. Nothing ever waits for somebody who
 * is not there.
 */
import { createInterface } from 'node:readline';
import { TribError } from '../kernel/errors.js';

export interface Asking {
  readonly stdin: NodeJS.ReadStream;
  /** Where the question is shown: not on stdout when that carries a document. */
  readonly output: NodeJS.WriteStream;
}

/** @throws TribError DECLINED unless `yes` is typed in full. */
export async function confirm(question: string, asking: Asking): Promise<void> {
  const prompt = `${question} (type 'yes' to accept): `;
  const answer = await ask(prompt, asking);
  if (answer === undefined) {
    throw new TribError('DECLINED', 'Nobody is there to answer: nothing was changed.', {
      hint: 'Accept with --yes, or set REDISCLI_CLUSTER_YES=1.',
    });
  }
  if (answer.trim().toLowerCase() === 'yes') return;
  throw new TribError('DECLINED', 'Declined: nothing was changed.', {
    hint: "Only 'yes' in full accepts.",
  });
}

export async function askPassword(
  asking: Asking,
  prompt = 'Please input password: ',
): Promise<string> {
  if (!asking.stdin.isTTY) {
    const line = await lineFrom(asking.stdin);
    if (line !== undefined) return line;
    throw new TribError('DECLINED', 'No password was given.', {
      hint: 'Use --password-file or the variable REDISCLI_AUTH where nobody can type.',
    });
  }
  return hiddenLine(prompt, asking);
}

async function ask(prompt: string, asking: Asking): Promise<string | undefined> {
  if (asking.stdin.isTTY) return typedLine(prompt, asking);
  asking.output.write(prompt);
  const line = await lineFrom(asking.stdin);
  asking.output.write(`${line ?? ''}\n`);
  return line;
}

/**
 * One question, one answer beside it. A prompt that redraws its line with every key would look the same
 * on a screen, but not in the transcripts of `script` and `expect`, which administrators keep.
 */
export function typedLine(prompt: string, { stdin, output }: Asking): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const lines = createInterface({ input: stdin, output, terminal: true });
    let answer: string | undefined;
    lines.once('SIGINT', () => {
      output.write('\n');
      reject(interrupted());
      lines.close();
    });
    lines.once('close', () => resolve(answer));
    lines.question(prompt, (line) => {
      answer = line;
      lines.close();
    });
  });
}

async function hiddenLine(prompt: string, { stdin, output }: Asking): Promise<string> {
  // Loaded here only: most commands never ask, and it is not small.
  const { createPromptModule } = (await import('inquirer')).default;
  const theme = { prefix: '', style: { message: (text: string): string => text } };
  try {
    const answers = await createPromptModule({ input: stdin, output })<{ answer: string }>([
      { type: 'password', name: 'answer', message: prompt.trimEnd(), theme },
    ]);
    return answers.answer;
  } catch (error) {
    if (error instanceof Error && /ExitPrompt|AbortPrompt/.test(error.name)) throw interrupted();
    throw error;
  }
}

function interrupted(): TribError {
  return new TribError('INTERRUPTED', 'Interrupted: nothing was changed.');
}

function lineFrom(stdin: NodeJS.ReadStream): Promise<string | undefined> {
  if (stdin.destroyed || stdin.readableEnded) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const lines = createInterface({ input: stdin, terminal: false });
    let answer: string | undefined;
    lines.once('line', (line) => {
      answer = line;
      lines.close();
    });
    lines.once('close', () => {
      stdin.pause();
      resolve(answer);
    });
    stdin.once('error', () => lines.close());
  });
}

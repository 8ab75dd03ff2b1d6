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

export async function askPassword(asking: Asking): Promise<string> {
  const prompt = 'Please input password: ';
  if (!asking.stdin.isTTY) {
    const line = await lineFrom(asking.stdin);
    if (line !== undefined) return line;
    throw new TribError('DECLINED', 'No password was given.', {
      hint: 'Use --password-file or the variable REDISCLI_AUTH where nobody can type.',
    });
  }
  return await atTerminal({ type: 'password', message: prompt.trimEnd() }, asking);
}

async function ask(prompt: string, asking: Asking): Promise<string | undefined> {
  if (asking.stdin.isTTY) return atTerminal({ type: 'input', message: prompt.trimEnd() }, asking);
  asking.output.write(prompt);
  const line = await lineFrom(asking.stdin);
  asking.output.write(`${line ?? ''}\n`);
  return line;
}

async function atTerminal(
  question: { readonly type: 'input' | 'password'; readonly message: string },
  { stdin, output }: Asking,
): Promise<string> {
  const { createPromptModule } = (await import('inquirer')).default;
  const plain = (text: string): string => text;
  // Scripts that watch the terminal (expect) look for the words, not for ornaments around them.
  const theme = { prefix: '', style: { message: plain, answer: plain } };
  try {
    const answers = await createPromptModule({ input: stdin, output })<{ answer: string }>([
      { ...question, name: 'answer', theme },
    ]);
    return answers.answer;
  } catch (error) {
    const left = error instanceof Error && /ExitPrompt|AbortPrompt/.test(error.name);
    if (!left) throw error;
    throw new TribError('INTERRUPTED', 'Interrupted: nothing was changed.');
  }
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

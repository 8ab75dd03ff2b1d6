/**
 * Several questions, one after another. Answers may be piped in all at once, and a question must not
 * swallow the lines of the next one: one reader keeps what was not asked for yet. The end of input is a
 * refusal; incumbents print the question again and again for ever.
 */
import { createInterface, type Interface } from 'node:readline';
import { TribError } from '../kernel/errors.js';
import { typedLine, type Asking } from './prompt.js';

export class Dialogue {
  readonly #asking: Asking;
  readonly #unattended: string;
  #lines: AsyncIterator<string> | undefined;
  #reader: Interface | undefined;

  /** @param unattended what to type where nobody can answer */
  constructor(asking: Asking, unattended: string) {
    this.#asking = asking;
    this.#unattended = unattended;
  }

  tell(lines: readonly string[]): void {
    this.#asking.output.write(`${lines.join('\n')}\n`);
  }

  /** @throws TribError DECLINED at the end of input, INTERRUPTED by Ctrl-C */
  async ask(prompt: string): Promise<string> {
    const answer = this.#asking.stdin.isTTY
      ? await typedLine(prompt, this.#asking)
      : await this.#pipedLine(prompt);
    if (answer !== undefined) return answer.trim();
    throw new TribError('DECLINED', 'Nobody is there to answer: nothing was changed.', {
      hint: this.#unattended,
    });
  }

  /** Asks until `accept` is content; what it throws is told, then asked again. */
  async askUntil<T>(prompt: string, accept: (answer: string) => T): Promise<T> {
    for (;;) {
      const answer = await this.ask(prompt);
      try {
        return accept(answer);
      } catch (error) {
        if (!(error instanceof TribError)) throw error;
        this.tell([`*** ${error.message}`, ...error.hints.map((hint) => `    ${hint}`)]);
      }
    }
  }

  close(): void {
    this.#reader?.close();
    if (this.#reader) this.#asking.stdin.pause();
  }

  async #pipedLine(prompt: string): Promise<string | undefined> {
    const { stdin, output } = this.#asking;
    output.write(prompt);
    if (!this.#lines && (stdin.destroyed || stdin.readableEnded)) return undefined;
    this.#reader ??= createInterface({ input: stdin, terminal: false });
    this.#lines ??= this.#reader[Symbol.asyncIterator]();
    const next = await this.#lines.next();
    const line = next.done === true ? undefined : next.value;
    output.write(`${line ?? ''}\n`);
    return line;
  }
}

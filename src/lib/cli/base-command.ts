/**
 * What all commands have in common. A command returns its document; with `--json` that is what is printed,
 * without it the command prints text on the way. Errors become one message with the next thing to type, or
 * one document, and an exit status from the one table in kernel/errors.
 */
import { Command, type Interfaces } from '@oclif/core';
import { TribError } from '../kernel/errors.js';
import type { Capabilities } from '../render/style.js';
import { failureDocument, failureFrom, failureText } from './failure.js';
import { outputFlags } from './flags.js';

const WIDTH_DEFAULT = 80;

export abstract class TribCommand extends Command {
  static override enableJsonFlag = true;
  static override baseFlags = outputFlags;

  #hasSaidLast = false;
  #isSilent = false;

  /**
   * Operands in the order they were typed: oclif takes those that equal the value of an option for that
   * value, and `set-timeout --deadline 1000 HOST 1000` would come out the wrong way round.
   */
  protected override async parse<
    F extends Record<string, unknown>,
    B extends Record<string, unknown>,
    A extends Record<string, unknown>,
  >(
    options?: Interfaces.Input<F, B, A>,
    argv?: string[],
  ): Promise<Interfaces.ParserOutput<F, B, A>> {
    const parsed = await super.parse(options, argv);
    const operands = parsed.raw.filter(({ type }) => type === 'arg');
    return { ...parsed, argv: operands.map(({ input }) => input) };
  }

  /** Colour for people at a terminal who do not object. */
  protected get capabilities(): Capabilities {
    const { env, stdout } = process;
    const refused = Boolean(env['NO_COLOR']) || this.argv.includes('--no-color');
    const forced = env['FORCE_COLOR'] !== undefined && env['FORCE_COLOR'] !== '0';
    return {
      color: !refused && (forced || stdout.isTTY),
      width: Number(env['COLUMNS']) || stdout.columns || WIDTH_DEFAULT,
    };
  }

  /** Text for people; nothing when a document was asked for. */
  protected say(lines: readonly string[]): void {
    if (lines.length > 0 && !this.#isSilent) this.log(lines.join('\n'));
  }

  /** A verdict that is no error: `check` has looked, and found something. */
  protected setStatus(status: number): void {
    process.exitCode = status;
  }

  protected note(line: string): void {
    process.stderr.write(`${line}\n`);
  }

  /** Words that are operands; an option nobody knows must not be taken for one. */
  protected operands(argv: readonly unknown[]): readonly string[] {
    const words = argv.map(String);
    const stray = words.find((word) => word.startsWith('-') && word.length > 1);
    if (stray === undefined) return words;
    throw new TribError('USAGE', `Unknown option ${stray.split('=')[0]!}.`, {
      hint: this.#help,
    });
  }

  protected usage(message: string): TribError {
    return new TribError('USAGE', message, { hint: this.#help });
  }

  /** As it is typed: oclif's own name of `plan show` has a colon. */
  get #help(): string {
    return `See trib help ${(this.id ?? '').replaceAll(':', ' ')}`.trimEnd();
  }

  /** A stream of events is for programs as well: it ends with the document. */
  override jsonEnabled(): boolean {
    return super.jsonEnabled() || this.isStreaming;
  }

  protected get isStreaming(): boolean {
    const end = this.argv.indexOf('--');
    return (end < 0 ? this.argv : this.argv.slice(0, end)).includes('--events');
  }

  /** Help has no document; and no other one follows the last. */
  override logJson(document: unknown): void {
    if (document === undefined || this.#isSilent) return;
    process.stdout.write(`${JSON.stringify(document, null, this.jsonIndent)}\n`);
  }

  /** One line per document while events are streamed. */
  protected get jsonIndent(): number {
    return this.isStreaming ? 0 : 2;
  }

  protected override catch(error: Error): Promise<void> {
    // `this.exit()` and `--help` leave by throwing.
    if ('code' in error && error.code === 'EEXIT') throw error;
    this.#tell(error);
    return Promise.resolve();
  }

  /** Before the process is made to end: whatever the command still comes to is not told any more. */
  protected sayLast(error: TribError): void {
    this.#tell(error);
    this.#hasSaidLast = true;
    this.#isSilent = true;
  }

  /** Nobody reads it, or it cannot be written. */
  protected stopOutput(): void {
    this.#isSilent = true;
  }

  protected get isSilent(): boolean {
    return this.#isSilent;
  }

  #tell(error: Error): void {
    if (this.#hasSaidLast) return;
    const failure = failureFrom(error);
    this.setStatus(failure.exitStatus);
    if (this.jsonEnabled() && !this.#isSilent) this.logJson(failureDocument(failure));
    else this.note(failureText(failure, this.argv.includes('--verbose')));
  }
}

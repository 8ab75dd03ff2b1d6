/** Any error as a user should see it: what happened, the next thing to type, and an exit status. */
import { AssertionFailure, TribError, messageOf } from '../kernel/errors.js';

export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hints: readonly string[];
  readonly details: Readonly<Record<string, unknown>>;
  readonly exitStatus: number;
  readonly stack: string | undefined;
}

export function failureFrom(error: unknown): Failure {
  const stack = error instanceof Error ? error.stack : undefined;
  if (error instanceof TribError) {
    const { code, details, exitStatus } = error;
    // One thrown while oclif parsed a value comes back with the layout of oclif in its message.
    const { message, hints } = error.message.startsWith('Parsing --')
      ? typedWrong(error.message)
      : { message: error.message, hints: [] };
    return { code, message, hints: [...error.hints, ...hints], details, exitStatus, stack };
  }
  const base = { hints: [], details: {}, stack };
  if (error instanceof AssertionFailure) {
    const hint =
      'This is a mistake in trib, not yours: please report it with the output of --verbose.';
    return { ...base, code: 'INTERNAL', message: error.message, hints: [hint], exitStatus: 1 };
  }
  // oclif's own errors are all about how the command was typed.
  if (isUsageError(error))
    return { ...base, ...typedWrong(messageOf(error)), code: 'USAGE', exitStatus: 2 };
  return { ...base, code: 'INTERNAL', message: messageOf(error), exitStatus: 1 };
}

export function failureText(failure: Failure, isVerbose: boolean): string {
  const { message, hints, stack } = failure;
  const first = /^(\[|\*\*\*)/.test(message) ? message : `[ERR] ${message}`;
  const lines = [first, ...hints.map((hint) => `      ${hint}`)];
  if (isVerbose && stack !== undefined) lines.push('', stack, ...causesOf(failure));
  return lines.join('\n');
}

export function failureDocument({ code, message, hints, details, exitStatus }: Failure): object {
  return { schemaVersion: 1, kind: 'error', error: { code, message, hints, details, exitStatus } };
}

function causesOf(failure: Failure): readonly string[] {
  return Object.keys(failure.details).length === 0
    ? []
    : [JSON.stringify(failure.details, null, 2)];
}

/** oclif's words without its layout: what is wrong in one line, what to type next as a hint. */
function typedWrong(words: string): {
  readonly message: string;
  readonly hints: readonly string[];
} {
  const [first = '', ...rest] = words.split('\n').map((line) => line.trim());
  const hints = rest.filter((line) => line !== '');
  const flag = /^Parsing (--\S+)$/.exec(first)?.[1];
  if (flag === undefined || hints.length === 0) return { message: first, hints };
  const [problem = '', ...more] = hints;
  return { message: problem.startsWith(flag) ? problem : `${flag}: ${problem}`, hints: more };
}

function isUsageError(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'oclif' in error;
}

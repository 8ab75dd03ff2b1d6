/**
 * What the terminal can do, and the marks every line of text starts with. Scripts have grepped for these
 * marks since redis-trib.rb; colour is an extra on top and never carries meaning of its own.
 */
import { Chalk } from 'chalk';

/** Told by the caller: nothing here looks at the process. */
export interface Capabilities {
  readonly color: boolean;
  /** Columns; prose is wrapped there, lines that scripts parse are not. */
  readonly width: number;
}

export interface Style {
  readonly width: number;
  /** `>>> text` */
  heading(text: string): string;
  /** `[OK] text` */
  ok(text: string): string;
  /** `[WARNING] text` */
  warning(text: string): string;
  /** `[ERR] text` */
  error(text: string): string;
  /** `[INFO] text` */
  info(text: string): string;
  faint(text: string): string;
  strong(text: string): string;
}

export function styleFor({ color, width }: Capabilities): Style {
  const chalk = new Chalk({ level: color ? 1 : 0 });
  return {
    width,
    heading: (text) => chalk.bold(`>>> ${text}`),
    ok: (text) => chalk.green(`[OK] ${text}`),
    warning: (text) => chalk.yellow(`[WARNING] ${text}`),
    error: (text) => chalk.red(`[ERR] ${text}`),
    info: (text) => `[INFO] ${text}`,
    faint: (text) => chalk.dim(text),
    strong: (text) => chalk.bold(text),
  };
}

/** Breaks prose at spaces; a word longer than a line stays whole, it may be something to copy. */
export function wrap(
  text: string,
  width: number,
  indents: { readonly first?: string; readonly rest?: string } = {},
): readonly string[] {
  const { first = '', rest = '' } = indents;
  const lines: string[] = [];
  let line = first;
  let isEmpty = true;
  for (const word of text.split(' ')) {
    if (!isEmpty && line.length + 1 + word.length > width) {
      lines.push(line);
      line = rest;
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line];
}

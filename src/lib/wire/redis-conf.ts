/**
 * The text of a redis.conf: one directive per line, words split and quoted the way redis-server does it,
 * `#` only at the start of a line. A file is kept by its owner, so CONFIG REWRITE changes nothing but what
 * changed: comments, order and untouched lines stay, and what has no line yet goes to the end.
 *
 * Text here is latin1, one character per byte: a password is bytes, whatever the editor's encoding was.
 */
import { err, ok, type Result } from '../kernel/result.js';

export interface ConfLine {
  /** Counted from 1. */
  readonly number: number;
  /** Without the white space around it. */
  readonly text: string;
  /** The directive's name, lower case. */
  readonly name: string;
  /** What follows the name. */
  readonly words: readonly string[];
}

export interface ConfError {
  readonly number: number;
  readonly text: string;
  readonly reason: string;
}

/** The directives of a file in order; the first line that cannot be split ends it. */
export function parseConf(text: string): Result<readonly ConfLine[], ConfError> {
  const lines: ConfLine[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const line = trimLine(raw);
    if (line === '' || line.startsWith('#')) continue;
    const words = splitWords(line);
    if (words === undefined) {
      const reason = 'Unbalanced quotes in configuration line';
      return err({ number: index + 1, text: line, reason });
    }
    const [name, ...rest] = words;
    if (name === undefined) continue;
    lines.push({ number: index + 1, text: line, name: name.toLowerCase(), words: rest });
  }
  return ok(lines);
}

function trimLine(raw: string): string {
  return raw.replace(/^[ \t\r]+|[ \t\r]+$/g, '');
}

const SPACES = ' \t\n\v\f\r';
const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  b: '\b',
  a: '\x07',
};

/**
 * Splits a line into words; undefined when a quote is not closed, or is followed by anything but a space.
 * In double quotes `\n \r \t \b \a \xHH` are bytes and any other escaped character is itself; in single
 * quotes only `\'` is special.
 */
export function splitWords(line: string): string[] | undefined {
  const words: string[] = [];
  let at = 0;
  for (;;) {
    while (at < line.length && SPACES.includes(line[at]!)) at++;
    if (at >= line.length) return words;
    const word = readWord(line, at);
    if (word === undefined) return undefined;
    words.push(word.text);
    at = word.end;
  }
}

interface Word {
  readonly text: string;
  readonly end: number;
}

function readWord(line: string, start: number): Word | undefined {
  let text = '';
  let at = start;
  while (at < line.length && !SPACES.includes(line[at]!)) {
    const char = line[at]!;
    if (char !== '"' && char !== "'") {
      text += char;
      at++;
      continue;
    }
    const quoted = char === '"' ? readDoubleQuoted(line, at + 1) : readSingleQuoted(line, at + 1);
    if (quoted === undefined) return undefined;
    if (quoted.end < line.length && !SPACES.includes(line[quoted.end]!)) return undefined;
    return { text: text + quoted.text, end: quoted.end };
  }
  return { text, end: at };
}

function readDoubleQuoted(line: string, start: number): Word | undefined {
  let text = '';
  for (let at = start; at < line.length; at++) {
    const char = line[at]!;
    if (char === '"') return { text, end: at + 1 };
    if (char !== '\\' || at + 1 >= line.length) {
      text += char;
      continue;
    }
    const hex = /^\\x([0-9a-fA-F]{2})/.exec(line.slice(at, at + 4));
    if (hex === null) {
      const escaped = line[++at]!;
      text += ESCAPES[escaped] ?? escaped;
    } else {
      text += String.fromCharCode(parseInt(hex[1]!, 16));
      at += 3;
    }
  }
  return undefined;
}

function readSingleQuoted(line: string, start: number): Word | undefined {
  let text = '';
  for (let at = start; at < line.length; at++) {
    if (line[at] === "'") return { text, end: at + 1 };
    if (line[at] === '\\' && line[at + 1] === "'") at++;
    text += line[at]!;
  }
  return undefined;
}

const PLAIN_WORD = /^[!$%&()*+,\-./0-9:;<=>?@A-Z[\]^_`a-z{|}~]+$/;

/** A word as `splitWords` reads it back; quoted only where it must be. */
export function quoteWord(word: string): string {
  if (PLAIN_WORD.test(word)) return word;
  let quoted = '';
  for (let at = 0; at < word.length; at++) {
    const char = word[at]!;
    const code = char.charCodeAt(0);
    const name = Object.entries(ESCAPES).find(([, byte]) => byte === char)?.[0];
    if (char === '"' || char === '\\') quoted += `\\${char}`;
    else if (name !== undefined) quoted += `\\${name}`;
    else if (code < 0x20 || code > 0x7e) quoted += `\\x${code.toString(16).padStart(2, '0')}`;
    else quoted += char;
  }
  return `"${quoted}"`;
}

/** One directive as it shall stand in the rewritten file. */
export interface ConfEntry {
  readonly name: string;
  readonly alias?: string | undefined;
  /** The words of each of its lines, without the name; none removes the directive. */
  readonly lines: readonly (readonly string[])[];
  /** Not written when the file does not name it already. */
  readonly isDefault: boolean;
  /** Do these lines of the file say the same already? Then they stay as they were typed. */
  readonly saysTheSame: (lines: readonly (readonly string[])[]) => boolean;
}

export const REWRITE_MARK = '# Generated by CONFIG REWRITE';

/** The file's new text. Lines of directives that are not among the entries stay. */
export function rewriteConf(text: string, entries: readonly ConfEntry[]): string {
  const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n');
  const places = placesOf(lines);
  const kept: (string | undefined)[] = [...lines];
  const appended: string[] = [];
  for (const entry of entries) {
    const own = [entry.name, entry.alias ?? entry.name]
      .flatMap((name, at, names) => (names.indexOf(name) === at ? (places.get(name) ?? []) : []))
      .sort((a, b) => a.index - b.index);
    if (own.length === 0 && entry.isDefault) continue;
    if (own.length > 0 && entry.saysTheSame(own.map(({ words }) => words))) continue;
    const wanted = entry.lines.map((words) => [entry.name, ...words.map(quoteWord)].join(' '));
    for (const [at, { index }] of own.entries()) kept[index] = wanted[at];
    appended.push(...wanted.slice(own.length));
  }
  const result = kept.filter((line) => line !== undefined);
  if (appended.length > 0 && !result.includes(REWRITE_MARK)) result.push(REWRITE_MARK);
  return [...result, ...appended].map((line) => `${line}\n`).join('');
}

interface Place {
  readonly index: number;
  readonly words: readonly string[];
}

function placesOf(lines: readonly string[]): ReadonlyMap<string, readonly Place[]> {
  const places = new Map<string, Place[]>();
  for (const [index, raw] of lines.entries()) {
    const line = trimLine(raw);
    const [name, ...words] = line.startsWith('#') ? [] : (splitWords(line) ?? []);
    if (name === undefined) continue;
    const known = places.get(name.toLowerCase()) ?? [];
    places.set(name.toLowerCase(), [...known, { index, words }]);
  }
  return places;
}

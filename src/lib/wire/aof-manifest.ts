/**
 * The manifest of an append-only file of several parts (Redis 7): a base with all data as of one moment, the
 * increments written since, in order, and history that a rewrite made superfluous and nobody has
 * deleted yet. One file a line: `file <name> seq <number> type b|i|h`.
 */
import { err, ok, type Result } from '../kernel/result.js';
import { quoteWord, splitWords } from './quoted-words.js';

export interface AofPart {
  /** A name in the folder of the manifest, never a path. */
  readonly name: string;
  readonly sequence: number;
}

export interface AofManifest {
  readonly base: AofPart | undefined;
  readonly history: readonly AofPart[];
  /** In the order of their sequence. */
  readonly increments: readonly AofPart[];
}

export const EMPTY_MANIFEST: AofManifest = Object.freeze({
  base: undefined,
  history: Object.freeze([]),
  increments: Object.freeze([]),
});

export interface ManifestFault {
  /** From 1. */
  readonly line: number;
  readonly reason: string;
}

/** Real servers read lines into this much. */
const LINE_BYTES_MAX = 1024;

const TYPES = { b: 'base', h: 'history', i: 'increment' } as const;

export function parseAofManifest(text: string): Result<AofManifest, ManifestFault> {
  let base: AofPart | undefined;
  const history: AofPart[] = [];
  const increments: AofPart[] = [];
  const lines = text.split('\n');
  // What follows the last line end is no line; anything there was cut off.
  const rest = lines.pop()!;
  if (text === '') return err({ line: 1, reason: 'it is empty' });
  for (const [index, line] of lines.entries()) {
    const fault = (reason: string): Result<AofManifest, ManifestFault> =>
      err({ line: index + 1, reason });
    if (line.startsWith('#')) continue;
    if (line.length >= LINE_BYTES_MAX) return fault('the line is too long');
    const parsed = parseLine(line);
    if (!parsed.ok) return fault(parsed.error);
    const { type, part } = parsed.value;
    if (type === 'history') history.push(part);
    else if (type === 'base') {
      if (base !== undefined) return fault('there is a base already');
      base = part;
    } else {
      const last = increments.at(-1)?.sequence ?? 0;
      if (part.sequence <= last) return fault('the sequence of increments does not rise');
      increments.push(part);
    }
  }
  if (rest !== '') return err({ line: lines.length + 1, reason: 'the last line has no end' });
  return ok({ base, history, increments });
}

export function formatAofManifest({ base, history, increments }: AofManifest): string {
  const line = (type: string, { name, sequence }: AofPart): string =>
    `file ${quoteWord(name)} seq ${sequence} type ${type}\n`;
  return [
    ...(base === undefined ? [] : [line('b', base)]),
    ...history.map((part) => line('h', part)),
    ...increments.map((part) => line('i', part)),
  ].join('');
}

interface ParsedLine {
  readonly type: (typeof TYPES)[keyof typeof TYPES];
  readonly part: AofPart;
}

/** Pairs of a word and its value; pairs of later versions are passed over. */
function parseLine(line: string): Result<ParsedLine> {
  const words = splitWords(line);
  if (words === undefined || words.length < 6 || words.length % 2 !== 0) {
    return err('it is not made of `file <name> seq <number> type <letter>`');
  }
  const values = new Map<string, string>();
  for (let at = 0; at < words.length; at += 2) values.set(words[at]!.toLowerCase(), words[at + 1]!);
  const name = values.get('file') ?? '';
  const sequenceText = values.get('seq') ?? '';
  const type = TYPES[(values.get('type') ?? '') as keyof typeof TYPES] as
    ParsedLine['type'] | undefined;
  if (!/^[1-9][0-9]{0,14}$/.test(sequenceText)) return err('seq is not a positive number');
  if (type === undefined) return err('type is none of b, h and i');
  if (name === '' || name.includes('/') || name.includes('\\')) {
    return err('file is not the name of a file in this folder');
  }
  return ok({ type, part: { name, sequence: Number(sequenceText) } });
}

/**
 * From the words of a file, a command line or CONFIG SET to the value CONFIG GET shows. The error texts are
 * redis-server's, because operators search for them and tools match them.
 */
import { err, ok, type Result } from '../../kernel/result.js';
import type { Directive, DirectiveKind, ValueSource } from './directive.js';

/** @param given the words after the directive's name */
export function parseValue(
  directive: Directive,
  given: readonly string[],
  current: string,
  source: ValueSource,
): Result<string> {
  const { kind } = directive;
  if (kind.kind === 'words') return kind.parse(splitSingle(given), current, source);
  if (given.length !== 1) return err('wrong number of arguments');
  return parseWord(kind, given[0]!);
}

function parseWord(kind: DirectiveKind, word: string): Result<string> {
  switch (kind.kind) {
    case 'boolean': {
      const lower = word.toLowerCase();
      return lower === 'yes' || lower === 'no' ? ok(lower) : err("argument must be 'yes' or 'no'");
    }
    case 'integer': {
      const value = parseInteger(word);
      if (value === undefined) return err("argument couldn't be parsed into an integer");
      return within(value, kind.min, kind.max);
    }
    case 'octal':
      return parseOctal(word, kind.max);
    case 'memory':
      return parseMemory(kind, word);
    case 'choice':
      return parseChoices(kind.of, [word]);
    case 'text': {
      const wrong = kind.check?.(word);
      return wrong === undefined ? ok(word) : err(wrong);
    }
    case 'words':
      return kind.parse([word], '', 'config-set');
  }
}

/** A directive of several words may come as one quoted argument, single blanks between them. */
function splitSingle(given: readonly string[]): readonly string[] {
  if (given.length !== 1) return given;
  return given[0]!.split(' ');
}

/** As redis-server reads integers: optional minus, no plus, no leading zeros, within 64 bits. */
export function parseInteger(word: string): bigint | undefined {
  if (!/^(0|-?[1-9][0-9]{0,18})$/.test(word)) return undefined;
  const value = BigInt(word);
  return value >= -(2n ** 63n) && value < 2n ** 63n ? value : undefined;
}

function within(value: bigint, min: bigint, max: bigint): Result<string> {
  if (value >= min && value <= max) return ok(String(value));
  return err(`argument must be between ${min} and ${max} inclusive`);
}

function parseOctal(word: string, max: number): Result<string> {
  if (!/^[0-7]+$/.test(word)) return err("argument couldn't be parsed as an octal number");
  const value = parseInt(word, 8);
  if (value > max) return err(`argument must be between 0 and ${max.toString(8)} inclusive`);
  return ok(value.toString(8));
}

const UNITS: Readonly<Record<string, bigint>> = {
  '': 1n,
  b: 1n,
  k: 1000n,
  kb: 1024n,
  m: 1000n ** 2n,
  mb: 1024n ** 2n,
  g: 1000n ** 3n,
  gb: 1024n ** 3n,
};

/** `64mb` in bytes; undefined for what is no amount of memory. */
export function parseBytes(word: string): bigint | undefined {
  const match = /^([0-9]{0,20})([a-z]*)$/i.exec(word);
  const unit = UNITS[match?.[2]?.toLowerCase() ?? '?'];
  if (match === null || unit === undefined) return undefined;
  const value = BigInt(match[1] === '' ? '0' : match[1]!) * unit;
  return value < 2n ** 64n ? value : undefined;
}

function parseMemory(
  kind: Extract<DirectiveKind, { kind: 'memory' }>,
  word: string,
): Result<string> {
  if (kind.percent && /^[0-9]+%$/.test(word)) {
    const percent = BigInt(word.slice(0, -1));
    return percent <= 100n
      ? ok(`${percent}%`)
      : err('percentage argument must be less or equal to 100');
  }
  const value = parseBytes(word);
  if (value === undefined) {
    return err(`argument must be a memory ${kind.percent ? 'or percent ' : ''}value`);
  }
  return within(value, kind.min, kind.max);
}

/** One or several of the words allowed, in the order of the table. */
export function parseChoices(of: readonly string[], given: readonly string[]): Result<string> {
  const chosen = given.map((word) => of.find((one) => one === word.toLowerCase()));
  if (chosen.length === 0 || chosen.includes(undefined)) {
    return err(`argument(s) must be one of the following: ${of.join(', ')}`);
  }
  return ok(of.filter((one) => chosen.includes(one)).join(' '));
}

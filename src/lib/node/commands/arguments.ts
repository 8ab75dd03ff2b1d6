/** What commands read from their words, and the errors that many of them share, in the words of real servers. */
import { err, ok, type Result } from '../../kernel/result.js';
import { INT64_MAX, INT64_MIN } from '../store/integers.js';

export const NOT_AN_INTEGER = 'ERR value is not an integer or out of range';
export const SYNTAX_ERROR = 'ERR syntax error';
export const NO_SUCH_KEY = 'ERR no such key';

/** A client's word as errors quote it: real servers print C strings, which end at a NUL, and not without end. */
export function quotable(word: string, lengthMax = 128): string {
  const nul = word.indexOf('\0');
  return word.slice(0, nul >= 0 && nul < lengthMax ? nul : lengthMax);
}

/** A decimal int64 in canonical form; a number where that is exact. */
export function int64(text: string): number | bigint | undefined {
  const length = text.length;
  if (length === 0 || length > 20) return undefined;
  // Up to fifteen digits a number is exact and cannot overflow.
  const isNegative = text.charCodeAt(0) === 45;
  const from = isNegative ? 1 : 0;
  if (length === from) return undefined;
  const first = text.charCodeAt(from);
  if (first === 48) return length === 1 ? 0 : undefined;
  if (length - from > 15) return longInt64(text);
  let value = 0;
  for (let at = from; at < length; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return isNegative ? -value : value;
}

function longInt64(text: string): bigint | undefined {
  if (!/^-?[1-9][0-9]*$/.test(text)) return undefined;
  const value = BigInt(text);
  return value >= INT64_MIN && value <= INT64_MAX ? value : undefined;
}

/** As `int64`, as a number: rounded past 2^53, which is good enough for offsets, counts and clamping. */
export function integer(text: string): number | undefined {
  const value = int64(text);
  return typeof value === 'bigint' ? Number(value) : value;
}

/** The number of a database, which is C's int; there may be no such database. */
export function databaseNumber(text: string): Result<number> {
  const value = integer(text);
  if (value === undefined) return err(NOT_AN_INTEGER);
  if (value === (value | 0)) return ok(value);
  return err('ERR value is out of range, value must between -2147483648 and 2147483647');
}

/** The sum, or undefined past int64. */
export function addInt64(a: number | bigint, b: number | bigint): number | bigint | undefined {
  if (typeof a === 'number' && typeof b === 'number') return a + b;
  const sum = BigInt(a) + BigInt(b);
  return sum >= INT64_MIN && sum <= INT64_MAX ? sum : undefined;
}

/** "Subcommand known, words wrong": what subcommands say whose arity has no upper end in the table. */
export function wrongWords([command = '', subcommand = '']: readonly string[]): string {
  return `ERR unknown subcommand or wrong number of arguments for '${subcommand.slice(0, 128)}'. Try ${command.toUpperCase()} HELP.`;
}

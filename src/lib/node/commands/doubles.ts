/**
 * Doubles as commands read them. Real servers leave that to C's `strtod`: decimals, hexadecimals and
 * infinities in any case. Scores must be the whole word; bounds of ranges are read more leniently.
 */

import { int64 } from './arguments.js';

const DECIMAL = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?$/i;
const HEXADECIMAL = /^([+-]?)0x(?:([0-9a-f]+)\.?([0-9a-f]*)|\.([0-9a-f]+))(?:p([+-]?[0-9]+))?$/i;
const INFINITE = /^([+-]?)inf(?:inity)?$/i;
/** Beyond, a double is infinite or zero whatever the digits; it keeps powers of two within reason. */
const EXPONENT_MAX = 1_000_000;

/** undefined: no number, or one that a double cannot hold. */
export function parseDouble(text: string): number | undefined {
  const whole = int64(text);
  if (typeof whole === 'number') return whole;
  const value = toDouble(text);
  if (value === undefined) return undefined;
  // Digits that come out as nothing or as infinity have left the range.
  if (!Number.isFinite(value) && !INFINITE.test(text)) return undefined;
  if (value === 0 && /[1-9a-f]/i.test(significand(text))) return undefined;
  return value;
}

/** As a C string: it ends at a NUL, may begin with blanks and may be empty; what is too large is infinite. */
export function parseBound(text: string): number | undefined {
  const nul = text.indexOf('\0');
  const word = nul < 0 ? text : text.slice(0, nul);
  return word === '' ? 0 : toDouble(word.replace(/^[ \t\n\v\f\r]+/, ''));
}

function toDouble(text: string): number | undefined {
  if (DECIMAL.test(text)) return Number(text);
  const infinite = INFINITE.exec(text);
  if (infinite !== null) return infinite[1] === '-' ? -Infinity : Infinity;
  const hexadecimal = HEXADECIMAL.exec(text);
  if (hexadecimal === null) return undefined;
  const [, sign, whole = '', fraction = '', onlyFraction = '', power = '0'] = hexadecimal;
  const digits = fraction + onlyFraction;
  const exponent = Math.max(-EXPONENT_MAX, Math.min(EXPONENT_MAX, Number(power)));
  const magnitude = scale(BigInt(`0x${whole}${digits}`), exponent - 4 * digits.length);
  return sign === '-' ? -magnitude : magnitude;
}

/** value * 2^exponent, rounded once. */
function scale(value: bigint, exponent: number): number {
  if (value === 0n) return 0;
  const bits = value.toString(2);
  // Above 64 bits only the fact that there are more matters for rounding.
  const dropped = Math.max(0, bits.length - 64);
  const kept = BigInt(`0b${bits.slice(0, 64)}`);
  const sticky = bits.indexOf('1', 64) >= 0 ? 1n : 0n;
  return roundedScale(kept | sticky, exponent + dropped);
}

/** The nearest double to mantissa * 2^exponent, also among the denormal ones. */
function roundedScale(mantissa: bigint, exponent: number): number {
  const lowest = -1074;
  const excess = Math.max(mantissa.toString(2).length - 53, lowest - exponent, 0);
  if (excess > 70) return 0;
  const shift = BigInt(excess);
  const half = excess === 0 ? 0n : 1n << (shift - 1n);
  const floor = mantissa >> shift;
  const rest = mantissa - (floor << shift);
  const roundsUp = excess > 0 && (rest > half || (rest === half && (floor & 1n) === 1n));
  const rounded = Number(roundsUp ? floor + 1n : floor);
  const power = exponent + excess;
  // Two steps, as 2^1023 is the largest power there is; neither rounds.
  return power > 1000
    ? rounded * 2 ** 1000 * 2 ** (power - 1000)
    : rounded * 2 ** Math.max(power, lowest);
}

function significand(text: string): string {
  return /^[+-]?0x/i.test(text) ? text.replace(/0x|p.*$/gi, '') : text.replace(/e.*$/i, '');
}

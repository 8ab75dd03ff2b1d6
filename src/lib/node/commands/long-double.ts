/**
 * INCRBYFLOAT in real servers adds x86 long doubles (64 bits of mantissa) and prints seventeen decimals.
 * A JavaScript double has 53 bits and would answer 5.19999999999999929 where they say 5.2, and a primary
 * and a replica of different make would drift apart. So the sum is done exactly, on fractions of big
 * integers, and rounded to 64 bits where the hardware rounds.
 */
const MANTISSA_BITS = 64n;
const DECIMALS = 17;
/** The input buffer of the reference implementation: longer text is no number there either. */
const TEXT_LENGTH_MAX = 5 * 1024;
/** Larger exponents are infinite in a long double (about 1.2e4932), or zero. */
const EXPONENT_MAX = 4932;
const BINARY_EXPONENT_MAX = 16_384;

/** numerator / denominator; the denominator is positive. */
export interface LongDouble {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** undefined: not a number in decimal notation, or out of range. */
export function parseLongDouble(text: string): LongDouble | 'infinite' | undefined {
  if (text.length > TEXT_LENGTH_MAX) return undefined;
  if (/^[+-]?inf(?:inity)?$/i.test(text)) return 'infinite';
  if (/^[+-]?0x/i.test(text)) return parseHexadecimal(text);
  const match = /^([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,6}))?$/.exec(text);
  if (match === null) return undefined;
  const [, sign = '', whole = '', fraction = '', exponentText = '0'] = match;
  if (whole === '' && fraction === '') return undefined;
  const digits = BigInt(whole + fraction);
  const exponent = Number(exponentText) - fraction.length;
  if (digits !== 0n) {
    const magnitude = exponent + digits.toString().length;
    if (magnitude > EXPONENT_MAX || magnitude < -EXPONENT_MAX) return undefined;
  }
  if (digits === 0n) return { numerator: 0n, denominator: 1n };
  const signed = sign === '-' ? -digits : digits;
  return round(
    exponent >= 0
      ? { numerator: signed * 10n ** BigInt(exponent), denominator: 1n }
      : { numerator: signed, denominator: 10n ** BigInt(-exponent) },
  );
}

/** As C reads it: hexadecimal digits, and a power of two behind a `p`. */
function parseHexadecimal(text: string): LongDouble | undefined {
  const match = /^([+-]?)0x([0-9a-f]*)(?:\.([0-9a-f]*))?(?:p([+-]?[0-9]{1,6}))?$/i.exec(text);
  if (match === null) return undefined;
  const [, sign = '', whole = '', fraction = '', exponentText = '0'] = match;
  if (whole === '' && fraction === '') return undefined;
  const digits = BigInt(`0x${whole}${fraction}`);
  if (digits === 0n) return { numerator: 0n, denominator: 1n };
  const exponent = Number(exponentText) - 4 * fraction.length;
  const magnitude = exponent + bitLength(digits);
  if (magnitude > BINARY_EXPONENT_MAX || magnitude < -BINARY_EXPONENT_MAX) return undefined;
  const signed = sign === '-' ? -digits : digits;
  return round(
    exponent >= 0
      ? { numerator: signed << BigInt(exponent), denominator: 1n }
      : { numerator: signed, denominator: 1n << BigInt(-exponent) },
  );
}

export function addLongDouble(a: LongDouble, b: LongDouble): LongDouble {
  return round({
    numerator: a.numerator * b.denominator + b.numerator * a.denominator,
    denominator: a.denominator * b.denominator,
  });
}

/** As C's `%.17Lf` without trailing zeros. */
export function formatLongDouble(value: LongDouble): string {
  const isNegative = value.numerator < 0n;
  const scaled = divideRounded(
    (isNegative ? -value.numerator : value.numerator) * 10n ** BigInt(DECIMALS),
    value.denominator,
  );
  const digits = scaled.toString().padStart(DECIMALS + 1, '0');
  const whole = digits.slice(0, -DECIMALS);
  const fraction = digits.slice(-DECIMALS).replace(/0+$/, '');
  const text = fraction === '' ? whole : `${whole}.${fraction}`;
  return isNegative && text !== '0' ? `-${text}` : text;
}

/** To the nearest value with 64 significant bits, ties to even. */
function round({ numerator, denominator }: LongDouble): LongDouble {
  if (numerator === 0n) return { numerator: 0n, denominator: 1n };
  const isNegative = numerator < 0n;
  const magnitude = isNegative ? -numerator : numerator;
  // Scale so that the quotient has exactly 64 bits.
  let shift = MANTISSA_BITS - BigInt(bitLength(magnitude) - bitLength(denominator));
  let mantissa = shifted(magnitude, denominator, shift);
  if (mantissa >= 1n << MANTISSA_BITS) mantissa = shifted(magnitude, denominator, --shift);
  if (mantissa >= 1n << MANTISSA_BITS) mantissa = shifted(magnitude, denominator, --shift);
  const signed = isNegative ? -mantissa : mantissa;
  return shift >= 0n
    ? { numerator: signed, denominator: 1n << shift }
    : { numerator: signed << -shift, denominator: 1n };
}

/** numerator * 2^shift / denominator, rounded to the nearest integer. */
function shifted(numerator: bigint, denominator: bigint, shift: bigint): bigint {
  return shift >= 0n
    ? divideRounded(numerator << shift, denominator)
    : divideRounded(numerator, denominator << -shift);
}

function divideRounded(numerator: bigint, denominator: bigint): bigint {
  const quotient = numerator / denominator;
  const twice = 2n * (numerator - quotient * denominator);
  if (twice > denominator || (twice === denominator && (quotient & 1n) === 1n))
    return quotient + 1n;
  return quotient;
}

function bitLength(value: bigint): number {
  return value.toString(2).length;
}

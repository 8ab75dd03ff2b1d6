/**
 * Doubles as Redis 7.0 prints them: seventeen significant digits without trailing zeros (C's `%.17g`).
 * Later servers print the shortest digits that read back the same; digests of sorted sets tell.
 */
const DIGITS = 17;

export function formatDouble(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (value === Infinity) return 'inf';
  if (value === -Infinity) return '-inf';
  // Up to here integers have no more than fifteen digits, and are what they print.
  if (Number.isInteger(value) && Math.abs(value) < 1e15 && value !== 0) return String(value);
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const [nearest, exponentText] = value.toExponential(DIGITS - 1).split('e') as [string, string];
  const exponent = Number(exponentText);
  const mantissa = isMiddle(value, exponent) ? towardsEven(nearest) : nearest;
  if (exponent >= -4 && exponent < DIGITS) return trimZeros(pointed(mantissa, exponent));
  const sign = exponent < 0 ? '-' : '+';
  return `${trimZeros(mantissa)}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

/**
 * Whether `value` lies in the middle between two decimals of seventeen digits, as 827420773811895.625 does:
 * its last digit, the eighteenth, is a five. A binary fraction has as many decimals as it has bits.
 */
function isMiddle(value: number, exponent: number): boolean {
  const decimals = DIGITS - exponent;
  if (decimals < 1 || decimals > MOST_DECIMALS) return false;
  return Math.abs((value * 2 ** decimals) % 2) === 1;
}

/** 5 ** 25 is the last power of five of no more than eighteen digits. */
const MOST_DECIMALS = 25;

/** Of two decimals equally near ECMAScript takes the larger, `mantissa`, and C the one whose last digit is even. */
function towardsEven(mantissa: string): string {
  const last = Number(mantissa.at(-1));
  return mantissa.slice(0, -1) + String(last - (last % 2));
}

/** `mantissa`, one digit, a point and the rest, with its point moved `exponent` digits to the right. */
function pointed(mantissa: string, exponent: number): string {
  const sign = mantissa.startsWith('-') ? '-' : '';
  const digits = mantissa.slice(sign.length).replace('.', '');
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  return `${sign}${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`;
}

function trimZeros(decimal: string): string {
  return decimal.replace(/\.?0*$/, '');
}

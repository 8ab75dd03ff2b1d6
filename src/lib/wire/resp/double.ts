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
  const [mantissa, exponentText] = value.toExponential(DIGITS - 1).split('e') as [string, string];
  const exponent = Number(exponentText);
  if (exponent >= -4 && exponent < DIGITS) {
    return trimZeros(value.toFixed(Math.min(100, DIGITS - 1 - exponent)));
  }
  const sign = exponent < 0 ? '-' : '+';
  return `${trimZeros(mantissa)}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

function trimZeros(decimal: string): string {
  return decimal.includes('.') ? decimal.replace(/\.?0+$/, '') : decimal;
}

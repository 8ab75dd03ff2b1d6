/** Numbers as INFO prints them. */

/** `1015.83K`: bytes for people, two decimals, in powers of 1024. */
export function humanBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes}B`;
  for (const [unit, shift] of [
    ['K', 10],
    ['M', 20],
    ['G', 30],
    ['T', 40],
  ] as const) {
    const size = bytes / 2 ** shift;
    if (size < 1024 || unit === 'T') return `${size.toFixed(2)}${unit}`;
  }
  return `${bytes}B`;
}

/** A share of a whole with two decimals; 0 of nothing. */
export function ratio(part: number, whole: number): string {
  return (whole === 0 ? 0 : part / whole).toFixed(2);
}

export function percent(part: number, whole: number): string {
  return `${ratio(part * 100, whole)}%`;
}

/** Microseconds as `seconds.micros`. */
export function seconds(micros: number): string {
  return (micros / 1e6).toFixed(6);
}

export type Field = readonly [name: string, value: string | number];

export function lines(fields: readonly Field[]): string[] {
  return fields.map(([name, value]) => `${name}:${value}`);
}

/**
 * Data from a file, taken for what it says it is only after every field was looked at. A shape is a
 * function that returns the value or throws where it is wrong; fields nobody knows are wrong as well.
 */
export type Shape<T> = (value: unknown, path: string) => T;

/** What is wrong, and where: `plan.stages[0].title: no text`. */
export class ShapeError extends Error {
  override readonly name = 'ShapeError';
}

/** @throws ShapeError */
export function shaped<T>(shape: Shape<T>, value: unknown, name: string): T {
  return shape(value, name);
}

export const aText: Shape<string> = (value, path) =>
  typeof value === 'string' ? value : wrong(path, 'no text');

export const aBoolean: Shape<boolean> = (value, path) =>
  typeof value === 'boolean' ? value : wrong(path, 'neither true nor false');

/** As for rates: any, but none below zero. */
export const anAmount: Shape<number> = (value, path) =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0
    ? value
    : wrong(path, 'no amount');

export function aWhole(min: number, max: number): Shape<number> {
  return (value, path) =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max
      ? value
      : wrong(path, `no whole number from ${min} to ${max}`);
}

export function aWord<T extends string>(...words: readonly T[]): Shape<T> {
  return (value, path) =>
    words.find((word) => word === value) ?? wrong(path, `none of ${words.join(', ')}`);
}

/** A text that a guard recognises. */
export function aTextThatIs<T extends string>(
  holds: (text: string) => text is T,
  what: string,
): Shape<T> {
  return (value, path) =>
    typeof value === 'string' && holds(value) ? value : wrong(path, `no ${what}`);
}

export function aList<T>(shape: Shape<T>, max = 1_000_000): Shape<readonly T[]> {
  return (value, path) => {
    if (!Array.isArray(value) || value.length > max) return wrong(path, 'no list');
    return value.map((item: unknown, index) => shape(item, `${path}[${index}]`));
  };
}

type Fields = Readonly<Record<string, Shape<unknown>>>;
type Of<F extends Fields> = { readonly [K in keyof F]: ReturnType<F[K]> };

/** An object with exactly these fields; those of `may` can be missing. */
export function aRecord<F extends Fields, M extends Fields = F>(
  must: F,
  may?: M,
): Shape<Of<F> & Partial<Of<M>>> {
  return (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return wrong(path, 'no object');
    }
    const given = value as Readonly<Record<string, unknown>>;
    for (const name of Object.keys(given)) {
      const isKnown = Object.hasOwn(must, name) || (may !== undefined && Object.hasOwn(may, name));
      if (!isKnown) wrong(`${path}.${name}`, 'unknown');
    }
    const fields: Record<string, unknown> = {};
    for (const [name, shape] of Object.entries(must)) {
      fields[name] = shape(given[name], `${path}.${name}`);
    }
    for (const [name, shape] of Object.entries(may ?? {})) {
      if (given[name] !== undefined) fields[name] = shape(given[name], `${path}.${name}`);
    }
    return fields as Of<F> & Partial<Of<M>>;
  };
}

/** One of several records, told apart by their field `kind`. */
export function oneOfKind<S extends Readonly<Record<string, Shape<unknown>>>>(
  shapes: S,
): Shape<ReturnType<S[keyof S]>> {
  return (value, path) => {
    const kind =
      typeof value === 'object' && value !== null && 'kind' in value ? value.kind : undefined;
    if (typeof kind !== 'string' || !Object.hasOwn(shapes, kind)) {
      return wrong(`${path}.kind`, `none of ${Object.keys(shapes).join(', ')}`);
    }
    return shapes[kind]!(value, path) as ReturnType<S[keyof S]>;
  };
}

function wrong(path: string, what: string): never {
  throw new ShapeError(`${path}: ${what}`);
}

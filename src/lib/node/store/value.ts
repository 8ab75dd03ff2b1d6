/**
 * What a key can hold. Strings are plain latin1 strings, the form they arrive and leave in; every
 * other type is a class with a `kind`. Commands narrow with `typeof` and `kind`; a new type joins the
 * union and the compiler names the places that must know it.
 */
export type Value = string;

/** The names TYPE answers with. */
export type TypeName = 'string';

export function typeName(_value: Value): TypeName {
  return 'string';
}

/** A decimal int64 in its only canonical form: what Redis stores as an integer. */
export function isCanonicalInteger(text: string): boolean {
  if (text.length === 0 || text.length > 20) return false;
  if (!/^(?:0|-?[1-9][0-9]*)$/.test(text)) return false;
  if (text.length < 16) return true;
  const value = BigInt(text);
  return value >= INT64_MIN && value <= INT64_MAX;
}

export const INT64_MAX = 2n ** 63n - 1n;
export const INT64_MIN = -(2n ** 63n);

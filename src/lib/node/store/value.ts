/**
 * What a key can hold. Strings are plain latin1 strings, the form they arrive and leave in; every
 * other type is a class with a `kind`. Commands narrow with `typeof` and `kind`; a new type joins the
 * union and the compiler names the places that must know it.
 *
 * Collections are changed in place. Whoever does calls `Database.willChange(entry)` before (a snapshot may
 * want the value as it was) and `Database.touch(key)` after (somebody may watch the key), and deletes the key
 * when the collection has become empty.
 */
import type { HashValue } from './hash-value.js';
import type { ListValue } from './list-value.js';
import type { SetValue } from './set-value.js';
import type { SortedSetValue } from './sorted-set-value.js';

export type Collection = ListValue | SetValue | HashValue | SortedSetValue;
export type Value = string | Collection;

/** The names TYPE answers with. */
export type TypeName = 'string' | Collection['kind'];

/** The class of values of one type. */
export type ValueOf<T extends TypeName> = T extends 'string'
  ? string
  : Extract<Collection, { readonly kind: T }>;

export function typeName(value: Value): TypeName {
  return typeof value === 'string' ? 'string' : value.kind;
}

/** The same data, to be changed apart from each other. */
export function cloneValue(value: Value): Value {
  return typeof value === 'string' ? value : value.clone();
}

export function sizeOf(value: Collection): number {
  return value.kind === 'list' ? value.length : value.size;
}

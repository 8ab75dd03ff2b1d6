/** SORT and SORT_RO: the elements of a list, a set or a sorted set, by themselves or by what they lead to. */
import { ListValue } from '../store/list-value.js';
import type { SetValue } from '../store/set-value.js';
import type { SortedSetValue } from '../store/sorted-set-value.js';
import { parseDouble } from './doubles.js';
import { type SortOptions, sortOptions } from './sort-options.js';
import type { StoreCall } from './store-call.js';
import { storeNothing, storeResult } from './store-result.js';
import { readAny, WRONG_TYPE } from './value-access.js';

export function sort(call: StoreCall): void {
  sortWith(call, true);
}

export function sortRo(call: StoreCall): void {
  sortWith(call, false);
}

type Sortable = ListValue | SetValue | SortedSetValue;

function sortWith(call: StoreCall, mayStore: boolean): void {
  const options = sortOptions(call, mayStore);
  if (options === undefined) return;
  const value = readAny(call, call.argv[1]!) ?? new ListValue();
  if (typeof value === 'string' || value.kind === 'hash') {
    call.reply.error(WRONG_TYPE);
    return;
  }
  const size = value.kind === 'list' ? value.length : value.size;
  const start = Math.min(Math.max(options.start, 0), size);
  const end = options.count < 0 ? size : Math.min(start + options.count, size);
  const elements = select(call, value, options, start, end);
  if (elements === undefined) {
    call.reply.error("ERR One or more scores can't be converted into double");
    return;
  }
  const results = resultsOf(call, elements, options);
  if (options.storeKey !== undefined) store(call, options.storeKey, results);
  else {
    call.reply.array(results.length);
    for (const result of results) {
      if (result === undefined) call.reply.null();
      else call.reply.bulk(result);
    }
  }
}

function store(call: StoreCall, key: string, results: readonly (string | undefined)[]): void {
  if (results.length === 0) storeNothing(call, key);
  else {
    const list = new ListValue(results.map((result) => result ?? ''));
    storeResult(call, key, list, ['list', 'sortstore']);
  }
  call.reply.integer(results.length);
}

// --- which elements ---------------------------------------------------------

/** The elements from `start` up to `end` in the order wanted; undefined: a weight is no number. */
function select(
  call: StoreCall,
  value: Sortable,
  options: SortOptions,
  start: number,
  end: number,
): readonly string[] | undefined {
  // A set has no order of its own; where the result stays, it must be the same everywhere.
  if (options.isUnsorted && value.kind === 'set' && options.storeKey !== undefined) {
    const byName = { ...options, isUnsorted: false, isAlphabetic: true, by: undefined };
    return select(call, value, byName, start, end);
  }
  if (options.isUnsorted) return asTheyLie(value, options.isDescending, start, end);
  const sorted = options.isAlphabetic
    ? alphabetically(call, elementsOf(value), options)
    : numerically(call, elementsOf(value), options);
  return sorted?.slice(start, end);
}

function elementsOf(value: Sortable): readonly string[] {
  if (value.kind !== 'zset') return [...value];
  const elements: string[] = [];
  value.forEach((member) => elements.push(member));
  return elements;
}

function asTheyLie(
  value: Sortable,
  isDescending: boolean,
  start: number,
  end: number,
): readonly string[] {
  const elements: string[] = [];
  const take = (element: string): void => void elements.push(element);
  switch (value.kind) {
    case 'list':
      value.forRange(isDescending ? value.length - end : start, end - start, take);
      return isDescending ? elements.reverse() : elements;
    case 'zset':
      if (start < end && isDescending) value.descend(value.size - 1 - start, end - start, take);
      else if (start < end) value.ascend(start, end - start, take);
      return elements;
    case 'set':
      return [...value].slice(start, end);
  }
}

interface Weighed<W> {
  readonly element: string;
  readonly weight: W;
}

/** By number, and by name where the numbers are equal. */
function numerically(
  call: StoreCall,
  elements: readonly string[],
  { by, isDescending }: SortOptions,
): readonly string[] | undefined {
  const weighed: Weighed<number>[] = [];
  let isSound = true;
  for (const element of elements) {
    const text = by === undefined ? element : lookUp(call, by, element);
    const weight = text === undefined ? 0 : weightOf(text);
    if (weight === undefined) isSound = false;
    else weighed.push({ element, weight });
  }
  if (!isSound) return undefined;
  const sign = isDescending ? -1 : 1;
  weighed.sort((a, b) => {
    if (a.weight !== b.weight) return a.weight < b.weight ? -sign : sign;
    return sign * compareBytes(a.element, b.element);
  });
  return weighed.map(({ element }) => element);
}

/** As a C string: blanks may stand before the number, a NUL ends it, and nothing at all is zero. */
function weightOf(text: string): number | undefined {
  const word = text.split('\0', 1)[0]!;
  return word === '' ? 0 : parseDouble(word.replace(/^[ \t\n\v\f\r]+/, ''));
}

/** Elements that lead to nothing come first. */
function alphabetically(
  call: StoreCall,
  elements: readonly string[],
  { by, isDescending }: SortOptions,
): readonly string[] {
  const weighed: Weighed<string | undefined>[] = elements.map((element) => ({
    element,
    weight: by === undefined ? element : lookUp(call, by, element),
  }));
  const sign = isDescending ? -1 : 1;
  weighed.sort(({ weight: a }, { weight: b }) => {
    if (a === undefined || b === undefined) return sign * (a === b ? 0 : a === undefined ? -1 : 1);
    return sign * compareBytes(a, b);
  });
  return weighed.map(({ element }) => element);
}

function compareBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

// --- what they lead to ------------------------------------------------------

function resultsOf(
  call: StoreCall,
  elements: readonly string[],
  { get }: SortOptions,
): readonly (string | undefined)[] {
  if (get.length === 0) return elements;
  return elements.flatMap((element) => get.map((pattern) => lookUp(call, pattern, element)));
}

/**
 * What a pattern leads to once the element stands in place of its `*`: the string there, or with `->field` the
 * field of the hash there. `#` is the element itself.
 */
function lookUp(call: StoreCall, pattern: string, element: string): string | undefined {
  if (pattern === '#') return element;
  const star = pattern.indexOf('*');
  if (star < 0) return undefined;
  const arrow = pattern.indexOf('->', star + 1);
  const hasField = arrow >= 0 && arrow + 2 < pattern.length;
  const tail = hasField ? pattern.slice(star + 1, arrow) : pattern.slice(star + 1);
  const value = readAny(call, pattern.slice(0, star) + element + tail);
  if (value === undefined) return undefined;
  if (!hasField) return typeof value === 'string' ? value : undefined;
  const isHash = typeof value !== 'string' && value.kind === 'hash';
  return isHash ? value.get(pattern.slice(arrow + 2)) : undefined;
}

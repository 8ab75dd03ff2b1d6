/** The three ways to give a range of a sorted set, each read from two words into something that finds ranks. */
import type { SortedSetValue } from '../store/sorted-set-value.js';
import { integer } from './arguments.js';
import { parseBound } from './doubles.js';

/** Ranks from `from` up to but not including `to`; `from` is never above it. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export type Range = (value: SortedSetValue) => Span;

/** How many members stand before a bound. */
type Before = (value: SortedSetValue) => number;

/** Both ranks belong to it; negative ones count from the end. */
export function rankRange(first: string, last: string): Range | undefined {
  const start = integer(first);
  const end = integer(last);
  if (start === undefined || end === undefined) return undefined;
  return ({ size }) => {
    const from = Math.max(0, start < 0 ? start + size : start);
    const to = Math.min(size, (end < 0 ? end + size : end) + 1);
    return from < to ? { from, to } : { from: 0, to: 0 };
  };
}

/** Scores; `(` before one leaves the score itself out. */
export function scoreRange(min: string, max: string): Range | undefined {
  const lower = scoreBound(min);
  const upper = scoreBound(max);
  if (lower === undefined || upper === undefined) return undefined;
  return between(
    lower.isOpen ? upTo(lower.score) : below(lower.score),
    upper.isOpen ? below(upper.score) : upTo(upper.score),
  );
}

function scoreBound(
  word: string,
): { readonly score: number; readonly isOpen: boolean } | undefined {
  const isOpen = word.startsWith('(');
  const score = parseBound(isOpen ? word.slice(1) : word);
  return score === undefined ? undefined : { score, isOpen };
}

const below =
  (bound: number): Before =>
  (value) =>
    value.countBefore((score) => score < bound);

const upTo =
  (bound: number): Before =>
  (value) =>
    value.countBefore((score) => score <= bound);

/** Names of members with equal scores: `[` with the name, `(` without it, `-` and `+` for the ends. */
export function lexRange(min: string, max: string): Range | undefined {
  const from = lexBound(min, true);
  const to = lexBound(max, false);
  return from === undefined || to === undefined ? undefined : between(from, to);
}

function lexBound(word: string, isLower: boolean): Before | undefined {
  const name = word.slice(1);
  switch (word[0]) {
    case '-':
    case '+':
      // A C string: what follows a NUL is not seen.
      if (name !== '' && !name.startsWith('\0')) return undefined;
      return word[0] === '-' ? () => 0 : ({ size }) => size;
    case '[':
    case '(':
      // The name itself stands before an open lower bound and before a closed upper one.
      return isLower === (word[0] === '(')
        ? (value) => value.countBefore((_, member) => member <= name)
        : (value) => value.countBefore((_, member) => member < name);
    default:
      return undefined;
  }
}

function between(before: Before, upToEnd: Before): Range {
  return (value) => {
    const from = before(value);
    const to = upToEnd(value);
    return from < to ? { from, to } : { from: 0, to: 0 };
  };
}

/** What SORT reads from its words. */
import { integer, NOT_AN_INTEGER, SYNTAX_ERROR } from './arguments.js';
import type { StoreCall } from './store-call.js';

export interface SortOptions {
  /** The elements as they lie there, where that is an order at all. */
  readonly isUnsorted: boolean;
  /** Elements weigh what is found under this pattern; undefined: they are their own weights. */
  readonly by: string | undefined;
  /** What to answer for each element; the elements themselves when there is none. */
  readonly get: readonly string[];
  readonly isDescending: boolean;
  readonly isAlphabetic: boolean;
  readonly start: number;
  /** Negative is all. */
  readonly count: number;
  readonly storeKey: string | undefined;
}

/** undefined with the error written. @param mayStore SORT, not SORT_RO */
export function sortOptions(call: StoreCall, mayStore: boolean): SortOptions | undefined {
  const { argv, reply } = call;
  const isCluster = call.wings.cluster !== undefined;
  const get: string[] = [];
  let by: string | undefined;
  let isUnsorted = false;
  let isDescending = false;
  let isAlphabetic = false;
  let start = 0;
  let count = -1;
  let storeKey: string | undefined;
  for (let at = 2; at < argv.length; at++) {
    const word = argv[at]!.toLowerCase();
    const left = argv.length - at - 1;
    if (word === 'asc') isDescending = false;
    else if (word === 'desc') isDescending = true;
    else if (word === 'alpha') isAlphabetic = true;
    else if (word === 'limit' && left >= 2) {
      const given = [integer(argv[++at]!), integer(argv[++at]!)];
      if (given.includes(undefined)) {
        reply.error(NOT_AN_INTEGER);
        return undefined;
      }
      start = given[0]!;
      count = given[1]!;
    } else if (word === 'store' && mayStore && left >= 1) storeKey = argv[++at];
    else if ((word === 'by' || word === 'get') && left >= 1) {
      const pattern = argv[++at]!;
      // What a pattern leads to may lie anywhere.
      if (isCluster && (word === 'get' || pattern.includes('*'))) {
        reply.error(`ERR ${word.toUpperCase()} option of SORT denied in Cluster mode.`);
        return undefined;
      }
      if (word === 'get') get.push(pattern);
      else {
        by = pattern;
        isUnsorted ||= !pattern.includes('*');
      }
    } else {
      reply.error(SYNTAX_ERROR);
      return undefined;
    }
  }
  return { isUnsorted, by, get, isDescending, isAlphabetic, start, count, storeKey };
}

/** For `keyIndexes`: the key, and where the last STORE leads. */
export function sortKeys(argv: readonly string[]): readonly number[] {
  let storeAt: number | undefined;
  for (let at = 2; at < argv.length; at++) {
    const word = argv[at]!.toLowerCase();
    if (word === 'limit') at += 2;
    else if (word === 'by' || word === 'get') at++;
    else if (word === 'store' && at + 1 < argv.length) storeAt = ++at;
  }
  return storeAt === undefined ? [1] : [1, storeAt];
}

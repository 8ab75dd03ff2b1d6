/** SORT as a table; what it does is in `sort-operations.ts`. */
import { sort, sortRo } from './sort-operations.js';
import { sortKeys } from './sort-options.js';
import { family } from './spec.js';
import type { StoreCommandSpec } from './store-call.js';

const generic = family('generic');

export const SORT_COMMANDS: readonly StoreCommandSpec[] = [
  generic(
    'sort',
    {
      arity: -2,
      flags: 'write denyoom movablekeys',
      keys: [1, 1, 1],
      keyIndexes: sortKeys,
      acl: 'write set sortedset list slow dangerous',
      since: '1.0.0',
      summary: 'Sorts a list, a set or a sorted set, and stores the result if wanted.',
    },
    sort,
  ),
  generic(
    'sort_ro',
    {
      arity: -2,
      flags: 'readonly movablekeys',
      keys: [1, 1, 1],
      acl: 'read set sortedset list slow dangerous',
      since: '7.0.0',
      summary: 'Sorts a list, a set or a sorted set.',
    },
    sortRo,
  ),
];

/** The commands about several sorted sets as a table; what they do is in `sorted-set-union-operations.ts`. */
import { countedKeys } from './counted-keys.js';
import {
  zdiff,
  zdiffstore,
  zinter,
  zintercard,
  zinterstore,
  zunion,
  zunionstore,
} from './sorted-set-union-operations.js';
import { family } from './spec.js';
import type { StoreCommandSpec } from './store-call.js';

const sortedSet = family('sorted-set');
const countedAfterTarget = countedKeys(2);

/** The target, then the counted ones. */
function storedKeys(argv: readonly string[]): readonly number[] {
  const keys = countedAfterTarget(argv);
  return keys.length === 0 ? keys : [1, ...keys];
}

export const SORTED_SET_UNION_COMMANDS: readonly StoreCommandSpec[] = [
  sortedSet(
    'zunion',
    {
      arity: -3,
      flags: 'readonly movablekeys',
      keyIndexes: countedKeys(1),
      acl: 'read sortedset slow',
      since: '6.2.0',
      summary: 'The members of any of several sets, with their scores combined.',
    },
    zunion,
  ),
  sortedSet(
    'zinter',
    {
      arity: -3,
      flags: 'readonly movablekeys',
      keyIndexes: countedKeys(1),
      acl: 'read sortedset slow',
      since: '6.2.0',
      summary: 'The members of all of several sets, with their scores combined.',
    },
    zinter,
  ),
  sortedSet(
    'zdiff',
    {
      arity: -3,
      flags: 'readonly movablekeys',
      keyIndexes: countedKeys(1),
      acl: 'read sortedset slow',
      since: '6.2.0',
      summary: 'The members of the first set that are in none of the others.',
    },
    zdiff,
  ),
  sortedSet(
    'zintercard',
    {
      arity: -3,
      flags: 'readonly movablekeys',
      keyIndexes: countedKeys(1),
      acl: 'read sortedset slow',
      since: '7.0.0',
      summary: 'How many members several sets have in common.',
    },
    zintercard,
  ),
  sortedSet(
    'zunionstore',
    {
      arity: -4,
      flags: 'write denyoom movablekeys',
      keys: [1, 1, 1],
      keyIndexes: storedKeys,
      acl: 'write sortedset slow',
      since: '2.0.0',
      summary: 'Keeps the union of several sets as a sorted set.',
    },
    zunionstore,
  ),
  sortedSet(
    'zinterstore',
    {
      arity: -4,
      flags: 'write denyoom movablekeys',
      keys: [1, 1, 1],
      keyIndexes: storedKeys,
      acl: 'write sortedset slow',
      since: '2.0.0',
      summary: 'Keeps the intersection of several sets as a sorted set.',
    },
    zinterstore,
  ),
  sortedSet(
    'zdiffstore',
    {
      arity: -4,
      flags: 'write denyoom movablekeys',
      keys: [1, 1, 1],
      keyIndexes: storedKeys,
      acl: 'write sortedset slow',
      since: '6.2.0',
      summary: 'Keeps the difference of several sets as a sorted set.',
    },
    zdiffstore,
  ),
];

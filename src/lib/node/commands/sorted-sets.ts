/**
 * The commands about members of sorted sets as a table; what they do is in `sorted-set-operations.ts` and
 * `sorted-set-pops.ts`.
 */
import { countedKeys } from './counted-keys.js';
import {
  zadd,
  zcard,
  zincrby,
  zmscore,
  zrandmember,
  zrank,
  zrem,
  zrevrank,
  zscan,
  zscore,
} from './sorted-set-operations.js';
import { bzmpop, bzpopmax, bzpopmin, zmpop, zpopmax, zpopmin } from './sorted-set-pops.js';
import { family } from './spec.js';
import type { StoreCommandSpec } from './store-call.js';

const sortedSet = family('sorted-set');

export const SORTED_SET_COMMANDS: readonly StoreCommandSpec[] = [
  sortedSet(
    'zadd',
    {
      arity: -4,
      flags: 'write denyoom fast',
      keys: [1, 1, 1],
      acl: 'write sortedset fast',
      since: '1.2.0',
      summary: 'Adds members with their scores, or gives members other scores.',
    },
    zadd,
  ),
  sortedSet(
    'zincrby',
    {
      arity: 4,
      flags: 'write denyoom fast',
      keys: [1, 1, 1],
      acl: 'write sortedset fast',
      since: '1.2.0',
      summary: 'Adds to the score of a member.',
    },
    zincrby,
  ),
  sortedSet(
    'zrem',
    {
      arity: -3,
      flags: 'write fast',
      keys: [1, 1, 1],
      acl: 'write sortedset fast',
      since: '1.2.0',
      summary: 'Removes members from a sorted set.',
    },
    zrem,
  ),
  sortedSet(
    'zcard',
    {
      arity: 2,
      flags: 'readonly fast',
      keys: [1, 1, 1],
      acl: 'read sortedset fast',
      since: '1.2.0',
      summary: 'How many members a sorted set has.',
    },
    zcard,
  ),
  sortedSet(
    'zscore',
    {
      arity: 3,
      flags: 'readonly fast',
      keys: [1, 1, 1],
      acl: 'read sortedset fast',
      since: '1.2.0',
      summary: 'The score of a member.',
    },
    zscore,
  ),
  sortedSet(
    'zmscore',
    {
      arity: -3,
      flags: 'readonly fast',
      keys: [1, 1, 1],
      acl: 'read sortedset fast',
      since: '6.2.0',
      summary: 'The scores of several members.',
    },
    zmscore,
  ),
  sortedSet(
    'zrank',
    {
      arity: 3,
      flags: 'readonly fast',
      keys: [1, 1, 1],
      acl: 'read sortedset fast',
      since: '2.0.0',
      summary: 'How many members stand before this one.',
    },
    zrank,
  ),
  sortedSet(
    'zrevrank',
    {
      arity: 3,
      flags: 'readonly fast',
      keys: [1, 1, 1],
      acl: 'read sortedset fast',
      since: '2.0.0',
      summary: 'How many members stand behind this one.',
    },
    zrevrank,
  ),
  sortedSet(
    'zrandmember',
    {
      arity: -2,
      flags: 'readonly',
      keys: [1, 1, 1],
      acl: 'read sortedset slow',
      since: '6.2.0',
      summary: 'Some members of a sorted set.',
      tips: ['nondeterministic_output'],
    },
    zrandmember,
  ),
  sortedSet(
    'zscan',
    {
      arity: -3,
      flags: 'readonly',
      keys: [1, 1, 1],
      acl: 'read sortedset slow',
      since: '2.8.0',
      summary: 'Walks over the members of a sorted set in steps.',
      tips: ['nondeterministic_output'],
    },
    zscan,
  ),
  sortedSet(
    'zpopmin',
    {
      arity: -2,
      flags: 'write fast',
      keys: [1, 1, 1],
      acl: 'write sortedset fast',
      since: '5.0.0',
      summary: 'Takes the members with the lowest scores off a sorted set.',
    },
    zpopmin,
  ),
  sortedSet(
    'zpopmax',
    {
      arity: -2,
      flags: 'write fast',
      keys: [1, 1, 1],
      acl: 'write sortedset fast',
      since: '5.0.0',
      summary: 'Takes the members with the highest scores off a sorted set.',
    },
    zpopmax,
  ),
  sortedSet(
    'zmpop',
    {
      arity: -4,
      flags: 'write movablekeys',
      keyIndexes: countedKeys(1),
      acl: 'write sortedset slow',
      since: '7.0.0',
      summary: 'Takes members off the first of several sorted sets that has some.',
    },
    zmpop,
  ),
  sortedSet(
    'bzpopmin',
    {
      arity: -3,
      flags: 'write noscript blocking fast',
      keys: [1, -2, 1],
      acl: 'write sortedset fast blocking',
      since: '5.0.0',
      summary: 'Takes the lowest member off one of several sorted sets, waiting for one.',
    },
    bzpopmin,
  ),
  sortedSet(
    'bzpopmax',
    {
      arity: -3,
      flags: 'write noscript blocking fast',
      keys: [1, -2, 1],
      acl: 'write sortedset fast blocking',
      since: '5.0.0',
      summary: 'Takes the highest member off one of several sorted sets, waiting for one.',
    },
    bzpopmax,
  ),
  sortedSet(
    'bzmpop',
    {
      arity: -5,
      flags: 'write blocking movablekeys',
      keyIndexes: countedKeys(2),
      acl: 'write sortedset slow blocking',
      since: '7.0.0',
      summary: 'Takes members off one of several sorted sets, waiting for some.',
    },
    bzmpop,
  ),
];

/** The commands about ranges of sorted sets as a table; what they do is in `sorted-set-range-operations.ts`. */
import {
  zcount,
  zlexcount,
  zrange,
  zrangebylex,
  zrangebyscore,
  zrangestore,
  zremrangebylex,
  zremrangebyrank,
  zremrangebyscore,
  zrevrange,
  zrevrangebylex,
  zrevrangebyscore,
} from './sorted-set-range-operations.js';
import { family } from './spec.js';
import type { StoreCommandSpec } from './store-call.js';

const sortedSet = family('sorted-set');

export const SORTED_SET_RANGE_COMMANDS: readonly StoreCommandSpec[] = [
  sortedSet(
    'zrange',
    {
      arity: -4,
      flags: 'readonly',
      keys: [1, 1, 1],
      acl: 'read sortedset slow',
      since: '1.2.0',
      summary: 'A range of members: by rank, by score or by name.',
    },
    zrange,
  ),
  sortedSet(
    'zrangestore',
    {
      arity: -5,
      flags: 'write denyoom',
      keys: [1, 2, 1],
      acl: 'write sortedset slow',
      since: '6.2.0',
      summary: 'Keeps a range of members as a sorted set at another key.',
    },
    zrangestore,
  ),
  sortedSet(
    'zrevrange',
    {
      arity: -4,
      flags: 'readonly',
      keys: [1, 1, 1],
      acl: 'read sortedset slow',
      since: '1.2.0',
      summary: 'A range of members by rank, from the highest down.',
    },
    zrevrange,
  ),
  sortedSet(
    'zrangebyscore',
    {
      arity: -4,
      flags: 'readonly',
      keys: [1, 1, 1],
      acl: 'read sortedset slow',
      since: '1.0.5',
      summary: 'The members with scores in a range.',
    },
    zrangebyscore,
  ),
  sortedSet(
    'zrevrangebyscore',
    {
      arity: -4,
      flags: 'readonly',
      keys: [1, 1, 1],
      acl: 'read sortedset slow',
      since: '2.2.0',
      summary: 'The members with scores in a range, from the highest down.',
    },
    zrevrangebyscore,
  ),
  sortedSet(
    'zrangebylex',
    {
      arity: -4,
      flags: 'readonly',
      keys: [1, 1, 1],
      acl: 'read sortedset slow',
      since: '2.8.9',
      summary: 'The members in a range of names.',
    },
    zrangebylex,
  ),
  sortedSet(
    'zrevrangebylex',
    {
      arity: -4,
      flags: 'readonly',
      keys: [1, 1, 1],
      acl: 'read sortedset slow',
      since: '2.8.9',
      summary: 'The members in a range of names, from the last back.',
    },
    zrevrangebylex,
  ),
  sortedSet(
    'zcount',
    {
      arity: 4,
      flags: 'readonly fast',
      keys: [1, 1, 1],
      acl: 'read sortedset fast',
      since: '2.0.0',
      summary: 'How many members have scores in a range.',
    },
    zcount,
  ),
  sortedSet(
    'zlexcount',
    {
      arity: 4,
      flags: 'readonly fast',
      keys: [1, 1, 1],
      acl: 'read sortedset fast',
      since: '2.8.9',
      summary: 'How many members lie in a range of names.',
    },
    zlexcount,
  ),
  sortedSet(
    'zremrangebyrank',
    {
      arity: 4,
      flags: 'write',
      keys: [1, 1, 1],
      acl: 'write sortedset slow',
      since: '2.0.0',
      summary: 'Removes the members in a range of ranks.',
    },
    zremrangebyrank,
  ),
  sortedSet(
    'zremrangebyscore',
    {
      arity: 4,
      flags: 'write',
      keys: [1, 1, 1],
      acl: 'write sortedset slow',
      since: '1.2.0',
      summary: 'Removes the members with scores in a range.',
    },
    zremrangebyscore,
  ),
  sortedSet(
    'zremrangebylex',
    {
      arity: 4,
      flags: 'write',
      keys: [1, 1, 1],
      acl: 'write sortedset slow',
      since: '2.8.9',
      summary: 'Removes the members in a range of names.',
    },
    zremrangebylex,
  ),
];

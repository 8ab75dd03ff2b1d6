/** The commands that carry keys from one server to another; what they do is in `restore.ts` and `migrate.ts`. */
import { migrate, migratedKeyIndexes } from './migrate.js';
import { dump, restore } from './restore.js';
import { family } from './spec.js';
import type { StoreCommandSpec } from './store-call.js';

const generic = family('generic');

export const TRANSFER_COMMANDS: readonly StoreCommandSpec[] = [
  generic(
    'dump',
    {
      arity: 2,
      flags: 'readonly',
      keys: [1, 1, 1],
      acl: 'keyspace read slow',
      since: '2.6.0',
      summary: 'The value of a key in the form that RESTORE takes.',
      tips: ['nondeterministic_output'],
    },
    dump,
  ),
  generic(
    'restore',
    {
      arity: -4,
      flags: 'write denyoom',
      keys: [1, 1, 1],
      acl: 'keyspace write slow dangerous',
      since: '2.6.0',
      summary: 'Creates a key from what DUMP gave.',
    },
    restore,
  ),
  generic(
    'restore-asking',
    {
      arity: -4,
      flags: 'write denyoom asking',
      keys: [1, 1, 1],
      acl: 'keyspace write slow dangerous',
      since: '3.0.0',
      summary: 'RESTORE into a slot that is being imported; MIGRATE sends it.',
    },
    restore,
  ),
  {
    ...generic(
      'migrate',
      {
        arity: -6,
        flags: 'write movablekeys',
        keys: [3, 3, 1],
        acl: 'keyspace write slow dangerous',
        since: '2.6.0',
        summary: 'Moves keys to another server, each either here or there at any time.',
        tips: ['nondeterministic_output'],
      },
      migrate,
    ),
    keyIndexes: migratedKeyIndexes,
  },
];

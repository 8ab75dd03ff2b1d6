/** The commands about bits of strings as a table; what they do is in `bit-operations.ts` and `bit-fields.ts`. */
import { bitfield, bitfieldRo } from './bit-fields.js';
import { bitcount, bitop, bitpos, getbit, setbit } from './bit-operations.js';
import { family } from './spec.js';
import type { StoreCommandSpec } from './store-call.js';

const bitmap = family('bitmap');

export const BIT_COMMANDS: readonly StoreCommandSpec[] = [
  bitmap(
    'setbit',
    {
      arity: 4,
      flags: 'write denyoom',
      keys: [1, 1, 1],
      acl: 'write bitmap slow',
      since: '2.2.0',
      summary: 'Sets or clears one bit of the string at a key.',
    },
    setbit,
  ),
  bitmap(
    'getbit',
    {
      arity: 3,
      flags: 'readonly fast',
      keys: [1, 1, 1],
      acl: 'read bitmap fast',
      since: '2.2.0',
      summary: 'One bit of the string at a key.',
    },
    getbit,
  ),
  bitmap(
    'bitcount',
    {
      arity: -2,
      flags: 'readonly',
      keys: [1, 1, 1],
      acl: 'read bitmap slow',
      since: '2.6.0',
      summary: 'How many bits of a string are set.',
    },
    bitcount,
  ),
  bitmap(
    'bitpos',
    {
      arity: -3,
      flags: 'readonly',
      keys: [1, 1, 1],
      acl: 'read bitmap slow',
      since: '2.8.7',
      summary: 'Where the first bit that is set, or clear, is in a string.',
    },
    bitpos,
  ),
  bitmap(
    'bitop',
    {
      arity: -4,
      flags: 'write denyoom',
      keys: [2, -1, 1],
      acl: 'write bitmap slow',
      since: '2.6.0',
      summary: 'Combines strings bit by bit and keeps the result.',
    },
    bitop,
  ),
  bitmap(
    'bitfield',
    {
      arity: -2,
      flags: 'write denyoom',
      keys: [1, 1, 1],
      acl: 'write bitmap slow',
      since: '3.2.0',
      summary: 'Reads and writes integers of any width inside a string.',
    },
    bitfield,
  ),
  bitmap(
    'bitfield_ro',
    {
      arity: -2,
      flags: 'readonly fast',
      keys: [1, 1, 1],
      acl: 'read bitmap fast',
      since: '6.0.0',
      summary: 'Reads integers of any width inside a string.',
    },
    bitfieldRo,
  ),
];

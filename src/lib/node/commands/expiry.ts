/** The commands about expiry as a table; what they do is in `expiry-operations.ts`. */
import {
  expire,
  expireat,
  expiretime,
  persist,
  pexpire,
  pexpireat,
  pexpiretime,
  pttl,
  ttl,
} from './expiry-operations.js';
import { family } from './spec.js';
import type { StoreCommandSpec } from './store-call.js';

const generic = family('generic');

export const EXPIRY_COMMANDS: readonly StoreCommandSpec[] = [
  generic(
    'expire',
    {
      arity: -3,
      flags: 'write fast',
      keys: [1, 1, 1],
      acl: 'keyspace write fast',
      since: '1.0.0',
      summary: 'Makes a key expire after some seconds.',
    },
    expire,
  ),
  generic(
    'pexpire',
    {
      arity: -3,
      flags: 'write fast',
      keys: [1, 1, 1],
      acl: 'keyspace write fast',
      since: '2.6.0',
      summary: 'Makes a key expire after some milliseconds.',
    },
    pexpire,
  ),
  generic(
    'expireat',
    {
      arity: -3,
      flags: 'write fast',
      keys: [1, 1, 1],
      acl: 'keyspace write fast',
      since: '1.2.0',
      summary: 'Makes a key expire at a time in seconds.',
    },
    expireat,
  ),
  generic(
    'pexpireat',
    {
      arity: -3,
      flags: 'write fast',
      keys: [1, 1, 1],
      acl: 'keyspace write fast',
      since: '2.6.0',
      summary: 'Makes a key expire at a time in milliseconds.',
    },
    pexpireat,
  ),
  generic(
    'ttl',
    {
      arity: 2,
      flags: 'readonly fast',
      keys: [1, 1, 1],
      acl: 'keyspace read fast',
      since: '1.0.0',
      summary: 'Seconds until a key expires.',
      tips: ['nondeterministic_output'],
    },
    ttl,
  ),
  generic(
    'pttl',
    {
      arity: 2,
      flags: 'readonly fast',
      keys: [1, 1, 1],
      acl: 'keyspace read fast',
      since: '2.6.0',
      summary: 'Milliseconds until a key expires.',
      tips: ['nondeterministic_output'],
    },
    pttl,
  ),
  generic(
    'expiretime',
    {
      arity: 2,
      flags: 'readonly fast',
      keys: [1, 1, 1],
      acl: 'keyspace read fast',
      since: '7.0.0',
      summary: 'When a key expires, in seconds.',
    },
    expiretime,
  ),
  generic(
    'pexpiretime',
    {
      arity: 2,
      flags: 'readonly fast',
      keys: [1, 1, 1],
      acl: 'keyspace read fast',
      since: '7.0.0',
      summary: 'When a key expires, in milliseconds.',
    },
    pexpiretime,
  ),
  generic(
    'persist',
    {
      arity: 2,
      flags: 'write fast',
      keys: [1, 1, 1],
      acl: 'keyspace write fast',
      since: '2.2.0',
      summary: 'Makes a key stay for ever.',
    },
    persist,
  ),
];

/** Commands about one's own connection as a table; what they do is in `connection-operations.ts`. */
import { auth, echo, hello, ping, quit, reset, select } from './connection-operations.js';
import { family } from './spec.js';
import type { StoreCommandSpec } from './store-call.js';

const connection = family('connection');

export const CONNECTION_COMMANDS: readonly StoreCommandSpec[] = [
  connection(
    'ping',
    {
      arity: -1,
      flags: 'fast',
      acl: 'fast connection',
      since: '1.0.0',
      summary: 'Answers PONG, or the words given.',
      tips: ['request_policy:all_shards', 'response_policy:all_succeeded'],
    },
    ping,
  ),
  connection(
    'echo',
    {
      arity: 2,
      flags: 'loading stale fast',
      acl: 'fast connection',
      since: '1.0.0',
      summary: 'Answers the words given.',
    },
    echo,
  ),
  connection(
    'auth',
    {
      arity: -2,
      flags: 'noscript loading stale fast no_auth allow_busy',
      acl: 'fast connection',
      since: '1.0.0',
      summary: 'Logs the connection in.',
    },
    auth,
  ),
  connection(
    'hello',
    {
      arity: -1,
      flags: 'noscript loading stale fast no_auth allow_busy',
      acl: 'fast connection',
      since: '6.0.0',
      summary: 'Chooses the protocol version, and logs in and names the connection on the way.',
    },
    hello,
  ),
  connection(
    'select',
    {
      arity: 2,
      flags: 'loading stale fast',
      acl: 'fast connection',
      since: '1.0.0',
      summary: 'Chooses the database of the connection.',
    },
    select,
  ),
  connection(
    'quit',
    {
      arity: -1,
      flags: 'noscript loading stale fast no_auth allow_busy',
      acl: 'fast connection',
      since: '1.0.0',
      summary: 'Closes the connection.',
    },
    quit,
  ),
  connection(
    'reset',
    {
      arity: 1,
      flags: 'noscript loading stale fast no_auth allow_busy',
      acl: 'fast connection',
      since: '6.2.0',
      summary: 'Makes the connection like a new one.',
    },
    reset,
  ),
];

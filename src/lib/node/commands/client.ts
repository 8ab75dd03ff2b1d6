/** CLIENT as a table; what it does is in `client-operations.ts` and `client-kill.ts`. */
import { clientKill } from './client-kill.js';
import {
  client,
  clientGetname,
  clientId,
  clientInfo,
  clientList,
  clientNoEvict,
  clientPause,
  clientReply,
  clientSetinfo,
  clientSetname,
  clientUnblock,
  clientUnpause,
} from './client-operations.js';
import { helpCommand } from './help.js';
import { family } from './spec.js';
import type { StoreCommandSpec } from './store-call.js';

const connection = family('connection');

export const CLIENT_COMMANDS: readonly StoreCommandSpec[] = [
  connection(
    'client',
    { arity: -2, flags: '', acl: 'slow', since: '2.4.0', summary: 'Commands about connections.' },
    client,
    [
      connection(
        'getname',
        {
          arity: 2,
          flags: 'noscript loading stale',
          acl: 'slow connection',
          since: '2.6.9',
          summary: 'The name of the connection.',
        },
        clientGetname,
      ),
      connection(
        'id',
        {
          arity: 2,
          flags: 'noscript loading stale',
          acl: 'slow connection',
          since: '5.0.0',
          summary: 'The id of the connection.',
        },
        clientId,
      ),
      connection(
        'info',
        {
          arity: 2,
          flags: 'noscript loading stale',
          acl: 'slow connection',
          since: '6.2.0',
          summary: 'Facts about the connection.',
          tips: ['nondeterministic_output'],
        },
        clientInfo,
      ),
      connection(
        'kill',
        {
          arity: -3,
          flags: 'admin noscript loading stale',
          acl: 'admin slow dangerous connection',
          since: '2.4.0',
          summary: 'Closes connections.',
        },
        clientKill,
      ),
      connection(
        'list',
        {
          arity: -2,
          flags: 'admin noscript loading stale',
          acl: 'admin slow dangerous connection',
          since: '2.4.0',
          summary: 'Facts about all connections.',
          tips: ['nondeterministic_output'],
        },
        clientList,
      ),
      connection(
        'no-evict',
        {
          arity: 3,
          flags: 'admin noscript loading stale',
          acl: 'admin slow dangerous connection',
          since: '7.0.0',
          summary: 'Spares the connection when memory is short.',
        },
        clientNoEvict,
      ),
      connection(
        'pause',
        {
          arity: -3,
          flags: 'admin noscript loading stale',
          acl: 'admin slow dangerous connection',
          since: '2.9.50',
          summary: 'Holds commands back for a while.',
        },
        clientPause,
      ),
      connection(
        'reply',
        {
          arity: 3,
          flags: 'noscript loading stale',
          acl: 'slow connection',
          since: '3.2.0',
          summary: 'Whether commands are answered.',
        },
        clientReply,
      ),
      connection(
        'setinfo',
        {
          arity: 4,
          flags: 'noscript loading stale',
          acl: 'slow connection',
          since: '7.2.0',
          summary: 'Tells name and version of the client library.',
        },
        clientSetinfo,
      ),
      connection(
        'setname',
        {
          arity: 3,
          flags: 'noscript loading stale',
          acl: 'slow connection',
          since: '2.6.9',
          summary: 'Names the connection.',
        },
        clientSetname,
      ),
      connection(
        'unblock',
        {
          arity: -3,
          flags: 'admin noscript loading stale',
          acl: 'admin slow dangerous connection',
          since: '5.0.0',
          summary: 'Ends what another connection waits for.',
        },
        clientUnblock,
      ),
      connection(
        'unpause',
        {
          arity: 2,
          flags: 'admin noscript loading stale',
          acl: 'admin slow dangerous connection',
          since: '6.2.0',
          summary: 'Ends CLIENT PAUSE.',
        },
        clientUnpause,
      ),
      helpCommand('client', { since: '5.0.0', acl: ['connection'], group: 'connection' }, [
        ['GETNAME', 'The name of this connection.'],
        ['ID', 'The id of this connection.'],
        ['INFO', 'This connection, as CLIENT LIST describes it.'],
        ['KILL <ip:port>', 'Close the connection from this address.'],
        [
          'KILL <option> <value> [<option> <value> [...]]',
          'Close connections. Options: ADDR, LADDR, TYPE, USER, ID, SKIPME.',
        ],
        [
          'LIST [ID <id> [<id> ...]] [TYPE (NORMAL|MASTER|REPLICA|PUBSUB)]',
          'Describe connections, one per line.',
        ],
        ['NO-EVICT (ON|OFF)', 'Spare this connection when memory is short.'],
        [
          'PAUSE <timeout> [WRITE|ALL]',
          'Hold all commands, or writes, back for some milliseconds.',
        ],
        ['REPLY (ON|OFF|SKIP)', 'Whether commands of this connection are answered.'],
        [
          'SETINFO <option> <value>',
          'Tell the name (LIB-NAME) or version (LIB-VER) of the client library.',
        ],
        ['SETNAME <name>', 'Name this connection.'],
        ['UNBLOCK <id> [TIMEOUT|ERROR]', 'End what a connection waits for.'],
        ['UNPAUSE', 'End CLIENT PAUSE.'],
      ]),
    ],
  ),
];

/** CONFIG: the directives of the running node. What they accept is in `config/`. */
import { SYNTAX_ERROR } from './arguments.js';
import { helpCommand } from './help.js';
import { isLocalClient } from './local-client.js';
import { family } from './spec.js';
import type { StoreCall, StoreCommandSpec } from './store-call.js';

const server = family('server');
const ADMIN = { flags: 'admin noscript loading stale', acl: 'admin slow dangerous' } as const;

function get({ argv, reply, wings }: StoreCall): void {
  const found = wings.config.matching(argv.slice(2));
  reply.map(found.length);
  for (const [name, value] of found) {
    reply.bulk(name);
    reply.bulk(value);
  }
}

function set({ argv, client, reply, wings }: StoreCall): void {
  if (argv.length % 2 !== 0) {
    reply.error(SYNTAX_ERROR);
    return;
  }
  const pairs: (readonly [string, string])[] = [];
  for (let at = 2; at < argv.length; at += 2) pairs.push([argv[at]!, argv[at + 1]!]);
  const wrong = wings.config.setAll(pairs, isLocalClient(client));
  if (wrong === undefined) reply.status('OK');
  else reply.error(`ERR ${wrong}`);
}

function rewrite({ reply, wings }: StoreCall): void {
  const wrong = wings.config.rewrite();
  if (wrong === undefined) reply.status('OK');
  else reply.error(`ERR ${wrong}`);
}

function resetStat({ reply, wings }: StoreCall): void {
  wings.stats.reset();
  wings.cluster?.traffic?.clear();
  reply.status('OK');
}

export const CONFIG_COMMANDS: readonly StoreCommandSpec[] = [
  server(
    'config',
    {
      arity: -2,
      flags: '',
      acl: 'slow',
      since: '2.0.0',
      summary: 'Reads, changes and writes down the configuration.',
    },
    ({ reply }) => reply.error(SYNTAX_ERROR),
    [
      server(
        'get',
        {
          ...ADMIN,
          arity: -3,
          since: '2.0.0',
          summary: 'Directives whose names match the patterns, with their values.',
        },
        get,
      ),
      server(
        'set',
        {
          ...ADMIN,
          arity: -4,
          since: '2.0.0',
          summary: 'Changes directives of the running node, all of them or none.',
          tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
        },
        set,
      ),
      server(
        'rewrite',
        {
          ...ADMIN,
          arity: 2,
          since: '2.8.0',
          summary: 'Writes what is in force into the config file, comments kept.',
        },
        rewrite,
      ),
      server(
        'resetstat',
        { ...ADMIN, arity: 2, since: '2.0.0', summary: 'Sets the counters of INFO to zero.' },
        resetStat,
      ),
      helpCommand('config', { since: '5.0.0', group: 'server' }, [
        ['GET <pattern> [<pattern> ...]', 'Directives that match, with their values.'],
        ['SET <directive> <value> [...]', 'Change directives, all of them or none.'],
        ['RESETSTAT', 'Set the counters of INFO to zero.'],
        ['REWRITE', 'Write what is in force into the config file.'],
      ]),
    ],
  ),
];

/** Commands about the process rather than about keys: TIME, SHUTDOWN, DEBUG, MODULE. */
import { personaOf } from '../ports/persona.js';
import { integer, NOT_AN_INTEGER, SYNTAX_ERROR } from './arguments.js';
import { debug } from './debug.js';
import { helpCommand } from './help.js';
import { memoryCommand } from './memory.js';
import { latencyCommand, slowlogCommand } from './slow-calls.js';
import { family } from './spec.js';
import type { StoreCall, StoreCommandSpec } from './store-call.js';

const server = family('server');
/** A cluster as it likes to be. */
const PICTURE = ['  o---o---o', ' / \\ / \\ / \\', 'o---o---o---o', ''].join('\n');
const ADMIN = 'admin noscript loading stale';
const ADMIN_ACL = 'admin slow dangerous';

function time({ nowMs, reply }: StoreCall): void {
  const micros = Math.floor(nowMs * 1000);
  reply.array(2);
  reply.bulk(String(Math.floor(micros / 1_000_000)));
  reply.bulk(String(micros % 1_000_000));
}

/** VERSION chooses a picture; there is one. */
function lolwut({ argv, reply, wings }: StoreCall): void {
  const { server: name, version } = personaOf(wings.config);
  const asksVersion = argv.length > 2 && argv[1]!.toLowerCase() === 'version';
  if (asksVersion && integer(argv[2]!) === undefined) reply.error(NOT_AN_INTEGER);
  else reply.verbatim(`${PICTURE}\n${name === 'redis' ? 'Redis' : 'Valkey'} ver. ${version}\n`);
}

/** NOW and FORCE are about lagging replicas and failing saves; ABORT stands alone. */
function shutdown(call: StoreCall): void {
  const { argv, reply, wings } = call;
  const words = argv.slice(1).map((word) => word.toLowerCase());
  const has = (word: string): boolean => words.includes(word);
  const isKnown = words.every((word) => ['save', 'nosave', 'now', 'force', 'abort'].includes(word));
  const isMixed = (has('save') && has('nosave')) || (has('abort') && words.length > 1);
  if (!isKnown || isMixed) {
    reply.error(SYNTAX_ERROR);
    return;
  }
  if (has('abort')) {
    if (wings.host.abortShutdown()) reply.status('OK');
    else reply.error('ERR No shutdown in progress.');
    return;
  }
  const save = has('nosave') ? 'nosave' : has('save') ? 'save' : 'default';
  // Who asked for it hears of it only when it does not happen.
  const answer = call.suspend(() => undefined);
  wings.host.shutdown({ save, now: has('now'), force: has('force') }, () =>
    answer((later) => later.error('ERR Errors trying to SHUTDOWN. Check logs.')),
  );
}

function monitor({ client, maySuspend, reply, sessions }: StoreCall): void {
  if (!maySuspend) {
    reply.error("ERR MONITOR isn't allowed for DENY BLOCKING client");
    return;
  }
  if (client.isReplica) return;
  sessions.monitor(client);
  reply.status('OK');
}

const NO_MODULES = 'ERR This node loads no modules.';

export const SERVER_COMMANDS: readonly StoreCommandSpec[] = [
  server(
    'time',
    {
      arity: 1,
      flags: 'loading stale fast',
      acl: 'fast',
      since: '2.6.0',
      summary: 'The time here: seconds, and microseconds within the second.',
      tips: ['nondeterministic_output'],
    },
    time,
  ),
  server(
    'shutdown',
    {
      arity: -1,
      flags: 'admin noscript loading stale no_multi allow_busy',
      acl: ADMIN_ACL,
      since: '1.0.0',
      summary: 'Ends the node.',
    },
    shutdown,
  ),
  server(
    'lolwut',
    {
      arity: -1,
      flags: 'readonly fast',
      acl: 'read fast',
      since: '5.0.0',
      summary: 'A small picture, and the version.',
    },
    lolwut,
  ),
  server(
    'debug',
    {
      arity: -2,
      flags: ADMIN,
      acl: ADMIN_ACL,
      since: '1.0.0',
      summary: 'Aids for tests: digests, sleeping, expiry.',
    },
    debug,
  ),
  server(
    'monitor',
    {
      arity: 1,
      flags: ADMIN,
      acl: ADMIN_ACL,
      since: '1.0.0',
      summary: 'Shows every command as it has run, until the client leaves.',
    },
    monitor,
  ),
  latencyCommand(),
  slowlogCommand(),
  memoryCommand(),
  moduleCommand(),
];

function moduleCommand(): StoreCommandSpec {
  const facts = {
    acl: ADMIN_ACL,
    since: '4.0.0',
    flags: 'admin noscript no_async_loading',
  } as const;
  return server(
    'module',
    { arity: -2, flags: '', acl: 'slow', since: '4.0.0', summary: 'Modules: there are none.' },
    ({ reply }) => reply.error(SYNTAX_ERROR),
    [
      server(
        'list',
        {
          ...facts,
          flags: 'admin noscript',
          arity: 2,
          summary: 'The modules loaded: none.',
          tips: ['nondeterministic_output_order'],
        },
        ({ reply }) => reply.array(0),
      ),
      ...(['load', 'loadex'] as const).map((name) =>
        server(
          name,
          {
            ...facts,
            arity: -3,
            since: name === 'load' ? '4.0.0' : '7.0.0',
            summary: 'Refused: this node loads no modules.',
          },
          ({ reply }) => reply.error(NO_MODULES),
        ),
      ),
      server(
        'unload',
        { ...facts, arity: 3, summary: 'Refused: this node loads no modules.' },
        ({ reply }) => reply.error(NO_MODULES),
      ),
      helpCommand('module', { since: '5.0.0', group: 'server' }, [
        ['LIST', 'The modules loaded: none.'],
      ]),
    ],
  );
}

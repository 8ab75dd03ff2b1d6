/** ACL for the one user there is: `default`, who may do everything once authenticated. */
import { createHash } from 'node:crypto';
import { toBytes } from '../../kernel/bytes.js';
import { SYNTAX_ERROR, wrongWords } from './arguments.js';
import { helpCommand } from './help.js';
import { family } from './spec.js';
import type { StoreCall, StoreCommandSpec } from './store-call.js';

const server = family('server');
const NOT_SERVED = 'ERR This node has one user, `default`; set its password with requirepass.';

function passwordHash({ wings }: StoreCall): string | undefined {
  const password = wings.config.get('requirepass') ?? '';
  if (password === '') return undefined;
  return createHash('sha256').update(toBytes(password)).digest('hex');
}

function list(call: StoreCall): void {
  const hash = passwordHash(call);
  call.reply.array(1);
  call.reply.bulk(`user default on ${hash === undefined ? 'nopass' : `#${hash}`} ~* &* +@all`);
}

function getUser(call: StoreCall): void {
  const { argv, reply } = call;
  if (argv[2] !== 'default') {
    reply.null();
    return;
  }
  const hash = passwordHash(call);
  const flags = hash === undefined ? ['on', 'nopass'] : ['on'];
  reply.map(6);
  reply.bulk('flags');
  reply.set(flags.length);
  for (const flag of flags) reply.bulk(flag);
  reply.bulk('passwords');
  reply.array(hash === undefined ? 0 : 1);
  if (hash !== undefined) reply.bulk(hash);
  for (const word of ['commands', '+@all', 'keys', '~*', 'channels', '&*', 'selectors']) {
    reply.bulk(word);
  }
  reply.array(0);
}

/** The categories that the commands here are in, or the commands of one. */
function cat({ argv, reply, wings }: StoreCall): void {
  if (argv.length > 3) {
    reply.error(wrongWords(argv));
    return;
  }
  const shapes = wings.host.commands().flatMap((shape) => [
    { name: shape.name, categories: shape.categories },
    ...(shape.subcommands ?? []).map((sub) => ({
      name: `${shape.name}|${sub.name}`,
      categories: sub.categories,
    })),
  ]);
  const wanted = argv[2]?.toLowerCase();
  const all = [...new Set(shapes.flatMap(({ categories }) => categories))];
  const found =
    wanted === undefined
      ? all.map((category) => category.slice(1))
      : shapes.filter((one) => one.categories.includes(`@${wanted}`)).map(({ name }) => name);
  if (wanted !== undefined && found.length === 0) {
    reply.error(`ERR Unknown category '${argv[2]!}'`);
    return;
  }
  reply.array(found.length);
  for (const name of found) reply.bulk(name);
}

export const ACL_COMMANDS: readonly StoreCommandSpec[] = [aclCommand()];

function aclCommand(): StoreCommandSpec {
  const open = { flags: 'noscript loading stale', acl: 'slow', since: '6.0.0' } as const;
  const admin = {
    flags: 'admin noscript loading stale',
    acl: 'admin slow dangerous',
    since: '6.0.0',
  } as const;
  const refuse = ({ reply }: StoreCall): void => reply.error(NOT_SERVED);
  return server(
    'acl',
    { arity: -2, flags: '', acl: 'slow', since: '6.0.0', summary: 'Users: there is one.' },
    ({ reply }) => reply.error(SYNTAX_ERROR),
    [
      server('whoami', { ...open, arity: 2, summary: 'Who the connection is.' }, ({ reply }) =>
        reply.bulk('default'),
      ),
      server('cat', { ...open, arity: -2, summary: 'Categories, or the commands of one.' }, cat),
      server('list', { ...admin, arity: 2, summary: 'The rules of the one user.' }, list),
      server('users', { ...admin, arity: 2, summary: 'The one user.' }, ({ reply }) => {
        reply.array(1);
        reply.bulk('default');
      }),
      server('getuser', { ...admin, arity: 3, summary: 'What a user may do.' }, getUser),
      server('setuser', { ...admin, arity: -3, summary: 'Refused: there is one user.' }, refuse),
      server('deluser', { ...admin, arity: -3, summary: 'Refused: there is one user.' }, refuse),
      helpCommand('acl', { since: '6.0.0', group: 'server' }, [
        ['WHOAMI', 'Who the connection is.'],
        ['LIST', 'The rules of the one user.'],
        ['USERS', 'The one user.'],
        ['GETUSER <name>', 'What a user may do.'],
        ['CAT [<category>]', 'Categories, or the commands of one.'],
      ]),
    ],
  );
}

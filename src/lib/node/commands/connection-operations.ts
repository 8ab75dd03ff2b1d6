/** What the commands about one's own connection do. Their table is in `connection.ts`. */
import type { Wings } from '../ports/wings.js';
import type { StoreCall } from './store-call.js';
import { databaseNumber, integer, quotable, SYNTAX_ERROR } from './arguments.js';
import { personaOf } from '../ports/persona.js';

export function ping(call: StoreCall): void {
  const { argv, client, reply } = call;
  if (argv.length > 2) {
    reply.error("ERR wrong number of arguments for 'ping' command");
    return;
  }
  const held = client.subscriptions;
  const isSubscriber = held.channels.size + held.patterns.size + held.shardChannels.size > 0;
  if (client.protocol === 2 && isSubscriber) {
    reply.array(2);
    reply.bulk('pong');
    reply.bulk(argv[1] ?? '');
  } else if (argv[1] === undefined) reply.status('PONG');
  else reply.bulk(argv[1]);
}

export function echo(call: StoreCall): void {
  call.reply.bulk(call.argv[1]!);
}

export function auth(call: StoreCall): void {
  const { argv, reply } = call;
  if (argv.length > 3) {
    reply.error(SYNTAX_ERROR);
    return;
  }
  const user = argv.length === 3 ? argv[1]! : undefined;
  if (authenticates(call, user, argv.at(-1)!)) reply.status('OK');
}

/** The error is written when false. */
function authenticates(call: StoreCall, user: string | undefined, password: string): boolean {
  const { client, reply, sessions, wings } = call;
  const verdict = sessions.authenticate(user ?? 'default', password);
  if (verdict === 'no-password-set' && user === undefined) {
    reply.error(
      'ERR AUTH <password> called without any password configured for the default user. ' +
        'Are you sure your configuration is correct?',
    );
    return false;
  }
  if (verdict === 'wrong') {
    wings.stats.counters.authFailures++;
    reply.error('WRONGPASS invalid username-password pair or user is disabled.');
    return false;
  }
  client.isAuthenticated = true;
  return true;
}

export function hello(call: StoreCall): void {
  const { argv, client, reply, wings } = call;
  let version: number | undefined;
  if (argv.length > 1) {
    version = integer(argv[1]!);
    if (version === undefined) {
      reply.error('ERR Protocol version is not an integer or out of range');
      return;
    }
    if (version !== 2 && version !== 3) {
      reply.error('NOPROTO unsupported protocol version');
      return;
    }
  }
  if (!takesHelloOptions(call)) return;
  if (!client.isAuthenticated) {
    reply.error(
      'NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH ' +
        '<user> <pass> option can be used to authenticate the client and select the RESP protocol version ' +
        'at the same time',
    );
    return;
  }
  if (version !== undefined) client.protocol = version === 3 ? 3 : 2;
  const persona = personaOf(wings.config);
  const zone = wings.config.get('availability-zone') ?? '';
  const facts: readonly (readonly [string, string | number])[] = [
    ['server', persona.server],
    ['version', persona.version],
    ['proto', client.protocol],
    ['id', client.id],
    ['mode', wings.cluster === undefined ? 'standalone' : 'cluster'],
    ['role', wings.replication.role === 'primary' ? 'master' : 'replica'],
    ...(zone === '' ? [] : [['availability_zone', zone] as const]),
  ];
  reply.map(facts.length + 1);
  for (const [field, value] of facts) {
    reply.bulk(field);
    if (typeof value === 'number') reply.integer(value);
    else reply.bulk(value);
  }
  reply.bulk('modules');
  reply.array(0);
}

/** One after the other, as they stand: what came before a wrong one is done. The error is written when false. */
function takesHelloOptions(call: StoreCall): boolean {
  const { argv, client, reply } = call;
  for (let at = 2; at < argv.length; at++) {
    const word = argv[at]!.toLowerCase();
    const left = argv.length - 1 - at;
    if (word === 'auth' && left >= 2) {
      if (!authenticates(call, argv[++at], argv[++at]!)) return false;
    } else if (word === 'setname' && left >= 1) {
      const name = argv[++at]!;
      if (!isClientName(name)) {
        reply.error(BAD_CLIENT_NAME);
        return false;
      }
      client.name = name;
    } else {
      reply.error(`ERR Syntax error in HELLO option '${quotable(argv[at]!)}'`);
      return false;
    }
  }
  return true;
}

export const BAD_CLIENT_NAME =
  'ERR Client names cannot contain spaces, newlines or special characters.';

/** Printable ASCII without blanks: names stand unquoted in CLIENT LIST. */
export function isClientName(name: string): boolean {
  return /^[!-~]*$/.test(name);
}

export function select(call: StoreCall): void {
  const { client, keyspace, reply, wings } = call;
  const index = databaseNumber(call.argv[1]!);
  if (!index.ok) reply.error(index.error);
  else if (wings.cluster !== undefined && index.value !== 0 && !hasDatabases(wings)) {
    reply.error('ERR SELECT is not allowed in cluster mode');
  } else if (keyspace.databases[index.value] === undefined) {
    reply.error('ERR DB index is out of range');
  } else {
    client.db = index.value;
    reply.status('OK');
  }
}

/** A cluster node of Redis has one database, one of Valkey has as many as it is given. */
function hasDatabases({ config }: Wings): boolean {
  return config.get('cluster-databases') !== undefined;
}

export function quit(call: StoreCall): void {
  call.reply.status('OK');
  call.client.closeAfterReply();
}

export function reset(call: StoreCall): void {
  const { client, sessions } = call;
  if (client.isReplica) {
    call.reply.error('ERR can only reset normal client connections');
    return;
  }
  sessions.dropTransaction(client);
  sessions.unsubscribeAll(client);
  sessions.endMonitor(client);
  client.db = 0;
  client.protocol = 2;
  client.name = '';
  client.isAsking = false;
  client.isReadonly = false;
  client.replyMode = 'on';
  client.isNoEvict = false;
  client.isAuthenticated = sessions.authenticate('default', '') === 'no-password-set';
  call.reply.status('RESET');
}

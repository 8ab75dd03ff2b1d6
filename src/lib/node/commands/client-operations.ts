/** What CLIENT does. Its table is in `client.ts`; CLIENT KILL's filters are in `client-kill.ts`. */
import type { Session } from '../ports/session.js';
import { integer, NOT_AN_INTEGER, SYNTAX_ERROR, quotable, wrongWords } from './arguments.js';
import { BAD_CLIENT_NAME, isClientName } from './connection-operations.js';
import type { StoreCall } from './store-call.js';

export function clientId(call: StoreCall): void {
  call.reply.integer(call.client.id);
}

export function clientInfo(call: StoreCall): void {
  call.reply.verbatim(`${describe(call.client, call.nowMs)}\n`);
}

export function clientList(call: StoreCall): void {
  const { argv, reply, sessions } = call;
  let chosen = [...sessions.all()];
  if (argv.length === 4 && argv[2]!.toLowerCase() === 'type') {
    const kind = clientType(argv[3]!);
    if (kind === undefined) {
      reply.error(`ERR Unknown client type '${quotable(argv[3]!)}'`);
      return;
    }
    chosen = chosen.filter((session) => typeOf(session) === kind);
  } else if (argv.length > 3 && argv[2]!.toLowerCase() === 'id') {
    const ids = new Set<number>();
    for (const word of argv.slice(3)) {
      const id = integer(word);
      if (id === undefined || id < 1) {
        reply.error('ERR Invalid client ID');
        return;
      }
      ids.add(id);
    }
    chosen = chosen.filter((session) => ids.has(session.id));
  } else if (argv.length !== 2) {
    reply.error(SYNTAX_ERROR);
    return;
  }
  reply.verbatim(chosen.map((session) => `${describe(session, call.nowMs)}\n`).join(''));
}

export type ClientType = 'normal' | 'master' | 'replica' | 'pubsub';

export function clientType(word: string): ClientType | undefined {
  switch (word.toLowerCase()) {
    case 'normal':
      return 'normal';
    case 'master':
      return 'master';
    case 'slave':
    case 'replica':
      return 'replica';
    case 'pubsub':
      return 'pubsub';
    default:
      return undefined;
  }
}

/** The primary's stream is no session, so nobody here is of type master. */
export function typeOf(session: Session): ClientType {
  if (session.isReplica) return 'replica';
  return subscriptionCount(session) > 0 ? 'pubsub' : 'normal';
}

function subscriptionCount({ subscriptions }: Session): number {
  return (
    subscriptions.channels.size + subscriptions.patterns.size + subscriptions.shardChannels.size
  );
}

/** One line of CLIENT LIST. What has no meaning here (file descriptors, event masks) has a fixed value. */
function describe(session: Session, nowMs: number): string {
  const { subscriptions: held } = session;
  const fields: readonly (readonly [string, string | number])[] = [
    ['id', session.id],
    ['addr', session.address],
    ['laddr', session.localAddress],
    ['fd', session.id],
    ['name', session.name],
    ['age', Math.floor((nowMs - session.connectedAtMs) / 1000)],
    ['idle', Math.floor(Math.max(0, nowMs - session.lastActiveAtMs) / 1000)],
    ['flags', flagsOf(session)],
    ['db', session.db],
    ['sub', held.channels.size],
    ['psub', held.patterns.size],
    ['ssub', held.shardChannels.size],
    ['multi', session.transaction?.length ?? -1],
    ['qbuf', session.queryBytes],
    ['qbuf-free', 0],
    ['argv-mem', 0],
    ['multi-mem', 0],
    ['rbs', 1024],
    ['rbp', 0],
    ['obl', 0],
    ['oll', 0],
    ['omem', session.pendingBytes],
    ['tot-mem', session.pendingBytes + session.queryBytes],
    ['events', 'r'],
    ['cmd', session.lastCommand],
    ['user', 'default'],
    ['redir', -1],
    ['resp', session.protocol],
  ];
  return fields.map(([name, value]) => `${name}=${value}`).join(' ');
}

function flagsOf(session: Session): string {
  let flags = '';
  if (session.isReplica) flags += 'S';
  if (session.isMonitor) flags += 'O';
  if (subscriptionCount(session) > 0) flags += 'P';
  if (session.transaction !== undefined) flags += 'x';
  if (session.isBlocked) flags += 'b';
  if (session.isReadonly) flags += 'r';
  if (session.isNoEvict) flags += 'e';
  return flags === '' ? 'N' : flags;
}

export function clientSetname(call: StoreCall): void {
  const name = call.argv[2]!;
  if (!isClientName(name)) {
    call.reply.error(BAD_CLIENT_NAME);
    return;
  }
  call.client.name = name;
  call.reply.status('OK');
}

export function clientGetname(call: StoreCall): void {
  if (call.client.name === '') call.reply.null();
  else call.reply.bulk(call.client.name);
}

/** Of 7.2, and harmless: clients send it unasked and most take an error for an answer, some log it. */
export function clientSetinfo(call: StoreCall): void {
  const { argv, client, reply } = call;
  const attribute = argv[2]!.toLowerCase();
  if (attribute !== 'lib-name' && attribute !== 'lib-ver') {
    reply.error(`ERR Unrecognized option '${quotable(argv[2]!)}'`);
  } else if (!isClientName(argv[3]!)) {
    reply.error(`ERR ${attribute} cannot contain spaces, newlines or special characters.`);
  } else {
    if (attribute === 'lib-name') client.libraryName = argv[3]!;
    else client.libraryVersion = argv[3]!;
    reply.status('OK');
  }
}

export function clientReply(call: StoreCall): void {
  const { client, reply } = call;
  switch (call.argv[2]!.toLowerCase()) {
    case 'on':
      client.replyMode = 'on';
      reply.status('OK');
      return;
    case 'off':
      client.replyMode = 'off';
      return;
    case 'skip':
      if (client.replyMode === 'on') client.replyMode = 'skip-next';
      return;
    default:
      reply.error(SYNTAX_ERROR);
  }
}

export function clientPause(call: StoreCall): void {
  const { argv, nowMs, reply, sessions } = call;
  const word = argv[3]?.toLowerCase() ?? 'all';
  if (argv.length > 4 || (word !== 'all' && word !== 'write')) {
    reply.error(argv.length > 4 ? SYNTAX_ERROR : 'ERR CLIENT PAUSE mode must be WRITE or ALL');
    return;
  }
  const durationMs = integer(argv[2]!);
  if (durationMs === undefined) reply.error('ERR timeout is not an integer or out of range');
  else if (durationMs < 0) reply.error('ERR timeout is negative');
  else {
    sessions.pause(word === 'all' ? 'all' : 'writes', nowMs + durationMs);
    reply.status('OK');
  }
}

export function clientUnpause(call: StoreCall): void {
  call.sessions.unpause();
  call.reply.status('OK');
}

export function clientNoEvict(call: StoreCall): void {
  const word = call.argv[2]!.toLowerCase();
  if (word !== 'on' && word !== 'off') {
    call.reply.error(SYNTAX_ERROR);
    return;
  }
  call.client.isNoEvict = word === 'on';
  call.reply.status('OK');
}

export function clientUnblock(call: StoreCall): void {
  const { argv, reply, sessions } = call;
  const word = argv[3]?.toLowerCase() ?? 'timeout';
  if (argv.length > 4) {
    reply.error(wrongWords(argv));
    return;
  }
  if (word !== 'timeout' && word !== 'error') {
    reply.error('ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR');
    return;
  }
  const id = integer(argv[2]!);
  if (id === undefined) reply.error(NOT_AN_INTEGER);
  else reply.integer(sessions.byId(id)?.unblock(word) === true ? 1 : 0);
}

export function client(call: StoreCall): void {
  call.reply.error("ERR wrong number of arguments for 'client' command");
}

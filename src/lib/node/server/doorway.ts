/** Who is let in: a client too many, or a stranger to a node without a password, hears why not. */
import type { Socket } from 'node:net';
import type { ServerStats } from '../ports/stats.js';
import type { ClientRules } from './client-rules.js';
import { Connection, type ConnectionOwner } from './connection.js';
import type { Sessions } from './sessions.js';
import type { TlsDoor } from './tls/door.js';

export interface DoorwayOptions {
  readonly rules: ClientRules;
  readonly sessions: Sessions;
  readonly stats: ServerStats;
  readonly owner: ConnectionOwner;
}

const PROTECTED =
  '-DENIED protected mode: without a password only clients on this host are served. ' +
  'Set requirepass, or protected-mode no if the network is trusted.\r\n';

/** There is no way to say no in words before a handshake, and to compute for one too many is a waste. */
export function letIntoHandshake(socket: Socket, door: TlsDoor, options: DoorwayOptions): void {
  const { rules, sessions, stats } = options;
  if (sessions.size + door.waitingCount >= rules.clientsMax) {
    stats.counters.connectionsRejected++;
    socket.destroy();
    return;
  }
  keepAlive(socket, rules);
  door.admit(socket);
}

/** @param isTls the handshake is done */
export function letIn(socket: Socket, isTls: boolean, options: DoorwayOptions): void {
  const { rules, sessions, stats, owner } = options;
  const refusal = refusalFor(socket, rules, sessions.size);
  if (refusal !== undefined) {
    stats.counters.connectionsRejected++;
    socket.end(refusal);
    // Its goodbye is to be heard.
    socket.resume();
    return;
  }
  stats.counters.connectionsReceived++;
  if (!isTls) keepAlive(socket, rules);
  const connection = new Connection(sessions.nextId(), socket, owner, isTls);
  connection.isAuthenticated = !rules.hasPassword;
  connection.parser.bulkBytesMax = rules.bulkBytesMax;
  sessions.add(connection);
}

function keepAlive(socket: Socket, { keepaliveSeconds }: ClientRules): void {
  if (keepaliveSeconds > 0) socket.setKeepAlive(true, keepaliveSeconds * 1000);
}

function refusalFor(socket: Socket, rules: ClientRules, clientCount: number): string | undefined {
  if (clientCount >= rules.clientsMax) return '-ERR max number of clients reached\r\n';
  const isStranger = !rules.hasPassword && !isLoopback(socket.remoteAddress);
  return rules.isProtected && isStranger ? PROTECTED : undefined;
}

function isLoopback(address: string | undefined): boolean {
  return address === '::1' || (address ?? '').replace(/^::ffff:/, '').startsWith('127.');
}

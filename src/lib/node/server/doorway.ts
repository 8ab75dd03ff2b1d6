/** Who is let in: a client too many, or a stranger to a node without a password, hears why not. */
import type { Socket } from 'node:net';
import type { ServerStats } from '../ports/stats.js';
import type { ClientRules } from './client-rules.js';
import { Connection, type ConnectionOwner } from './connection.js';
import type { Sessions } from './sessions.js';

export interface DoorwayOptions {
  readonly rules: ClientRules;
  readonly sessions: Sessions;
  readonly stats: ServerStats;
  readonly owner: ConnectionOwner;
}

const PROTECTED =
  '-DENIED protected mode: without a password only clients on this host are served. ' +
  'Set requirepass, or protected-mode no if the network is trusted.\r\n';

export function letIn(socket: Socket, { rules, sessions, stats, owner }: DoorwayOptions): void {
  const refusal = refusalFor(socket, rules, sessions.size);
  if (refusal !== undefined) {
    stats.counters.connectionsRejected++;
    socket.end(refusal);
    return;
  }
  stats.counters.connectionsReceived++;
  if (rules.keepaliveSeconds > 0) socket.setKeepAlive(true, rules.keepaliveSeconds * 1000);
  const connection = new Connection(sessions.nextId(), socket, owner, false);
  connection.isAuthenticated = !rules.hasPassword;
  connection.parser.bulkBytesMax = rules.bulkBytesMax;
  sessions.add(connection);
}

function refusalFor(socket: Socket, rules: ClientRules, clientCount: number): string | undefined {
  if (clientCount >= rules.clientsMax) return '-ERR max number of clients reached\r\n';
  const isStranger = !rules.hasPassword && !isLoopback(socket.remoteAddress);
  return rules.isProtected && isStranger ? PROTECTED : undefined;
}

function isLoopback(address: string | undefined): boolean {
  return address === '::1' || (address ?? '').replace(/^::ffff:/, '').startsWith('127.');
}

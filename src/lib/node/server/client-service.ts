/**
 * What a node is to its clients: the ports they come to, the door that lets them in, and whatever a connection
 * asks of its owner from then on.
 */
import type { Socket } from 'node:net';
import { ReplyBuffers } from '../../wire/resp/reply-buffers.js';
import type { ClientPorts } from '../machine/client-ports.js';
import type { ServerStats } from '../ports/stats.js';
import type { Log } from '../ports/wings.js';
import type { Database } from '../store/database.js';
import type { Keyspace } from '../store/keyspace.js';
import type { CallClock } from './call-clock.js';
import { type ClientPort, type ClientPortOptions, openClientPort } from './client-port.js';
import type { ClientKind, ClientRules, OutputLimit } from './client-rules.js';
import type { Connection, ConnectionOwner } from './connection.js';
import type { Dispatcher } from './dispatcher.js';
import { type DoorwayOptions, letIn, letIntoHandshake } from './doorway.js';
import { describeFault } from './fault.js';
import type { Network } from './network.js';
import type { Sessions } from './sessions.js';
import { SharedReads } from './shared-reads.js';
import type { TlsDoor } from './tls/door.js';
import type { NodeTls } from './tls/node-tls.js';
import type { Turn } from './turn.js';
import type { WaitingRoom } from './waiting-room.js';

export interface ClientServiceOptions {
  readonly keyspace: Keyspace;
  readonly dispatcher: Dispatcher;
  readonly sessions: Sessions;
  readonly waiting: Pick<WaitingRoom, 'forget'>;
  readonly rules: ClientRules;
  readonly stats: ServerStats;
  readonly clock: CallClock;
  readonly turn: Turn;
  readonly tls: NodeTls;
  readonly network: Network;
  readonly log: Log;
  /** Whoever comes while it says no is turned away without a word. */
  readonly mayEnter: () => boolean;
}

/** Where to listen, and the bus beside it. */
export type ListenOptions = Pick<
  ClientPortOptions,
  'bind' | 'port' | 'anyPort' | 'tlsPort' | 'backlog' | 'startBus'
>;

export class ClientService implements ConnectionOwner {
  readonly sessions: Sessions;
  readonly turn: Turn;
  readonly clock: CallClock;
  readonly replyBuffers = new ReplyBuffers();
  readonly reads = new SharedReads();
  readonly #options: ClientServiceOptions;
  readonly #dispatcher: Dispatcher;
  readonly #keyspace: Keyspace;
  readonly #rules: ClientRules;
  readonly #stats: ServerStats;
  readonly #doorway: DoorwayOptions;
  readonly #tlsDoor: TlsDoor;
  #clientPort: ClientPort | undefined;

  constructor(options: ClientServiceOptions) {
    const { sessions, rules, stats, tls, network, log } = options;
    this.#options = options;
    this.sessions = sessions;
    this.turn = options.turn;
    this.clock = options.clock;
    this.#dispatcher = options.dispatcher;
    this.#keyspace = options.keyspace;
    this.#rules = rules;
    this.#stats = stats;
    this.#doorway = { rules, sessions, stats, owner: this };
    this.#tlsDoor = tls.clientDoor({
      onSecure: (socket) => network.accept(socket, (secure) => this.#admit(secure, true)),
      onFailed: (reason) => log('warning', `Error accepting a client connection: ${reason}`),
    });
  }

  get tlsPort(): number | undefined {
    return this.#clientPort?.tls?.port;
  }

  /** The ports that listen; 0 for one that does not. */
  get ports(): ClientPorts {
    const { plain, tls } = this.#clientPort ?? {};
    return { port: plain?.port ?? 0, tlsPort: tls?.port ?? 0 };
  }

  /** @throws TribError ADDRESS_IN_USE, and whatever the bus rejects with. */
  async listen(options: ListenOptions): Promise<void> {
    this.#clientPort = await openClientPort({
      ...options,
      network: this.#options.network,
      reads: this.reads,
      onSocket: (socket) => this.#admit(socket, false),
      onTlsSocket: (socket) => this.#admitToHandshake(socket),
    });
  }

  /** Everybody hangs up at once, or when told what is on its way. @returns when no port listens any more */
  close(how: 'now' | 'after-reply'): Promise<unknown> {
    this.#tlsDoor.close();
    const closed = Promise.all([this.#clientPort?.plain?.close(), this.#clientPort?.tls?.close()]);
    for (const connection of [...this.sessions.all()]) {
      connection.close(how);
      connection.abandon();
    }
    return closed;
  }

  #admitToHandshake(socket: Socket): void {
    socket.on('error', () => socket.destroy());
    if (this.#options.mayEnter()) letIntoHandshake(socket, this.#tlsDoor, this.#doorway);
    else socket.destroy();
  }

  #admit(socket: Socket, isTls: boolean): void {
    socket.on('error', () => socket.destroy());
    if (this.#options.mayEnter()) letIn(socket, isTls, this.#doorway);
    else socket.destroy();
  }

  // --- as the owner of connections --------------------------------------------

  execute(connection: Connection, argv: string[]): void {
    this.#dispatcher.execute(connection, argv);
  }

  database(index: number): Database {
    return this.#keyspace.db(index);
  }

  outputLimit(kind: ClientKind): OutputLimit {
    return this.#rules.outputLimit(kind);
  }

  get queryBytesMax(): number {
    return this.#rules.queryBytesMax;
  }

  noteInput(bytes: number): void {
    this.#stats.counters.netInputBytes += bytes;
  }

  noteOutput(bytes: number): void {
    this.#stats.counters.netOutputBytes += bytes;
  }

  noteDropped(connection: Connection, why: string): void {
    const { id, address, name, lastCommand } = connection;
    const called = name === '' ? '' : ` name=${name}`;
    const client = `id=${id} addr=${address}${called} cmd=${lastCommand}`;
    this.#options.log('warning', `Closing the client ${client}: ${why}`);
  }

  noteFault(where: string, error: unknown): void {
    this.#options.log('warning', `Internal error ${where}: ${describeFault(error)}`);
  }

  noteClosed(connection: Connection): void {
    this.sessions.remove(connection);
    this.#options.waiting.forget(connection);
  }

  nowMs(): number {
    return Date.now();
  }
}

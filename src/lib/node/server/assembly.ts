/** The parts of a running node and their lifetimes. Built by `startNode`. */
import { randomBytes } from 'node:crypto';
import { Socket } from 'node:net';
import { messageOf } from '../../kernel/errors.js';
import type { NodeId } from '../../kernel/node-id.js';
import { Prng } from '../../kernel/prng.js';
import type { Configuration } from '../config/configuration.js';
import { portFor } from '../machine/client-ports.js';
import { deletionWord } from '../commands/deletion-word.js';
import { commandsOf } from '../commands/persona-commands.js';
import { personaOf } from '../ports/persona.js';
import { ServerStats } from '../ports/stats.js';
import { TRIB_VERSION } from '../ports/version.js';
import type { DataWing, Log, Wings } from '../ports/wings.js';
import type { Database } from '../store/database.js';
import { Keyspace } from '../store/keyspace.js';
import { ReplyBuffers } from '../../wire/resp/reply-buffers.js';
import { ALL_COMMANDS } from './all-commands.js';
import { type ClientKind, ClientRules, type OutputLimit } from './client-rules.js';
import { Admission } from './admission.js';
import { CallClock } from './call-clock.js';
import { BlockedClients } from './blocked-clients.js';
import { CommandRunner } from './command-runner.js';
import { CommandTable } from './command-table.js';
import { Connection, type ConnectionOwner } from './connection.js';
import { Cron } from './cron.js';
import { createDataWing } from './data-wing.js';
import { Dispatcher } from './dispatcher.js';
import { Eviction } from './eviction.js';
import { HeldKeys } from './held-keys.js';
import { HeldSlots } from './held-slots.js';
import { SlotTransfers } from './slot-transfer/wing.js';
import { type DoorwayOptions, letIn, letIntoHandshake } from './doorway.js';
import type { EmbeddedNode } from './embedded-node.js';
import { publishKeyspaceEvents } from './keyspace-events.js';
import { describeFault } from './fault.js';
import { createHost } from './host.js';
import { type AnyPort, type ClientPort, openClientPort } from './client-port.js';
import type { RunningClusterWing, StartClusterWing } from './bus/options.js';
import type { Network } from './network.js';
import { followLayout } from './layout-rules.js';
import { Pauses } from './pauses.js';
import { NodeTls } from './tls/node-tls.js';
import type { TlsDoor } from './tls/door.js';
import { memoryAccount } from '../commands/memory-account.js';
import { ServingRules } from './serving-rules.js';
import { Sessions } from './sessions.js';
import { SharedReads } from './shared-reads.js';
import { Turn } from './turn.js';
import { WaitingRoom } from './waiting-room.js';
import type { RunningPersistence } from './persistence/options.js';
import { createPersistence } from './persistence/wing.js';
import { Shutdown } from './shutdown.js';
import { createTransfer, type Transfer } from './replication/transfer.js';
import { createReplication, type RunningReplication } from './replication/wing.js';

export interface AssemblyOptions {
  readonly config: Configuration;
  readonly bind: readonly string[];
  readonly port: number;
  /** Any free port will do for it. */
  readonly anyPort: AnyPort | undefined;
  readonly busPort: number | undefined;
  readonly dir: string;
  /** The folder goes with the node. */
  readonly isTemporary: boolean;
  readonly configFile: string;
  readonly log: Log;
  readonly network: Network;
  readonly onListening: (node: EmbeddedNode) => void;
  readonly onShutdown: () => void;
  readonly startCluster: StartClusterWing;
  readonly cleanUp: () => void;
}

/** Wings come one by one while a node starts; to everybody else they are readonly. */
type MutableWings = { -readonly [Name in keyof Wings]: Wings[Name] };

/** A broken disk is told of once a second, not with every write. */
const COMPLAINT_MS = 1000;

export class Assembly implements EmbeddedNode, ConnectionOwner {
  readonly runId = randomBytes(20).toString('hex');
  readonly dir: string;
  readonly wings: MutableWings;
  readonly ended: Promise<void>;
  readonly sessions: Sessions;
  readonly turn = new Turn((reason) => this.#fail(reason));
  readonly replyBuffers = new ReplyBuffers();
  readonly reads = new SharedReads();
  failure: string | undefined;
  #complainedAtMs = 0;
  readonly #options: AssemblyOptions;
  readonly #keyspace: Keyspace;
  readonly #pauses = new Pauses();
  readonly #waiting = new WaitingRoom(this.#pauses, () => this.sessions.all());
  readonly #heldKeys = new HeldKeys();
  readonly #heldSlots = new HeldSlots();
  readonly #transfers: SlotTransfers | undefined;
  readonly #blocked: BlockedClients;
  readonly #transfer: Transfer;
  readonly #dispatcher: Dispatcher;
  readonly #runner: CommandRunner;
  readonly #eviction: Eviction;
  readonly #rules: ClientRules;
  readonly #cron: Cron;
  readonly #stats = new ServerStats();
  readonly clock = new CallClock({
    stats: this.#stats,
    nowMs: Date.now,
    nowMicros: () => performance.now() * 1000,
  });
  readonly #prng = new Prng(...new Uint32Array(randomBytes(12).buffer.slice(0, 12)));
  /** The primary's stream as a client of its own: it has no socket and full rights. */
  readonly #stream: Connection;
  /** Another node's slots, likewise. */
  readonly #imported: Connection;
  readonly #replication: RunningReplication;
  readonly #servingRules: ServingRules;
  readonly #persistence: RunningPersistence;
  readonly #shutdown: Shutdown;
  readonly #tls: NodeTls;
  readonly #tlsDoor: TlsDoor;
  #clientPort: ClientPort | undefined;
  #bus: RunningClusterWing | undefined;
  #isAccepting = false;
  #stopping: Promise<void> | undefined;
  #markEnded: () => void = () => undefined;

  static async start(options: AssemblyOptions): Promise<EmbeddedNode> {
    const assembly = new Assembly(options);
    await assembly.#open();
    return assembly;
  }

  private constructor(options: AssemblyOptions) {
    const { config } = options;
    const isCluster = config.boolean('cluster-enabled');
    this.#options = options;
    this.dir = options.dir;
    this.ended = new Promise((resolve) => (this.#markEnded = resolve));
    this.#keyspace = new Keyspace({
      databases: databaseCount(config),
      indexesSlots: isCluster,
      chance: () => this.#prng.fraction(),
    });
    this.#rules = new ClientRules(config);
    this.#tls = new NodeTls({ ...options, isServed: options.anyPort === 'tls' });
    this.#tlsDoor = this.#tls.clientDoor({
      onSecure: (socket) => options.network.accept(socket, (secure) => this.#admit(secure, true)),
      onFailed: (reason) =>
        options.log('warning', `Error accepting a client connection: ${reason}`),
    });
    followLayout(config, this.#keyspace.layout);
    this.#blocked = new BlockedClients({
      keyspace: this.#keyspace,
      nowMs: Date.now,
      onFatal: (reason) => this.#fail(reason),
    });
    this.sessions = new Sessions({
      config,
      runTransaction: (connection) => this.#runner.runTransaction(connection),
      pause: (scope, untilMs) => this.#waiting.pause('client', scope, untilMs),
      unpause: () => this.#waiting.unpause('client'),
    });
    this.#transfer = createTransfer({
      log: options.log,
      dial: this.#tls.dial('tls-cluster'),
      isClusterEnabled: isCluster,
      nowMs: Date.now,
      heldKeys: this.#heldKeys,
      settle: (finish) => this.#waiting.settle(finish),
      onFatal: (reason) => this.#fail(reason),
    });
    const persona = personaOf(config);
    const table = new CommandTable(commandsOf(persona, ALL_COMMANDS));
    if (isCluster && persona.slotTransfer !== 'none')
      this.#transfers = this.#createTransfers(table);
    const data = this.#createData();
    this.#replication = this.#createReplication(data);
    this.#persistence = this.#createPersistence();
    this.#shutdown = this.#createShutdown();
    this.wings = this.#createWings(table, data);
    this.#servingRules = new ServingRules(this.wings);
    const serving = { wings: this.wings, rules: this.#servingRules, pauses: this.#pauses };
    this.#runner = new CommandRunner({
      ...serving,
      keyspace: this.#keyspace,
      sessions: this.sessions,
      monitors: this.sessions.monitors,
      blocked: this.#blocked,
      appender: this.#persistence,
      tap: this.#transfers,
      prng: this.#prng,
      clock: this.clock,
      nowMs: Date.now,
    });
    this.#eviction = new Eviction({
      keyspace: this.#keyspace,
      wings: this.wings,
      prng: this.#prng,
      propagate: (db, argv) => this.#runner.propagateAlone(db, argv),
      mayEvict: () => this.#servingRules.loading === undefined && !this.#runner.isPaused,
      nowMs: Date.now,
      nowMicros: () => performance.now() * 1000,
    });
    this.#dispatcher = new Dispatcher({
      table,
      admission: new Admission({
        ...serving,
        eviction: this.#eviction,
        heldKeys: this.#heldKeys,
        heldSlots: this.#heldSlots,
        nowMs: Date.now,
      }),
      runner: this.#runner,
      sessions: this.sessions,
      stats: this.#stats,
      postpone: (connection, argv) => this.#waiting.postpone(connection, argv),
    });
    publishKeyspaceEvents(this.#keyspace, config, (channel, message) =>
      this.sessions.publish(channel, message, false),
    );
    this.#cron = new Cron({
      keyspace: this.#keyspace,
      runner: this.#runner,
      sessions: this.sessions,
      rules: this.#rules,
      stats: this.#stats,
      onFault: (reason) => this.#fail(reason),
      tick: () => {
        this.#persistence.tick();
        this.#shutdown.tick();
        this.#eviction.relieve();
        memoryAccount({ keyspace: this.#keyspace, sessions: this.sessions, wings: this.wings });
      },
    });
    this.#stream = this.#newStream();
    this.#imported = this.#newStream();
  }

  get host(): string {
    return this.#options.bind[0] ?? '127.0.0.1';
  }

  get port(): number {
    return this.#clientPort?.plain?.port ?? 0;
  }

  get tlsPort(): number | undefined {
    return this.#clientPort?.tls?.port;
  }

  get busPort(): number | undefined {
    return this.#bus?.busPort;
  }

  get id(): NodeId | undefined {
    return this.wings.cluster?.myId;
  }

  // --- lifetime -------------------------------------------------------------

  stop(): Promise<void> {
    return (this.#stopping ??= this.#endInGoodOrder());
  }

  kill(): Promise<void> {
    // Not even a save that `stop` waits for goes on.
    this.#persistence.stop();
    return (this.#stopping ??= this.#close('now'));
  }

  freeze(): void {
    if (this.#stopping !== undefined) return;
    this.#cron.stop();
    this.#replication.freeze();
    this.#bus?.freeze();
  }

  thaw(): void {
    if (this.#stopping !== undefined) return;
    this.#cron.start();
    this.#replication.thaw();
    this.#bus?.thaw();
  }

  async #open(): Promise<void> {
    const { config, bind, port, anyPort, network, startCluster } = this.#options;
    const isCluster = config.boolean('cluster-enabled');
    const tlsPort = config.number('tls-port');
    if (port !== 0 || anyPort !== undefined || tlsPort !== 0) {
      this.#clientPort = await openClientPort({
        bind,
        port,
        anyPort,
        tlsPort,
        backlog: config.number('tcp-backlog'),
        network,
        reads: this.reads,
        onSocket: (socket) => this.#admit(socket, false),
        onTlsSocket: (socket) => this.#admitToHandshake(socket),
        startBus: isCluster ? (ports) => this.#startBus(startCluster, ports) : undefined,
      });
      // CONFIG GET and INFO tell the port that was taken, not the one that was asked for.
      config.settle('port', String(this.port));
      config.settle('tls-port', String(this.tlsPort ?? 0));
    }
    this.#isAccepting = true;
    this.#replication.takeRole();
    this.#options.onListening(this);
    await this.#load();
    if (this.#stopping !== undefined) return;
    this.#bus?.noteLoaded();
    this.#replication.start();
    this.#cron.start();
  }

  /** Clients are let in meanwhile, and hear that they must wait. */
  async #load(): Promise<void> {
    try {
      await this.#persistence.load();
    } catch (error) {
      await this.kill();
      throw error;
    }
  }

  async #startBus(
    start: StartClusterWing,
    ports: { readonly port: number; readonly tlsPort: number },
  ): Promise<RunningClusterWing> {
    const { bind, busPort, dir, network } = this.#options;
    this.#bus = await start({
      wings: this.wings,
      ...ports,
      bind,
      network,
      transfers: this.#transfers,
      tls: this.#tls,
      directory: dir,
      onFatal: (reason) => this.#fail(reason),
      isTemporary: this.#options.isTemporary,
      ...(busPort === undefined ? {} : { busPort }),
    });
    this.wings.cluster = this.#bus;
    return this.#bus;
  }

  /** Going on would break what was promised: as after a crash, what is on disk is all there is. */
  #fail(reason: string): void {
    this.failure ??= reason;
    this.#options.log('warning', `The node ends: ${reason}`);
    void this.kill();
  }

  /** A replica cannot refuse what its primary has done: it takes it and forgets it, or ends. */
  #meetDiskError(): void {
    const { config, log } = this.#options;
    if (!config.boolean('replica-ignore-disk-write-errors')) {
      this.#fail('its primary has written, and it cannot write that to its disk');
    } else if (Date.now() - this.#complainedAtMs > COMPLAINT_MS) {
      this.#complainedAtMs = Date.now();
      log('warning', 'The primary has written, and it cannot be written to disk here');
    }
  }

  async #endInGoodOrder(): Promise<void> {
    const { log } = this.#options;
    this.#waiting.pause('shutdown', 'writes', Infinity);
    const failure = await this.#persistence.finish('default').catch(messageOf);
    if (failure !== undefined) log('warning', `The node ends without saving: ${failure}`);
    await this.#close('after-reply');
  }

  /** Whatever goes wrong meanwhile, there is an end, and whoever waits for it hears of it. */
  async #close(how: 'now' | 'after-reply'): Promise<void> {
    try {
      await this.#closeAll(how);
      this.#options.cleanUp();
    } catch (error) {
      this.failure ??= `it could not close everything: ${messageOf(error)}`;
      this.noteFault('at the end', error);
    } finally {
      this.#markEnded();
    }
  }

  async #closeAll(how: 'now' | 'after-reply'): Promise<void> {
    this.#cron.stop();
    this.#persistence.stop();
    this.#waiting.close();
    this.#blocked.close();
    this.#transfer.stop();
    this.#transfers?.stop();
    this.#replication.stop();
    this.#tlsDoor.close();
    const closed = Promise.all([this.#clientPort?.plain?.close(), this.#clientPort?.tls?.close()]);
    for (const connection of [...this.sessions.all()]) {
      connection.close(how);
      connection.abandon();
    }
    this.turn.close();
    await (how === 'now' ? this.#bus?.kill() : this.#bus?.stop());
    await closed;
  }

  #newStream(): Connection {
    const stream = new Connection(0, new Socket(), this, false);
    stream.isAuthenticated = true;
    return stream;
  }

  // --- wings ----------------------------------------------------------------

  #createData(): DataWing {
    return createDataWing({
      keyspace: this.#keyspace,
      applyReplicated: (argv, db) => {
        this.#stream.db = db;
        if (this.#servingRules.diskError !== undefined) this.#meetDiskError();
        this.#dispatcher.executeReplicated(this.#stream, argv);
      },
      vetReplicated: (argv) => this.#dispatcher.vetReplicated(this.#stream, argv),
      together: (run) => this.#runner.together(run),
      onCleared: () => this.#persistence.append(0, ['FLUSHALL']),
      propagate: (db, argv) => this.#runner.propagateAlone(db, argv),
      onFatal: (reason) => this.#fail(reason),
      pause: (owner, untilMs) => this.#waiting.pause(owner, 'writes', untilMs),
      unpause: (owner) => this.#waiting.unpause(owner),
      releaseBlocked: () => this.#waiting.releaseBlocked(),
      deletionWord: () => deletionWord(this.#options.config, 'server-del'),
      releaseWhere: (refusal) => {
        this.#waiting.retrySoon();
        this.#blocked.releaseWhere(refusal);
      },
      deliver: (channel, message, sharded) => this.sessions.publish(channel, message, sharded),
      endShardChannels: (slots) => this.sessions.pubsub.endShardChannels(slots),
    });
  }

  #createTransfers(table: CommandTable): SlotTransfers {
    const { config } = this.#options;
    return new SlotTransfers({
      keyspace: this.#keyspace,
      config,
      dial: this.#tls.dial('tls-cluster'),
      table,
      heldSlots: this.#heldSlots,
      retrySoon: () => this.#waiting.retrySoon(),
      apply: (argv, db) => {
        if (this.#eviction.limitBytes > 0 && !this.#eviction.relieve()) return OUT_OF_MEMORY;
        this.#imported.db = db;
        return this.#dispatcher.executeImported(this.#imported, argv);
      },
      waitingBytesMax: () => this.#rules.outputLimit('replica').hardBytes,
    });
  }

  #createReplication(data: DataWing): RunningReplication {
    const { config, log } = this.#options;
    return createReplication({
      keyspace: this.#keyspace,
      data,
      config,
      stats: this.#stats,
      dial: this.#tls.dial('tls-replication'),
      log,
      prng: this.#prng,
      turn: this.turn,
      nowMs: Date.now,
      onFatal: (reason) => this.#fail(reason),
      port: () =>
        portFor({ port: this.port, tlsPort: this.tlsPort ?? 0 }, config.boolean('tls-replication')),
      isPausedForFailover: () =>
        this.#pauses.scope(Date.now()) !== undefined && this.#pauses.holds('failover'),
      onReplaced: () => this.#persistence.noteReplaced(),
      beginSync: (kind) => this.#persistence.beginSync(kind),
      endSync: () => this.#persistence.endSync(),
      onRoleChange: () => {
        this.#servingRules.refresh();
        this.#runner.refreshExpiryMode();
      },
    });
  }

  #createWings(table: CommandTable, data: DataWing): MutableWings {
    const { config, configFile, log } = this.#options;
    const host = createHost({
      runId: this.runId,
      startedAtMs: Date.now(),
      configFile,
      tribVersion: TRIB_VERSION,
      commands: () => table.specs,
      shutdown: (request, onRefused) => {
        this.#options.onShutdown();
        this.#shutdown.begin(request, onRefused);
      },
      abortShutdown: () => this.#shutdown.abort(),
      setActiveExpire: (isOn) => (this.#cron.isExpiring = isOn),
    });
    return {
      data,
      replication: this.#replication,
      replicas: this.#replication,
      transfer: this.#transfer,
      persistence: this.#persistence,
      cluster: undefined,
      config,
      host,
      stats: this.#stats,
      log,
    };
  }

  #createPersistence(): RunningPersistence {
    const { config, log } = this.#options;
    return createPersistence({
      keyspace: this.#keyspace,
      config,
      log,
      nowMs: Date.now,
      turn: this.turn,
      usedBytes: () => this.#keyspace.weight(),
      isReplica: () => this.#replication.role === 'replica',
      position: () => this.#replication.position(),
      restorePosition: (position) => this.#replication.restorePosition(position),
      hasUntold: () => this.#runner.hasUntold,
      apply: (argv, db) => {
        this.#stream.db = db;
        return this.#dispatcher.executeLoaded(this.#stream, argv);
      },
      onFatal: (reason) => this.#fail(reason),
      onStatus: () => {
        const { loading, writeRefusal } = this.#persistence;
        this.#servingRules.loading = loading;
        this.#servingRules.diskError = writeRefusal;
      },
    });
  }

  #createShutdown(): Shutdown {
    const { config, log } = this.#options;
    return new Shutdown({
      config,
      log,
      nowMs: Date.now,
      persistence: this.#persistence,
      replication: this.#replication,
      pauseWrites: () => this.#waiting.pause('shutdown', 'writes', Infinity),
      unpauseWrites: () => this.#waiting.unpause('shutdown'),
      end: () => void (this.#stopping ??= this.#close('after-reply')),
      onFatal: (reason) => this.#fail(reason),
    });
  }

  // --- clients --------------------------------------------------------------

  #admitToHandshake(socket: Socket): void {
    socket.on('error', () => socket.destroy());
    if (this.#isOpen) letIntoHandshake(socket, this.#tlsDoor, this.#doorway);
    else socket.destroy();
  }

  #admit(socket: Socket, isTls: boolean): void {
    socket.on('error', () => socket.destroy());
    if (this.#isOpen) letIn(socket, isTls, this.#doorway);
    else socket.destroy();
  }

  get #isOpen(): boolean {
    return this.#isAccepting && this.#stopping === undefined;
  }

  get #doorway(): DoorwayOptions {
    const { sessions } = this;
    return { rules: this.#rules, sessions, stats: this.#stats, owner: this };
  }

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
    this.#waiting.forget(connection);
  }

  nowMs(): number {
    return Date.now();
  }
}

const OUT_OF_MEMORY = 'Ran out of memory (OOM) during slot import';

function databaseCount(config: Configuration): number {
  if (!config.boolean('cluster-enabled')) return config.number('databases');
  return Number(config.get('cluster-databases') ?? 1);
}

/**
 * The cluster machine at work: it is fed from sockets, timers and commands, and its effects are performed
 * here, in order. Saving is the only one that may wait: a save that is not promised to anybody is put off
 * for a moment, because a joining node has news many times in one.
 *
 * A save that fails ends the node, as it ends a real server: a vote that is forgotten may be given twice.
 */
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { messageOf, TribError, unreachable } from '../../../kernel/errors.js';
import type { NodeId } from '../../../kernel/node-id.js';
import { Prng } from '../../../kernel/prng.js';
import type { ReplySink } from '../../../wire/resp/reply-sink.js';
import { replicationPort } from '../../machine/client-ports.js';
import { applySettings } from '../../machine/apply-settings.js';
import { runClusterCommand } from '../../machine/commands/cluster-command.js';
import { setSlotRefusal } from '../../machine/commands/slots.js';
import { infoLines } from '../../machine/commands/reports.js';
import { msUntilTick } from '../../machine/cron.js';
import type { Effect, Input } from '../../machine/effects.js';
import { memoryOf, recall } from '../../machine/memory.js';
import { redirectOf, route } from '../../machine/route.js';
import {
  createState,
  isReplica,
  takeLinkId,
  type ClusterState,
  type StateOptions,
} from '../../machine/state.js';
import { step, within } from '../../machine/step.js';
import type { TransferJob } from '../../machine/transfer/job.js';
import { acceptProposal, hearOfImport } from '../../machine/transfer/proposal.js';
import type { ClientPort } from '../../ports/client.js';
import type { SlotTraffic } from '../../ports/slot-traffic.js';
import type { ClusterCaller, RouteQuery } from '../../ports/wings.js';
import type { Listener } from '../listener.js';
import { openBusPort, sourceAddressOf } from './bus-port.js';
import { guarded } from '../fault.js';
import { systemText } from '../persistence/aof-writer.js';
import type { TlsDoor } from '../tls/door.js';
import { BusLinks } from './links.js';
import { NodesFile } from './nodes-file.js';
import type { ClusterWingOptions, RunningClusterWing } from './options.js';
import { readSettings, watchedBy } from './settings.js';

/** How long news that nobody relies on may stay unsaved; in a temporary folder nobody ever does. */
const SAVE_DELAY_MS = 50;
const TEMPORARY_SAVE_DELAY_MS = 1000;
/** A tick that late means the process stood still, not that the peers were silent. */
const STALL_MS = 300;

/** @throws TribError ADDRESS_IN_USE, CORRUPT_FILE or BAD_CONFIG */
export async function startClusterWing(options: ClusterWingOptions): Promise<RunningClusterWing> {
  const { config } = options.wings;
  const file = new NodesFile(options.directory, config.get('cluster-config-file') ?? 'nodes.conf');
  try {
    return await RunningCluster.start(options, file);
  } catch (error) {
    file.release();
    throw error;
  }
}

class RunningCluster implements RunningClusterWing {
  readonly #options: ClusterWingOptions;
  readonly #wings: ClusterWingOptions['wings'];
  readonly #file: NodesFile;
  readonly #links: BusLinks;
  readonly #door: TlsDoor;
  readonly #state: ClusterState;
  readonly #listener: Listener;
  #cron: NodeJS.Timeout | undefined;
  #saveTimer: NodeJS.Timeout | undefined;
  #tickDueMs = 0;
  #isStopped = false;

  static async start(options: ClusterWingOptions, file: NodesFile): Promise<RunningCluster> {
    let cluster: RunningCluster | undefined;
    const listener = await openBusPort(options, (socket) => {
      if (cluster) cluster.#arrive(socket);
      else socket.destroy();
    });
    try {
      cluster = new RunningCluster(options, file, listener);
      return cluster;
    } catch (error) {
      await listener.close();
      throw error;
    }
  }

  private constructor(options: ClusterWingOptions, file: NodesFile, listener: Listener) {
    this.#options = options;
    this.#wings = options.wings;
    this.#file = file;
    this.#listener = listener;
    this.#door = options.tls.busDoor({
      onSecure: (socket) => options.network.accept(socket, (secure) => this.#accept(secure)),
      onFailed: (reason) =>
        this.#wings.log('warning', `Error accepting cluster node connection: ${reason}`),
    });
    this.#links = new BusLinks(options.tls.dial('tls-cluster'), {
      up: (link) => this.#feed({ kind: 'link-up', nowMs: Date.now(), link }),
      packet: (link, packet) => this.#feed({ kind: 'packet', nowMs: Date.now(), link, packet }),
      down: (link) => this.#feed({ kind: 'link-down', nowMs: Date.now(), link }),
    });
    this.#state = this.#wakeUp();
    options.transfers?.attach(this.#wings, (event) =>
      this.#feed({ kind: 'transfer', nowMs: Date.now(), event }),
    );
    this.#schedule();
  }

  #wakeUp(): ClusterState {
    const { config, log } = this.#wings;
    const seed = randomBytes(12);
    const words = [seed.readInt32LE(0), seed.readInt32LE(4), seed.readInt32LE(8)];
    const prng = new Prng(...words);
    const options: StateOptions = {
      id: prng.hex(40) as NodeId,
      ports: { port: this.#options.port, tlsPort: this.#options.tlsPort, busPort: this.busPort },
      settings: readSettings(config),
      surroundings: this.#surroundings(),
      prng,
      nowMs: Date.now(),
    };
    const conf = this.#file.read();
    const state = conf ? recall(conf, options) : createState(options);
    log('notice', `${conf ? 'Node' : 'New node'} ${state.myself.id} in cluster mode`);
    const effects = within(state, Date.now(), () => applySettings(state, options.settings));
    this.#writeFirst(memoryOf(state));
    this.#perform(effects, state);
    const primary = state.myself.primary;
    if (isReplica(state.myself) && primary && primary.ip !== '') {
      this.#wings.replication.follow({ host: primary.ip, port: replicationPort(state, primary) });
    }
    for (const name of watchedBy(config)) config.onChange(name, () => this.#applySettings());
    return state;
  }

  #surroundings(): StateOptions['surroundings'] {
    const wings = this.#wings;
    return {
      keyCount: () => wings.data.keyCount(),
      countKeysInSlot: (slot, db) => wings.data.countKeysInSlot(slot, db),
      keysInSlot: (slot, limit, db) => wings.data.keysInSlot(slot, limit, db),
      hasKey: (key, nowMs, db) => wings.data.hasKey(key, nowMs, db),
      replicationOffset: () => wings.replication.offset,
      isPrimaryLinkUp: () => wings.replication.isLinkUp,
      lastPrimaryIoMs: () => wings.replication.lastPrimaryIoMs,
      linkDownSinceMs: () => wings.replication.linkDownSinceMs,
      pendingBytes: (link) => this.#links.pendingBytes(link),
      saveNow: () => this.#saveWhenAsked(),
    };
  }

  // --- ClusterWing ----------------------------------------------------------

  get busPort(): number {
    return this.#listener.port;
  }

  get myId(): NodeId {
    return this.#state.myself.id;
  }

  get served(): Uint8Array {
    return this.#state.served;
  }

  get traffic(): SlotTraffic | undefined {
    return this.#state.traffic;
  }

  get isReplica(): boolean {
    return isReplica(this.#state.myself);
  }

  route(query: RouteQuery): string | undefined {
    return route(this.#state, query);
  }

  command(argv: readonly string[], reply: ReplySink, client: ClusterCaller): void {
    const state = this.#state;
    guarded(() => {
      this.#perform(runClusterCommand(state, argv, reply, Date.now(), client), state);
    }, this.#options.onFatal);
  }

  refuses(argv: readonly string[]): string | undefined {
    return setSlotRefusal(this.#state, argv);
  }

  synchronize(
    argv: readonly string[],
    reply: ReplySink,
    client: ClientPort,
    isReplicated: boolean,
  ): void {
    const state = this.#state;
    const words = argv.slice(3);
    const word = argv[2]!.toUpperCase();
    let outcome: TransferJob | string | undefined = 'syntax error';
    guarded(() => {
      const effects = within(state, Date.now(), () => {
        if (isReplicated) {
          hearOfImport(state, word, words);
          outcome = undefined;
        } else if (word === 'ESTABLISH') outcome = acceptProposal(state, words);
      });
      // Its connection has to be known before anything is sent on it.
      if (typeof outcome === 'object') this.#options.transfers?.adopt(outcome.id, client);
      if (typeof outcome === 'string') reply.error(`ERR ${outcome}`);
      else reply.status('OK');
      this.#perform(effects, state);
    }, this.#options.onFatal);
  }

  noteFlush(): void {
    if (this.#state.transfers.length > 0) this.#feed({ kind: 'flushed', nowMs: Date.now() });
  }

  publish(channel: string, message: string, sharded: boolean): void {
    this.#feed({ kind: 'publish', nowMs: Date.now(), channel, message, sharded });
  }

  noteLoaded(): void {
    this.#feed({ kind: 'loaded', nowMs: Date.now() });
  }

  infoLines(): string[] {
    return infoLines(this.#state);
  }

  freeze(): void {
    clearTimeout(this.#cron);
  }

  thaw(): void {
    if (this.#isStopped) return;
    this.#beat();
    this.#schedule();
  }

  stop(): Promise<void> {
    return this.#end(() => this.#save(this.#isDurable));
  }

  kill(): Promise<void> {
    return this.#end(() => {
      // Put off longer than a crash would be believed to take: by now it would have been written.
      const isOverdue = !this.#isDurable && this.#saveTimer !== undefined;
      if (isOverdue) this.#save(false);
    });
  }

  async #end(save: () => void): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    clearTimeout(this.#cron);
    clearTimeout(this.#saveTimer);
    const closed = this.#listener.close();
    this.#door.close();
    this.#links.closeAll();
    save();
    this.#file.release();
    await closed;
  }

  // --- inputs ---------------------------------------------------------------

  #arrive(socket: Socket): void {
    if (this.#wings.config.boolean('tls-cluster')) this.#door.admit(socket);
    else this.#accept(socket);
  }

  #accept(socket: Socket): void {
    if (this.#isStopped) {
      socket.destroy();
      return;
    }
    const link = takeLinkId(this.#state);
    this.#links.accept(link, socket);
    const remoteIp = plainIp(socket.remoteAddress);
    const localIp = plainIp(socket.localAddress);
    this.#feed({ kind: 'accepted', nowMs: Date.now(), link, remoteIp, localIp });
  }

  #feed(input: Input): void {
    if (this.#isStopped) return;
    guarded(() => this.#perform(step(this.#state, input), this.#state), this.#options.onFatal);
  }

  #applySettings(): void {
    const settings = readSettings(this.#wings.config);
    this.#feed({ kind: 'settings', nowMs: Date.now(), settings });
  }

  #schedule(): void {
    const delayMs = msUntilTick(this.#state);
    this.#tickDueMs = Date.now() + delayMs;
    this.#cron = setTimeout(() => {
      this.#beat();
      if (!this.#isStopped) this.#schedule();
    }, delayMs);
  }

  #beat(): void {
    const nowMs = Date.now();
    const lateMs = nowMs - this.#tickDueMs;
    if (lateMs > STALL_MS) this.#feed({ kind: 'slept', nowMs, ms: lateMs });
    this.#feed({ kind: 'tick', nowMs });
  }

  // --- effects --------------------------------------------------------------

  #perform(effects: readonly Effect[], state: ClusterState): void {
    for (const effect of effects) {
      // A save that failed: what was to be said after it must not be said.
      if (this.#isStopped) return;
      this.#performOne(effect, state);
    }
  }

  #performOne(effect: Effect, state: ClusterState): void {
    const { data, replication, log } = this.#wings;
    switch (effect.kind) {
      case 'persist':
        this.#persist(effect.durable, state);
        return;
      case 'connect':
        this.#links.connect(effect.link, effect.ip, effect.busPort, sourceAddressOf(this.#options));
        return;
      case 'close':
        this.#links.close(effect.link);
        return;
      case 'send':
        this.#links.send(effect.link, effect.packet);
        return;
      case 'follow':
        replication.follow({ host: effect.ip, port: effect.port });
        return;
      case 'promote':
        replication.promote();
        return;
      case 'pause-writes':
        data.pauseWrites('failover', effect.untilMs);
        return;
      case 'unpause-writes':
        data.unpauseWrites('failover');
        return;
      case 'drop-slot':
        data.dropSlot(effect.slot);
        return;
      case 'flush-all':
        data.flushAll();
        return;
      case 'release-blocked':
        data.releaseWhere((keys, client) => redirectOf(state, keys, client));
        return;
      case 'transfer':
        this.#options.transfers?.perform(effect.order);
        return;
      case 'deliver':
        data.deliver(effect.channel, effect.message, effect.sharded);
        return;
      case 'end-shard-channels':
        data.endShardChannels(effect.slots);
        return;
      case 'log':
        log(effect.level, effect.text);
        return;
      default:
        unreachable(effect);
    }
  }

  /** Nothing outlives a temporary folder, so nothing in it needs to reach the disk. */
  get #isDurable(): boolean {
    return this.#options.isTemporary !== true;
  }

  #persist(durable: boolean, state: ClusterState): void {
    if (durable && this.#isDurable) {
      clearTimeout(this.#saveTimer);
      this.#saveTimer = undefined;
      this.#save(true, state);
      return;
    }
    const delayMs = this.#isDurable ? SAVE_DELAY_MS : TEMPORARY_SAVE_DELAY_MS;
    this.#saveTimer ??= setTimeout(() => {
      this.#saveTimer = undefined;
      this.#save(false);
    }, delayMs);
  }

  #save(durable: boolean, state = this.#state): void {
    try {
      this.#file.write(memoryOf(state), durable);
    } catch (error) {
      this.#options.onFatal(`cannot save ${this.#file.path}: ${messageOf(error)}`);
    }
  }

  #saveWhenAsked(): string | undefined {
    try {
      this.#file.write(memoryOf(this.#state), this.#isDurable);
      return undefined;
    } catch (error) {
      return systemText(error as NodeJS.ErrnoException);
    }
  }

  /** @throws TribError BAD_CONFIG: nothing runs yet that would have to end. */
  #writeFirst(memory: ReturnType<typeof memoryOf>): void {
    try {
      this.#file.write(memory, this.#isDurable);
    } catch (cause) {
      throw new TribError('BAD_CONFIG', `cannot write ${this.#file.path}: ${messageOf(cause)}`, {
        hint: 'Set dir to a folder that this user may write, on a disk that is not full.',
        cause,
      });
    }
  }
}

function plainIp(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:/, '');
}

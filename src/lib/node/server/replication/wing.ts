/**
 * Replication of one node, both ways: the stream it writes as a primary, the one it follows as a replica,
 * and the change between the two. What it decides by is in `node/replication`; here it meets sockets and
 * the clock.
 */
import type {
  Asker,
  FailoverRequest,
  ReplicaService,
  SyncRequest,
  WaitRequest,
} from '../../ports/replication.js';
import type { Address, ReplicationWing } from '../../ports/wings.js';
import type { ReplySink } from '../../../wire/resp/reply-sink.js';
import type { StreamPosition } from '../../persistence/staged-load.js';
import { ReplicationHistory } from '../../replication/history.js';
import { Failover } from './failover.js';
import { guarded } from '../fault.js';
import type { ReplicationOptions } from './options.js';
import { OwnStream } from './own-stream.js';
import { takeReplconf } from './replconf.js';
import { Replicas } from './replicas.js';
import { replicationLines, writeRole } from './report.js';
import { ReplicationSettings } from './settings.js';
import { Upstream } from './upstream.js';
import { Waiters } from './waiters.js';

export interface RunningReplication extends ReplicationWing, ReplicaService {
  /** A replica if the configuration names a primary; nothing is said to it before `start`. */
  takeRole(): void;
  /** Connects to the primary, if there is one, and begins to keep time. */
  start(): void;
  /** Keeps no time until `thaw`. */
  freeze(): void;
  thaw(): void;
  /** Where the data stand in the history of their writes; undefined when nobody could ask. */
  position(): StreamPosition | undefined;
  /** Loaded data stand there: their holder may go on from it. */
  restorePosition(position: StreamPosition): void;
  /** Replicas that do not hold the stream up to this offset. */
  countLagging(offset: number): number;
  /** Do not wait for their regular ACKs. */
  askForAcks(): void;
  /** Breaks the link to the primary and stops all timers. */
  stop(): void;
}

export function createReplication(options: ReplicationOptions): RunningReplication {
  return new Replication(options);
}

const TICK_MS = 1000;
const ID_DIGITS = 40;

class Replication implements RunningReplication {
  readonly #options: ReplicationOptions;
  readonly #settings: ReplicationSettings;
  readonly #history: ReplicationHistory;
  readonly #stream: OwnStream;
  readonly #replicas: Replicas;
  readonly #waiters: Waiters;
  readonly #failover: Failover;
  #upstream: Upstream | undefined;
  /** Data on disk are read first: they may be where the primary's stream goes on. */
  #isStarted = false;
  #ticker: NodeJS.Timeout | undefined;
  #pingDueMs = 0;

  constructor(options: ReplicationOptions) {
    const { config, data, keyspace, log, nowMs, onFatal, prng, stats, turn } = options;
    this.#options = options;
    this.#settings = new ReplicationSettings(config, () =>
      this.#history.backlog?.resize(this.#settings.backlogBytes),
    );
    this.#history = new ReplicationHistory(prng.hex(ID_DIGITS));
    this.#stream = new OwnStream({
      history: this.#history,
      turn,
      push: (bytes) => this.#replicas.push(bytes),
    });
    this.#replicas = new Replicas({
      keyspace,
      history: this.#history,
      settings: this.#settings,
      config,
      stats,
      log,
      nowMs,
      refusal: () => this.#syncRefusal(),
      openHistory: () => this.#openHistory(),
      prepareFullSync: () => this.#prepareFullSync(),
      flushStream: () => this.#stream.flush(),
      onFatal,
      onAck: () => {
        this.#waiters.check();
        this.#failover.check();
      },
    });
    this.#waiters = new Waiters((offset) => this.#replicas.countHolding(offset));
    this.#failover = new Failover({
      replicas: this.#replicas,
      data,
      log,
      nowMs,
      onFatal,
      offset: () => this.offset,
      isReplica: () => this.#upstream !== undefined,
      askForAcks: () => this.askForAcks(),
      handOver: (target, onAnswer) => this.#follow(target, onAnswer),
      takeBack: () => this.promote(),
    });
  }

  // --- ReplicationWing --------------------------------------------------------

  get role(): 'primary' | 'replica' {
    return this.#upstream === undefined ? 'primary' : 'replica';
  }

  get offset(): number {
    return this.#stream.offset;
  }

  get backlogMemoryBytes(): number {
    return this.#history.backlog?.memoryBytes ?? 0;
  }

  get primaryAddress(): Address | undefined {
    return this.#upstream?.address;
  }

  get isLinkUp(): boolean {
    return this.#upstream?.isUp ?? false;
  }

  get lastPrimaryIoMs(): number | undefined {
    return this.#upstream?.lastIoMs;
  }

  get linkDownSinceMs(): number | undefined {
    return this.#upstream?.downSinceMs;
  }

  follow(address: Address): void {
    const before = this.#upstream;
    if (before && isSame(before.address, address)) return;
    this.#follow(address, undefined);
  }

  promote(): void {
    const upstream = this.#upstream;
    if (upstream === undefined) return;
    upstream.stop();
    this.#upstream = undefined;
    this.#history.shift(this.#newId());
    this.#stream.forgetDb();
    // They come back, and go on from where they are under the new name.
    this.#replicas.disconnectAll();
    this.#options.log('notice', `A primary from offset ${this.offset} on`);
    this.#options.onRoleChange('primary');
  }

  propagate(db: number, argv: readonly string[]): void {
    // Without a backlog nobody has ever asked, and nobody can.
    if (this.#upstream !== undefined || this.#history.backlog === undefined) return;
    this.#stream.command(db, argv);
  }

  countGoodReplicas(): number {
    return this.#replicas.countGood(this.#options.nowMs());
  }

  infoLines(): string[] {
    const { config, nowMs } = this.#options;
    return replicationLines({
      upstream: this.#upstream,
      replicas: this.#replicas,
      history: this.#history,
      offset: this.offset,
      settings: this.#settings,
      config,
      failoverState: this.#failover.state,
      nowMs: nowMs(),
    });
  }

  // --- ReplicaService ---------------------------------------------------------

  sync(request: SyncRequest, asker: Asker): void {
    if (request.isFailover === true && !this.#takeOver(request, asker)) return;
    this.#replicas.sync(request, asker);
  }

  replconf(argv: readonly string[], asker: Asker): void {
    takeReplconf(argv, asker, this.#replicas);
  }

  writeRole(reply: ReplySink): void {
    writeRole(reply, this.#upstream, this.#replicas, this.offset);
  }

  wait(request: WaitRequest, asker: Asker): void {
    const offset = asker.client.streamOffset;
    const count = this.#replicas.countHolding(offset);
    if (count >= request.replicas || !request.mayWait) {
      asker.reply.integer(count);
      return;
    }
    this.#waiters.add(asker, { ...request, offset });
    this.askForAcks();
  }

  areAllLike(): boolean {
    return this.#replicas.areAllVersioned();
  }

  whenHeld(
    timeoutMs: number,
    asker: Asker,
    answer: (isHeld: boolean, reply: ReplySink) => void,
  ): void {
    const { offset } = this;
    const replicas = this.#replicas.countHolding(0);
    this.#waiters.add(asker, { offset, replicas, timeoutMs }, (count, reply) =>
      answer(count >= replicas, reply),
    );
    this.askForAcks();
  }

  get isFailingOver(): boolean {
    return this.#failover.isUnderWay;
  }

  failover(request: FailoverRequest, asker: Asker): void {
    this.#failover.command(request, asker.reply);
  }

  // --- for those who save and end -----------------------------------------------

  position(): StreamPosition | undefined {
    const { identity, offset, backlog } = this.#history;
    if (this.#upstream === undefined && backlog === undefined) return undefined;
    this.#stream.flush();
    const streamDb = this.#upstream?.streamDb ?? this.#stream.db ?? 0;
    return { replicationId: identity.id, offset, streamDb };
  }

  restorePosition({ replicationId, offset, streamDb }: StreamPosition): void {
    const upstream = this.#upstream;
    const { backlogBytes } = this.#settings;
    if (upstream === undefined) {
      this.#history.inherit(replicationId, offset, this.#newId(), backlogBytes);
    } else {
      this.#history.adopt(replicationId, offset, backlogBytes);
      upstream.selectDb(streamDb);
    }
  }

  countLagging(offset: number): number {
    return this.#replicas.size - this.#replicas.countHolding(offset);
  }

  askForAcks(): void {
    if (this.#upstream === undefined) this.#stream.askForAcks();
  }

  // --- lifetime ---------------------------------------------------------------

  takeRole(): void {
    const [host, port] = (this.#options.config.get('replicaof') ?? '').split(' ');
    if (host && port) this.follow({ host, port: Number(port) });
  }

  start(): void {
    this.#isStarted = true;
    this.#upstream?.connect();
    this.#keepTime();
  }

  freeze(): void {
    clearInterval(this.#ticker);
  }

  thaw(): void {
    this.#tick();
    this.#keepTime();
  }

  stop(): void {
    clearInterval(this.#ticker);
    this.#failover.stop();
    this.#upstream?.stop();
    this.#waiters.release();
    // The replicas' connections are closed with all others, and hear the last of the stream before.
    this.#stream.flush();
  }

  #keepTime(): void {
    const { onFatal } = this.#options;
    this.#ticker = setInterval(() => guarded(() => this.#tick(), onFatal), TICK_MS);
  }

  #tick(): void {
    const nowMs = this.#options.nowMs();
    this.#upstream?.tick(nowMs);
    this.#replicas.check(nowMs);
    this.#failover.check();
    if (this.#upstream === undefined) this.#tickAsPrimary(nowMs);
  }

  #tickAsPrimary(nowMs: number): void {
    const { pingPeriodMs, backlogTtlMs } = this.#settings;
    const { aloneSinceMs } = this.#replicas;
    if (aloneSinceMs === undefined) {
      // A paused primary has told its replica an offset to reach; it must not move.
      if (nowMs < this.#pingDueMs || this.#options.isPausedForFailover()) return;
      this.#pingDueMs = nowMs + pingPeriodMs;
      this.#stream.ping();
    } else if (backlogTtlMs > 0 && nowMs - aloneSinceMs > backlogTtlMs && this.#history.backlog) {
      // What is written from now on has no offsets, so no old replica may believe it can go on.
      this.#stream.flush();
      this.#history.renew(this.#newId());
      this.#stream.forgetDb();
    }
  }

  // --- roles ------------------------------------------------------------------

  #follow(address: Address, onTakenOver: ((error?: string) => void) | undefined): void {
    const { config, data, dial, keyspace, log, nowMs, port, stats } = this.#options;
    const before = this.#upstream;
    this.#stream.flush();
    const downSinceMs = before?.isUp === true ? nowMs() : before?.downSinceMs;
    before?.stop();
    this.#upstream = new Upstream({
      address,
      keyspace,
      history: this.#history,
      settings: this.#settings,
      config,
      data,
      log,
      dial,
      nowMs,
      port,
      newId: () => this.#newId(),
      streamDb: before?.streamDb ?? this.#stream.db ?? 0,
      downSinceMs,
      onTakenOver,
      onReplaced: () => this.#options.onReplaced(),
      noteInput: (bytes) => (stats.counters.netReplicationInputBytes += bytes),
      forward: (bytes) => {
        this.#history.append(bytes);
        this.#replicas.push(bytes);
      },
      beginSync: this.#options.beginSync,
      endSync: this.#options.endSync,
      onFatal: this.#options.onFatal,
      dropReplicas: () => this.#replicas.disconnectAll(),
    });
    this.#stream.forgetDb();
    if (before === undefined) {
      this.#waiters.release();
      this.#options.onRoleChange('replica');
      data.releaseBlocked();
      data.spareSlots();
    }
    this.#replicas.disconnectAll();
    if (this.#isStarted) this.#upstream.connect();
  }

  /** FAILOVER there: our primary asks us to take its place. @returns false when it was refused. */
  #takeOver(request: SyncRequest, { reply }: Asker): boolean {
    if (this.#upstream === undefined) {
      reply.error("ERR PSYNC FAILOVER can't be sent to a master.");
      return false;
    }
    if (request.replicationId?.toLowerCase() !== this.#history.identity.id) {
      reply.error('ERR PSYNC FAILOVER replid must match my replid.');
      return false;
    }
    this.promote();
    return true;
  }

  #newId(): string {
    return this.#options.prng.hex(ID_DIGITS);
  }

  #syncRefusal(): string | undefined {
    if (this.#failover.isHandingOver) return "NOMASTERLINK Can't SYNC while failing over";
    if (this.#upstream === undefined || this.#upstream.isUp) return undefined;
    return "NOMASTERLINK Can't SYNC while not connected with my master";
  }

  // --- replicas ---------------------------------------------------------------

  #openHistory(): void {
    const history = this.#history;
    if (history.backlog !== undefined) return;
    if (this.#upstream === undefined) history.renew(this.#newId());
    history.open(this.#settings.backlogBytes);
  }

  #prepareFullSync(): { readonly streamDb: number } {
    this.#stream.flush();
    if (this.#upstream !== undefined) return { streamDb: this.#upstream.streamDb };
    this.#stream.forgetDb();
    return { streamDb: 0 };
  }
}

function isSame(a: Address, b: Address): boolean {
  return a.port === b.port && a.host === b.host;
}

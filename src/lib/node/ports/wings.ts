/**
 * The wings of one running node, as each sees the others. A node is put together in `server/assembly/`;
 * nothing else knows the concrete classes.
 */
import type { NodeId } from '../../kernel/node-id.js';
import type { ReplySink } from '../../wire/resp/reply-sink.js';
import type { ClientPort } from './client.js';
import type { HostPort } from './host.js';
import type { PersistenceWing } from './persistence.js';
import type { SlotTraffic } from './slot-traffic.js';
import type { ServerStats } from './stats.js';
import type { ReplicaService, TransferService } from './replication.js';

export interface Wings {
  readonly data: DataWing;
  readonly replication: ReplicationWing;
  /** PSYNC, REPLCONF, ROLE, WAIT: the same object as `replication`, seen by its commands. */
  readonly replicas: ReplicaService;
  /** MIGRATE's sockets. */
  readonly transfer: TransferService;
  /** Files: RDB and the append-only one. */
  readonly persistence: PersistenceWing;
  /** Present when `cluster-enabled yes`. */
  readonly cluster: ClusterWing | undefined;
  readonly config: ConfigWing;
  /** The process around the node: facts for INFO, SHUTDOWN, DEBUG SLEEP. */
  readonly host: HostPort;
  /** What was counted so far. */
  readonly stats: ServerStats;
  readonly log: Log;
}

export type LogLevel = 'debug' | 'verbose' | 'notice' | 'warning';
export type Log = (level: LogLevel, text: string) => void;

/** The keyspace and the clients. */
export interface DataWing {
  /** Keys in all databases. */
  keyCount(): number;
  /** In this database, or in all of them. */
  countKeysInSlot(slot: number, db?: number): number;
  keysInSlot(slot: number, limit: number, db: number): string[];
  /** The keys of a slot that moved away are gone at once, and freed little by little; replicas hear of each. */
  dropSlot(slot: number): void;
  /** What is left of such slots counts again: our data are a primary's now. */
  spareSlots(): void;
  flushAll(): void;
  /** Does the key exist now (expired ones do not)? No side effects. */
  hasKey(key: string, nowMs: number, db: number): boolean;
  /** A change that no command in progress made: to the replicas and to the append-only file. */
  propagate(db: number, argv: readonly string[]): void;
  /** Run one command of the primary's stream. Throws a TribError when it cannot be applied. */
  applyReplicated(argv: readonly string[], db: number): void;
  /** Throws a TribError when no such command exists here. */
  vetReplicated(argv: readonly string[]): void;
  /** What `run` applies of the primary's stream is one transaction. */
  together(run: () => void): void;
  /** Stop serving writes until the deadline (CLIENT PAUSE, manual failover and MIGRATE each hold one). */
  pauseWrites(owner: 'client' | 'failover' | 'migrate', untilMs: number): void;
  unpauseWrites(owner: 'client' | 'failover' | 'migrate'): void;
  /** The role changed: clients that wait for anything hear that it will not come. */
  releaseBlocked(): void;
  /**
   * Sends clients away that wait for keys which will not come here any more (the slot moved, the cluster is
   * down). `refusal` says with what error; undefined lets the client wait on.
   */
  releaseWhere(refusal: (keys: readonly string[], client: ClientPort) => string | undefined): void;
  /** Deliver a message that came over the bus (or was published here) to local subscribers. */
  deliver(channel: string, message: string, sharded: boolean): number;
  /** Unsubscribes from the shard channels of these slots; the clients hear so, and look elsewhere. */
  endShardChannels(slots: ReadonlySet<number>): void;
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** PSYNC in both directions, offsets, backlog. */
export interface ReplicationWing {
  readonly role: 'primary' | 'replica';
  /** master_repl_offset of a primary; applied offset of a replica. */
  readonly offset: number;
  readonly primaryAddress: Address | undefined;
  readonly isLinkUp: boolean;
  /** Last byte from the primary; undefined before the first one. */
  readonly lastPrimaryIoMs: number | undefined;
  /** When the link broke; undefined while it is up or was never up. */
  readonly linkDownSinceMs: number | undefined;
  /** Follow a primary (keeps data until the sync), or become one: replication id shifts. */
  follow(address: Address): void;
  promote(): void;
  /** Append commands to the stream: to the backlog and to every replica. */
  propagate(db: number, argv: readonly string[]): void;
  /** Online replicas whose last ACK is younger than min-replicas-max-lag. */
  countGoodReplicas(): number;
  /** Memory that the backlog takes; 0 without one. */
  readonly backlogMemoryBytes: number;
  /** The lines of INFO replication, without the header. */
  infoLines(): string[];
}

export interface RouteQuery {
  /** Lower-case command name. */
  readonly command: string;
  readonly keys: readonly string[];
  readonly isWrite: boolean;
  /** The command is allowed on importing slots by itself (RESTORE-ASKING). */
  readonly hasAskingFlag: boolean;
  readonly isShardPubSub: boolean;
  readonly client: ClientPort;
  readonly nowMs: number;
}

/** Who sends a CLUSTER subcommand, as far as that matters to the answer. */
export interface ClusterCaller extends Pick<ClientPort, 'isTls' | 'db'> {
  /** Our primary, whose word a replica takes. */
  readonly standing?: 'primary';
}

/** Membership, slots, failover. */
export interface ClusterWing {
  readonly myId: NodeId;
  /**
   * 1 where a command on this slot is served here without a question: owned, neither migrating nor
   * importing, cluster ok, we are a primary. The hot path looks here and nowhere else.
   */
  readonly served: Uint8Array;
  readonly isReplica: boolean;
  /** What slots cost; undefined where nobody wants to know. */
  readonly traffic: SlotTraffic | undefined;
  /** The error that answers the query (MOVED, ASK, TRYAGAIN, CROSSSLOT, CLUSTERDOWN), or undefined: serve it. */
  route(query: RouteQuery): string | undefined;
  /** CLUSTER <subcommand>: writes one reply. */
  command(argv: readonly string[], reply: ReplySink, client: ClusterCaller): void;
  /** What SETSLOT with these words would be refused with. */
  refuses(argv: readonly string[]): string | undefined;
  /** CLUSTER SYNCSLOTS: another node proposes to move slots, or our primary's stream tells of it. */
  synchronize(
    argv: readonly string[],
    reply: ReplySink,
    client: ClientPort,
    isReplicated: boolean,
  ): void;
  /** Clients have deleted all keys of a database. */
  noteFlush(): void;
  publish(channel: string, message: string, sharded: boolean): void;
}

/** Directives, as CONFIG GET shows them; `set` validates and applies. */
export interface ConfigWing {
  /** The value's text form; undefined for an unknown name. */
  get(name: string): string | undefined;
  number(name: string): number;
  boolean(name: string): boolean;
  /** undefined when done, otherwise why not. */
  set(name: string, value: string): string | undefined;
  /** All or none. undefined when done, otherwise CONFIG SET's error text without its `ERR`. */
  setAll(
    pairs: readonly (readonly [name: string, value: string])[],
    isLocalClient?: boolean,
  ): string | undefined;
  /** Directives that match any of the glob patterns, as CONFIG GET lists them. */
  matching(patterns: readonly string[]): readonly (readonly [name: string, value: string])[];
  /** CONFIG REWRITE. undefined when done, otherwise why not. */
  rewrite(): string | undefined;
  /** Called after a directive changed; aliases lead to the same directive. */
  onChange(name: string, listener: (value: string) => void): void;
}

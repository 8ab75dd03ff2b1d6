/** What `trib/testing` gives to a test suite. */
/// <reference lib="esnext.disposable" preserve="true" />
import type { PersonaName } from '../../node/ports/persona.js';

export interface Node {
  readonly host: string;
  readonly port: number;
  /** `host:port` */
  readonly address: string;
  /** `redis://host:port`, or `rediss://` with TLS; with the password if there is one. */
  readonly url: string;
  readonly state: 'running' | 'paused' | 'stopped';
  /** Deletes every key, and returns once its replicas have done the same. */
  flush(): Promise<void>;
  /** Ends at once, as `kill -9` does: no goodbye, nothing saved. */
  kill(): Promise<void>;
  /**
   * Stands still, as under SIGSTOP: connections stay open and new ones are accepted, nothing is answered,
   * no timer runs.
   */
  pause(): void;
  /** Goes on, as under SIGCONT. */
  resume(): void;
  /** Starts again at the same port with the files it left; one that runs is stopped before. */
  restart(): Promise<void>;
  /** Ends in good order, as SHUTDOWN does. May be called twice. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface ClusterNode extends Node {
  readonly id: string;
  /** What it is now in its own eyes; of a stopped node: what it was. */
  readonly role: 'primary' | 'replica';
  /** Of a replica: whom it follows. */
  readonly primaryId: string | undefined;
}

/** One of `cluster.nodes`, or its `host:port`. */
export type NodeChoice = ClusterNode | string;

/** Something between nodes that is not as it should be. */
export interface Fault {
  /** Ends it. May be called twice. */
  heal(): void;
  [Symbol.dispose](): void;
}

export interface WaitOptions {
  /** Default: that of the cluster. */
  readonly deadlineMs?: number;
}

/** Methods throw TribError: UNKNOWN_NODE for a node of another cluster, LAB when it has been stopped. */
export interface Cluster {
  /** Primaries first, in slot order, then replicas: as they were when the cluster was formed. */
  readonly nodes: readonly ClusterNode[];
  /** `host:port` of every node, as seeds for a client. */
  readonly addresses: readonly string[];
  /** Nodes that have not been stopped, by what they are now. */
  readonly primaries: readonly ClusterNode[];
  readonly replicas: readonly ClusterNode[];
  /** The running primary that serves this key. */
  ownerOf(key: string): ClusterNode;
  replicasOf(primary: NodeChoice): readonly ClusterNode[];

  /** Deletes every key on every node. */
  flush(): Promise<void>;

  /** As `kill -9`: its connections break at once, and after the node timeout the others hold it for dead. */
  kill(node: NodeChoice): Promise<void>;
  /** As SIGSTOP; see `Node.pause`. */
  pause(node: NodeChoice): void;
  resume(node: NodeChoice): void;
  restart(node: NodeChoice): Promise<void>;
  /**
   * Lets a replica take over: this one, or of a primary the one that has most of its data. Returns it once
   * every running node knows. A primary that does not run is replaced by a vote.
   *
   * @throws TribError FAILOVER_FAILED
   */
  failover(node: NodeChoice, options?: WaitOptions): Promise<ClusterNode>;

  /**
   * From now on nothing passes between the two sides: no gossip, no replication, no MIGRATE. Connections
   * between them fall silent, new ones do not come about. Clients reach both.
   *
   * @param others default: all other nodes.
   */
  partition(some: NodeChoice | readonly NodeChoice[], others?: readonly NodeChoice[]): Fault;
  /** What one of the two nodes sends to the other arrives so much later. */
  delay(link: readonly [NodeChoice, NodeChoice], ms: number): Fault;
  /** Ends every partition and every delay. Nodes that are paused stay so. */
  heal(): void;

  /**
   * Waits until all running nodes say the same: `cluster_state:ok`, every running node is alive and linked,
   * every other one is known to be dead and owns nothing that a replica could take over; and until every
   * replica holds what its primary had written.
   *
   * @throws TribError DEADLINE, with what is missing.
   */
  waitForConverged(options?: WaitOptions): Promise<void>;
  /**
   * Waits for anything else. An error that the condition throws counts as "not yet".
   *
   * @throws TribError DEADLINE naming `what`, with the last error as its cause.
   */
  waitUntil(
    what: string,
    holds: () => boolean | Promise<boolean>,
    options?: WaitOptions,
  ): Promise<void>;

  /** Ends all nodes and removes their files. May be called twice. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Whose version, commands and directives nodes have: see docs/compatibility.md. */
export type Persona = PersonaName;

/** Files in PEM; the caller makes them. */
export interface TlsFiles {
  /** `tls-cert-file`: what every node shows, to clients and to the other nodes. */
  readonly certFile: string;
  /** `tls-key-file` */
  readonly keyFile: string;
  /** `tls-ca-cert-file`: who must have signed what others show. */
  readonly caFile: string;
}

export interface NodeOptions {
  /** A loopback address; default 127.0.0.1. */
  readonly host?: string;
  /** Default: a free one. */
  readonly port?: number;
  /** A cluster node without slots and without peers; default false. */
  readonly cluster?: boolean;
  /** Clients must say it; nodes say it to each other. */
  readonly password?: string;
  /** Default `redis-7.0`. */
  readonly persona?: Persona;
  /** TLS and nothing else, at the same port. */
  readonly tls?: TlsFiles;
  /** Directives of redis.conf by name, such as `{ 'maxmemory-policy': 'allkeys-lru' }`. */
  readonly config?: Readonly<Record<string, string>>;
}

export interface ClusterOptions {
  /** Shards; default 3. */
  readonly primaries?: number;
  /** Default 1. */
  readonly replicasPerPrimary?: number;
  /** A loopback address; default 127.0.0.1. */
  readonly host?: string;
  /** The first of consecutive client ports; default: any free ones. */
  readonly port?: number;
  readonly password?: string;
  /** Of all nodes; default `redis-7.0`. */
  readonly persona?: Persona;
  /** TLS and nothing else: for clients, on the bus, for replication and for MIGRATE. */
  readonly tls?: TlsFiles;
  /** Directives of redis.conf by name, for all nodes. */
  readonly config?: Readonly<Record<string, string>>;
  /**
   * `cluster-node-timeout`: how long a silent node lives in the eyes of the others. Short ones make tests
   * of failover quick; below a second a busy machine can look dead. Default 5000.
   */
  readonly nodeTimeoutMs?: number;
  /** Give up forming, and later waiting, after this long; default 30000. */
  readonly deadlineMs?: number;
}

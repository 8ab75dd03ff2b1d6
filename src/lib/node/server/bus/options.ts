/**
 * What the cluster wing needs from the assembly, and what it gives back.
 *
 * How to assemble a node with `cluster-enabled yes`:
 *
 *  1. Build the config, data and replication wings and the object that holds them. The cluster wing reads
 *     `wings.data` and `wings.replication` through that object, when it uses them, not before.
 *  2. Listen on the client port first (port 0 has a number then), accept nobody yet.
 *  3. `wings.cluster = await startClusterWing({ wings, port, ... })`. It locks and reads nodes.conf, listens
 *     on the bus port and, if this node is a replica, calls `replication.follow` at once.
 *  4. Accept clients.
 *
 * What it calls: `replication.follow/promote` on role changes; `data.dropSlot`, `data.flushAll`,
 * `data.pauseWrites('failover', ...)`, `data.unpauseWrites`, `data.releaseBlocked`, `data.deliver`.
 * What it reads at each turn: `replication.offset`, `isLinkUp`, `lastPrimaryIoMs`, `linkDownSinceMs`,
 * and the `cluster-*` directives (again after each change). While `pauseWrites('failover')` holds, the
 * replication wing must put no PING into its stream: the offset may not move.
 */
import type { ClusterWing, Wings } from '../../ports/wings.js';
import type { Network } from '../network.js';
import type { SlotTransfers } from '../slot-transfer/wing.js';
import type { NodeTls } from '../tls/node-tls.js';

export interface ClusterWingOptions {
  readonly wings: Pick<Wings, 'data' | 'replication' | 'config' | 'log'>;
  /** The client port that listens; 0 when only TLS is served. */
  readonly port: number;
  /** The TLS client port; 0 when there is none. */
  readonly tlsPort: number;
  /** Addresses to listen on, as the client port does. An IPv6 address stands without brackets. */
  readonly bind: readonly string[];
  /** Overrides `cluster-port`; both absent or 0 means client port + 10000. */
  readonly busPort?: number;
  readonly network: Network;
  /** Present where slots can move whole. */
  readonly transfers: SlotTransfers | undefined;
  /** The bus is encrypted while tls-cluster says so. */
  readonly tls: NodeTls;
  /** The folder of nodes.conf: the node's `dir`. */
  readonly directory: string;
  /** The node cannot keep what it has promised its peers, and must end at once. */
  readonly onFatal: (reason: string) => void;
  /** The folder goes with the node: saves need not survive a crash. */
  readonly isTemporary?: boolean;
}

export interface RunningClusterWing extends ClusterWing {
  /** The port the bus listens on. */
  readonly busPort: number;
  /** The lines of CLUSTER INFO without line ends. */
  infoLines(): string[];
  /** Called when a message was published on this node: PUBLISH goes to all, SPUBLISH to the shard. */
  publish(channel: string, message: string, sharded: boolean): void;
  /** Data were read from disk. */
  noteLoaded(): void;
  /** No beat until `thaw`. */
  freeze(): void;
  thaw(): void;
  /** Closes links and listeners, saves nodes.conf, and gives up the lock. Idempotent. */
  stop(): Promise<void>;
  /** As `stop`, but like a crash: nothing is saved. */
  kill(): Promise<void>;
}

/** `startClusterWing` of `cluster-wing.ts`. Rejects with ADDRESS_IN_USE, CORRUPT_FILE or BAD_CONFIG. */
export type StartClusterWing = (options: ClusterWingOptions) => Promise<RunningClusterWing>;

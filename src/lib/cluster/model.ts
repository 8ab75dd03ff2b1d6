/**
 * A cluster as data. A *record* is what one node says of one node (a line of CLUSTER NODES); a *claim*
 * is everything one node says; the *view* is all claims together with the silences. Nothing here knows
 * how the answers were fetched.
 */
import type { NodeId } from '../kernel/node-id.js';
import type { SlotRange } from '../kernel/ranges.js';

export interface NodeAddress {
  /** IP or name, without brackets. */
  readonly host: string;
  readonly port: number;
  readonly busPort?: number;
}

export type RecordFlag =
  | 'myself'
  | 'master'
  | 'slave'
  | 'fail?'
  | 'fail'
  | 'handshake'
  | 'noaddr'
  | 'nofailover'
  | 'noflags';

/**
 * One line of CLUSTER NODES. Records are shared between claims when everything but ping and pong times
 * is equal, so that a thousand claims of a thousand lines fit in memory; hence no times here.
 */
export interface NodeRecord {
  readonly id: NodeId;
  /** Empty when the node does not know its own address. */
  readonly host: string;
  readonly port: number;
  readonly busPort: number;
  readonly hostname: string | undefined;
  readonly flags: ReadonlySet<RecordFlag>;
  readonly primaryId: NodeId | undefined;
  readonly configEpoch: number;
  readonly isLinkUp: boolean;
  readonly slots: readonly SlotRange[];
  /** Open slots; only a node's own line has them. */
  readonly migrating: ReadonlyMap<number, NodeId>;
  readonly importing: ReadonlyMap<number, NodeId>;
}

/** What INFO, CLUSTER INFO and CONFIG say; a fact is undefined where the server does not tell. */
export interface NodeFacts {
  readonly version: string | undefined;
  /** redis, valkey or trib. */
  readonly vendor: string;
  readonly clusterEnabled: boolean | undefined;
  /** Still reading its data from disk: answers, but serves nothing yet. */
  readonly isLoading: boolean;
  readonly clusterState: 'ok' | 'fail' | undefined;
  readonly currentEpoch: number | undefined;
  readonly nodeTimeoutMs: number | undefined;
  /** Members it knows, itself and handshakes included. */
  readonly knownNodes: number | undefined;
  /** Keys per database number. */
  readonly keys: ReadonlyMap<number, number>;
  readonly role: 'primary' | 'replica' | undefined;
  readonly primaryLinkUp: boolean | undefined;
  readonly replicationOffset: number | undefined;
  readonly availabilityZone: string | undefined;
}

export interface Claim {
  /** How this node was reached from here. */
  readonly reachedAt: NodeAddress;
  readonly self: NodeRecord;
  /** Every line, the own one included, in the order given. */
  readonly records: ReadonlyMap<NodeId, NodeRecord>;
  readonly facts: NodeFacts;
}

/** A node that others know and that did not answer, or answered with an error. */
export interface Silence {
  readonly id: NodeId | undefined;
  readonly address: NodeAddress;
  readonly reason: string;
  /** The node that answered there in its stead: an address used again, perhaps by another cluster. */
  readonly stranger?: Claim;
}

export interface ClusterView {
  /** The node that was asked first. */
  readonly entryId: NodeId;
  /** Entry first, then the order in which they were given. */
  readonly claims: ReadonlyMap<NodeId, Claim>;
  readonly silences: readonly Silence[];
}

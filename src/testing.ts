/**
 * `import { startCluster } from 'trib/testing'`: a real cluster for a test suite, in the process of the
 * tests. Nodes listen on loopback, speak the wire protocols of Redis 7.0, find each other by MEET and
 * gossip, and are gone after `stop()`; no server needs to be installed.
 */
import { formatAddress } from './lib/cluster/address.js';
import { membersOf } from './lib/cluster/view.js';
import { TribError } from './lib/kernel/errors.js';
import { formCluster } from './lib/lab/form.js';
import { EMBEDDED, Lab } from './lib/lab/lab.js';
import { findFreePorts } from './lib/lab/ports.js';
import { type EmbeddedNode, startNode as startEmbedded } from './lib/node/server/node.js';

export { TribError } from './lib/kernel/errors.js';

export interface ClusterOptions {
  /** Shards; default 3. */
  readonly primaries?: number;
  /** Default 1. */
  readonly replicasPerPrimary?: number;
  /** A loopback address; default 127.0.0.1. */
  readonly host?: string;
  /** The first of consecutive client ports; default: any free ones. */
  readonly port?: number;
  /**
   * `cluster-node-timeout`: how long a silent node lives in the eyes of the others. Short ones make tests
   * of failover quick; below a second a busy machine can look dead. Default 5000.
   */
  readonly nodeTimeoutMs?: number;
  /** Give up forming after this long; default 30000. */
  readonly deadlineMs?: number;
}

export interface ClusterNode {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  /** `host:port` */
  readonly address: string;
  /** As it was when the cluster was formed. */
  readonly role: 'primary' | 'replica';
  /** Of a replica: whom it followed then. */
  readonly primaryId: string | undefined;
  /** End this node; the others notice after the node timeout. */
  stop(): Promise<void>;
}

export interface Cluster {
  /** Primaries first, in slot order, then replicas. */
  readonly nodes: readonly ClusterNode[];
  /** `host:port` of every node, as seeds for a client. */
  readonly addresses: readonly string[];
  /** End all nodes and remove their files. May be called twice. */
  stop(): Promise<void>;
}

/**
 * Starts nodes and joins them, by the same code as `trib create`. Once it resolves every node says
 * `cluster_state:ok` and every replica is connected to its primary.
 *
 * @throws TribError when the cluster cannot be formed; nothing keeps running then.
 */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const { primaries = 3, replicasPerPrimary = 1 } = options;
  refuseCount('primaries', primaries, 1);
  refuseCount('replicasPerPrimary', replicasPerPrimary, 0);
  const lab = await Lab.start({
    nodeCount: primaries * (replicasPerPrimary + 1),
    host: options.host ?? '127.0.0.1',
    port: options.port,
    server: EMBEDDED,
    folder: '',
    nodeTimeoutMs: options.nodeTimeoutMs ?? 5_000,
  });
  try {
    const view = await formCluster(lab.addresses, {
      replicasPerPrimary,
      deadlineMs: options.deadlineMs ?? 30_000,
    });
    const firstSlot = ({ slots }: { slots: readonly { first: number }[] }): number =>
      slots[0]?.first ?? Number.POSITIVE_INFINITY;
    const isReplica = ({ role }: { role: string }): number => (role === 'replica' ? 1 : 0);
    const nodes = [...membersOf(view)]
      .sort((a, b) => isReplica(a) - isReplica(b) || firstSlot(a) - firstSlot(b))
      .map(({ id, address, role, primaryId }): ClusterNode => {
        const server = lab.servers.find((each) => each.address.port === address.port)!;
        return {
          id,
          host: address.host,
          port: address.port,
          address: formatAddress(address),
          role,
          primaryId,
          stop: () => server.stop(),
        };
      });
    return {
      nodes,
      addresses: nodes.map(({ address }) => address),
      stop: () => lab.stop(),
    };
  } catch (error) {
    await lab.stop();
    throw error;
  }
}

export interface NodeOptions {
  /** A loopback address; default 127.0.0.1. */
  readonly host?: string;
  /** Default: a free one. */
  readonly port?: number;
  /** A cluster node without slots and without peers; default false. */
  readonly cluster?: boolean;
  /** Directives of redis.conf by name, such as `{ requirepass: 'secret' }`. */
  readonly config?: Readonly<Record<string, string>>;
}

export interface Node {
  readonly host: string;
  readonly port: number;
  /** `host:port` */
  readonly address: string;
  stop(): Promise<void>;
}

/** One node on its own. @throws TribError ADDRESS_IN_USE, BAD_CONFIG */
export async function startNode(options: NodeOptions = {}): Promise<Node> {
  const host = options.host ?? '127.0.0.1';
  const [free] = options.port === undefined ? await findFreePorts(host, 1) : [options.port];
  const node: EmbeddedNode = await startEmbedded({
    host,
    port: free!,
    cluster: options.cluster ?? false,
    ...(options.config === undefined ? {} : { config: options.config }),
  });
  const { port } = node;
  return { host, port, address: formatAddress({ host, port }), stop: () => node.stop() };
}

function refuseCount(name: string, count: number, least: number): void {
  if (Number.isInteger(count) && count >= least) return;
  throw new TribError('USAGE', `${name} must be a whole number from ${least}, not ${count}.`);
}

/**
 * `import { startCluster } from 'trib/testing'`: a real cluster for a test suite, in the process of the
 * tests. Nodes listen on loopback, speak the wire protocols of Redis 7.0, find each other by MEET and
 * gossip, and are gone after `stop()`; no server needs to be installed.
 */
import { TribError } from './lib/kernel/errors.js';
import type { Cluster, ClusterOptions, Node, NodeOptions } from './lib/lab/testing/api.js';
import { LoneNode } from './lib/lab/testing/lone-node.js';
import { TestCluster } from './lib/lab/testing/test-cluster.js';

export { TribError } from './lib/kernel/errors.js';
export type {
  Cluster,
  ClusterNode,
  ClusterOptions,
  Fault,
  Node,
  NodeChoice,
  NodeOptions,
  Persona,
  TlsFiles,
  WaitOptions,
} from './lib/lab/testing/api.js';

/**
 * Starts nodes and joins them, by the same code as `trib create`. Once it resolves every node says
 * `cluster_state:ok` and every replica is connected to its primary.
 *
 * @throws TribError when the cluster cannot be formed; nothing keeps running then.
 */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  refuseCount('primaries', options.primaries, 1);
  refuseCount('replicasPerPrimary', options.replicasPerPrimary, 0);
  return TestCluster.start(options);
}

/** One node on its own. @throws TribError ADDRESS_IN_USE, BAD_CONFIG */
export async function startNode(options: NodeOptions = {}): Promise<Node> {
  return LoneNode.open(options);
}

function refuseCount(name: string, count: number | undefined, least: number): void {
  if (count === undefined || (Number.isInteger(count) && count >= least)) return;
  throw new TribError('USAGE', `${name} must be a whole number from ${least}, not ${count}.`);
}

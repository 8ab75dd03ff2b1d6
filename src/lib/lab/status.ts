/**
 * Is a recorded lab still there? Process ids come back after a reboot and ports are taken by others, so
 * each node is asked who it is: a lab runs as long as one of its nodes answers with the id on record.
 */
import type { Link, Links } from '../execute/links.js';
import { isHolder } from './background.js';
import type { LabNode, LabState } from './state.js';

export interface NodeStatus extends LabNode {
  readonly state: 'up' | 'down' | 'taken by another';
  /** `ok` or `fail`, as the node itself sees the cluster. */
  readonly clusterState: string | undefined;
}

export interface LabStatus {
  readonly lab: LabState;
  readonly state: 'up' | 'degraded' | 'gone';
  readonly nodes: readonly NodeStatus[];
}

const ASK_DEADLINE_MS = 2_000;

export async function statusOf(lab: LabState, links: Links): Promise<LabStatus> {
  const nodes = await Promise.all(lab.nodes.map((node) => askNode(node, links.to(node.address))));
  const up = nodes.filter(({ state }) => state === 'up').length;
  const isWhole = up === nodes.length && isHolder(lab.pid);
  return { lab, nodes, state: isWhole ? 'up' : up > 0 ? 'degraded' : 'gone' };
}

async function askNode(node: LabNode, link: Link): Promise<NodeStatus> {
  try {
    const [id, info] = await Promise.all([
      link.call(['CLUSTER', 'MYID'], { deadlineMs: ASK_DEADLINE_MS }),
      link.call(['CLUSTER', 'INFO'], { deadlineMs: ASK_DEADLINE_MS }),
    ]);
    const clusterState = /cluster_state:(\w+)/.exec(String(info))?.[1];
    return id === node.id
      ? { ...node, state: 'up', clusterState }
      : { ...node, state: 'taken by another', clusterState: undefined };
  } catch {
    return { ...node, state: 'down', clusterState: undefined };
  }
}

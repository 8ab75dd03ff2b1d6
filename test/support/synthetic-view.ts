/**
 * Clusters made of text: the replies real nodes would give, put through the parsers. Everything a test
 * wants to be wrong is changed in the text, so that parser, view and diagnosis are tested together.
 */
import { parseFacts } from '../../src/lib/cluster/facts.js';
import type { Claim, ClusterView, Silence } from '../../src/lib/cluster/model.js';
import { parseClusterNodes, RecordPool } from '../../src/lib/cluster/nodes-reply.js';
import { buildView, makeClaim } from '../../src/lib/cluster/view.js';
import type { NodeId } from '../../src/lib/kernel/node-id.js';

export interface SyntheticNode {
  id: NodeId;
  host: string;
  port: number;
  /** undefined: a primary. */
  primary: number | undefined;
  /** As CLUSTER NODES prints them; open slots are shown on the own line only. */
  slots: string;
  open: string;
  epoch: number;
  /** Flags others see besides the role. */
  flags: string;
  info: Record<string, string | number>;
  nodeTimeoutMs: number;
  /** Does not answer, for this reason. */
  silent: string | undefined;
}

export interface SyntheticOptions {
  readonly nodes?: number;
  readonly replicas?: number;
  /** Host of a node by its index. */
  readonly hostOf?: (index: number) => string;
}

/** The id of the node with this index: told apart in its first characters. */
export function idOf(index: number): NodeId {
  return (index + 0xa000).toString(16).padStart(4, '0').padEnd(40, '0') as NodeId;
}

/** A healthy cluster: primaries first, then their replicas in turn. Change it before `viewOf`. */
export function syntheticNodes(options: SyntheticOptions = {}): SyntheticNode[] {
  const { nodes = 6, replicas = 1, hostOf = (index: number) => `10.0.0.${index + 1}` } = options;
  const primaries = Math.floor(nodes / (replicas + 1));
  return Array.from({ length: nodes }, (_, index) => {
    const isPrimary = index < primaries;
    const first = Math.round((index * 16384) / primaries);
    const last = Math.round(((index + 1) * 16384) / primaries) - 1;
    return {
      id: idOf(index),
      host: hostOf(index),
      port: 7000 + (index % 50_000),
      primary: isPrimary ? undefined : index % primaries,
      slots: isPrimary ? `${first}-${last}` : '',
      open: '',
      epoch: isPrimary ? index + 1 : (index % primaries) + 1,
      flags: '',
      info: {},
      nodeTimeoutMs: 15_000,
      silent: undefined,
    };
  });
}

export type Edit = (text: string, speaker: number) => string;

/** What node `speaker` answers to CLUSTER NODES. */
export function nodesText(nodes: readonly SyntheticNode[], speaker: number): string {
  return nodes.map((_, index) => nodeLine(nodes, index, index === speaker)).join('');
}

function nodeLine(nodes: readonly SyntheticNode[], index: number, isSelf: boolean): string {
  const { id, host, port, primary, slots, open, epoch, flags } = nodes[index]!;
  const role = primary === undefined ? 'master' : 'slave';
  const flagText = [isSelf ? 'myself' : '', role, isSelf ? '' : flags].filter(Boolean).join(',');
  const times = isSelf ? '0 0' : `0 ${1_700_000_000_000 + index}`;
  const words = [slots, isSelf ? open : ''].filter(Boolean).join(' ');
  const primaryId = primary === undefined ? '-' : nodes[primary]!.id;
  const link = flags.includes('fail') && !flags.includes('fail?') ? 'disconnected' : 'connected';
  return `${id} ${host}:${port}@${port + 10_000} ${flagText} ${primaryId} ${times} ${epoch} ${link}${words ? ` ${words}` : ''}\n`;
}

export function claimOf(
  nodes: readonly SyntheticNode[],
  speaker: number,
  text = nodesText(nodes, speaker),
  pool?: RecordPool,
): Claim {
  const { host, port, primary, info, nodeTimeoutMs } = nodes[speaker]!;
  const reply = parseClusterNodes(text, pool);
  if (!reply.ok) throw new Error(reply.error);
  const fields = {
    redis_version: '7.0.15',
    cluster_enabled: 1,
    role: primary === undefined ? 'master' : 'slave',
    ...(primary === undefined ? {} : { master_link_status: 'up', slave_repl_offset: 100 }),
    ...info,
  };
  const facts = parseFacts({
    info: Object.entries(fields)
      .map(([name, value]) => `${name}:${value}`)
      .join('\r\n'),
    clusterInfo: `cluster_state:${info['cluster_state'] ?? 'ok'}\r\ncluster_known_nodes:${reply.value.records.size}`,
    nodeTimeoutMs,
  });
  return makeClaim({ host, port }, reply.value, facts);
}

/** @param edit changes what single nodes say. */
export function viewOf(nodes: readonly SyntheticNode[], edit: Edit = (text) => text): ClusterView {
  const pool = new RecordPool();
  const claims: Claim[] = [];
  const silences: Silence[] = [];
  nodes.forEach(({ id, host, port, silent }, speaker) => {
    if (silent !== undefined) silences.push({ id, address: { host, port }, reason: silent });
    else claims.push(claimOf(nodes, speaker, edit(nodesText(nodes, speaker), speaker), pool));
  });
  return buildView(claims, silences);
}

/** Nodes that know nobody: the material of `create`. */
export function blankClaims(sites: readonly { host: string; zone?: string }[]): Claim[] {
  return sites.map(({ host, zone }, index) => {
    const node: SyntheticNode = {
      ...syntheticNodes({ nodes: 1, replicas: 0 })[0]!,
      id: idOf(index),
      host,
      port: 7000 + index,
      slots: '',
      epoch: 0,
      info: { cluster_state: 'fail', ...(zone === undefined ? {} : { availability_zone: zone }) },
    };
    return claimOf([node], 0, nodesText([node], 0).replace(`${host}:`, ':'));
  });
}

/**
 * INFO and CLUSTER INFO as facts. Every server version tells a little more or less; what is not told is
 * undefined, never a guess (an INFO without `cluster_enabled` once made a tool take a plain server for a
 * cluster node).
 */
import type { NodeFacts } from './model.js';

export interface FactTexts {
  /** INFO, all sections or the default ones. */
  readonly info?: string;
  /** CLUSTER INFO. */
  readonly clusterInfo?: string;
  /** CONFIG GET cluster-node-timeout, where it is allowed. */
  readonly nodeTimeoutMs?: number;
}

export function parseFacts(texts: FactTexts): NodeFacts {
  const info = parseInfo(texts.info ?? '');
  const cluster = parseInfo(texts.clusterInfo ?? '');
  const state = cluster.get('cluster_state');
  const role = info.get('role');
  const isReplica = role === 'slave' || role === 'replica';
  return {
    version: info.get('valkey_version') ?? info.get('redis_version'),
    vendor: vendorOf(info),
    clusterEnabled: flagOf(info, 'cluster_enabled'),
    isLoading: flagOf(info, 'loading') ?? false,
    clusterState: state === 'ok' || state === 'fail' ? state : undefined,
    currentEpoch: numberOf(cluster, 'cluster_current_epoch'),
    nodeTimeoutMs: texts.nodeTimeoutMs,
    knownNodes: numberOf(cluster, 'cluster_known_nodes'),
    keys: keysOf(info),
    role: role === undefined ? undefined : isReplica ? 'replica' : 'primary',
    primaryLinkUp: isReplica ? info.get('master_link_status') === 'up' : undefined,
    replicationOffset: isReplica
      ? (numberOf(info, 'slave_repl_offset') ?? numberOf(info, 'master_repl_offset'))
      : numberOf(info, 'master_repl_offset'),
    availabilityZone: info.get('availability_zone') || undefined,
  };
}

/** `name:value` lines; the value may hold colons. Sections and blank lines are skipped. */
export function parseInfo(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon > 0 && !line.startsWith('#')) fields.set(line.slice(0, colon), line.slice(colon + 1));
  }
  return fields;
}

/** All keys of a node, over its databases. */
export function countKeys(facts: NodeFacts): number {
  return [...facts.keys.values()].reduce((sum, keys) => sum + keys, 0);
}

function vendorOf(info: ReadonlyMap<string, string>): string {
  if (info.has('trib_version')) return 'trib';
  return info.has('valkey_version') ? 'valkey' : 'redis';
}

function keysOf(info: ReadonlyMap<string, string>): ReadonlyMap<number, number> {
  const keys = new Map<number, number>();
  for (const [name, value] of info) {
    const database = /^db(\d+)$/.exec(name);
    const count = /(?:^|,)keys=(\d+)/.exec(value);
    if (database && count) keys.set(Number(database[1]), Number(count[1]));
  }
  return keys;
}

function numberOf(fields: ReadonlyMap<string, string>, name: string): number | undefined {
  const text = fields.get(name);
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : undefined;
}

function flagOf(fields: ReadonlyMap<string, string>, name: string): boolean | undefined {
  const value = numberOf(fields, name);
  return value === undefined ? undefined : value === 1;
}

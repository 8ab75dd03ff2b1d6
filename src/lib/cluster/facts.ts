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
  const info = new InfoText(texts.info ?? '');
  const cluster = new InfoText(texts.clusterInfo ?? '');
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
    keys: info.databases,
    role: role === undefined ? undefined : isReplica ? 'replica' : 'primary',
    primaryLinkUp: isReplica ? info.get('master_link_status') === 'up' : undefined,
    replicationOffset: isReplica
      ? (numberOf(info, 'slave_repl_offset') ?? numberOf(info, 'master_repl_offset'))
      : numberOf(info, 'master_repl_offset'),
    availabilityZone: info.get('availability_zone') || undefined,
  };
}

/**
 * `name:value` lines; the value may hold colons. A dozen of two hundred fields are wanted, of each of a
 * thousand nodes: they are looked for where they stand, and the text is not taken apart.
 */
class InfoText {
  readonly #text: string;

  constructor(text: string) {
    this.#text = `\n${text}`;
  }

  get(name: string): string | undefined {
    const found = this.#text.indexOf(`\n${name}:`);
    if (found < 0) return undefined;
    const start = found + name.length + 2;
    const newline = this.#text.indexOf('\n', start);
    const end = newline < 0 ? this.#text.length : newline;
    return this.#text.slice(start, this.#text.charCodeAt(end - 1) === 13 ? end - 1 : end);
  }

  /** `db0:keys=1,expires=0,avg_ttl=0` and the like. */
  get databases(): ReadonlyMap<number, number> {
    const counts = new Map<number, number>();
    for (const [, database, keys] of this.#text.matchAll(/\ndb(\d+):(?:[^\r\n]*,)?keys=(\d+)/g)) {
      counts.set(Number(database), Number(keys));
    }
    return counts;
  }
}

/** INFO memory: bytes of all keys and values; undefined where the server does not tell. */
export function datasetBytesIn(info: string): number | undefined {
  return numberOf(new InfoText(info), 'used_memory_dataset');
}

/** All keys of a node, over its databases. */
export function countKeys(facts: NodeFacts): number {
  return [...facts.keys.values()].reduce((sum, keys) => sum + keys, 0);
}

function vendorOf(info: InfoText): string {
  if (info.get('trib_version') !== undefined) return 'trib';
  return info.get('valkey_version') === undefined ? 'redis' : 'valkey';
}

function numberOf(fields: InfoText, name: string): number | undefined {
  const text = fields.get(name);
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : undefined;
}

function flagOf(fields: InfoText, name: string): boolean | undefined {
  const value = numberOf(fields, name);
  return value === undefined ? undefined : value === 1;
}

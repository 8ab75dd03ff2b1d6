/** A cluster of one persona whose slots move whole, and what a test asks of it in either dialect. */
import { slotOfKey } from '../../src/lib/kernel/slot.js';
import type { Reply } from '../../src/lib/wire/resp/reply.js';
import {
  type Cluster,
  type ClusterNode,
  type ClusterOptions,
  startCluster,
} from '../../src/testing.js';
import { RespClient, show } from '../node/resp-client.js';
import { waitUntil } from '../support/wait.js';

export type Dialect = 'valkey-9' | 'redis-8.4';

export const DIALECTS: readonly Dialect[] = ['valkey-9', 'redis-8.4'];

export type Job = Readonly<Record<string, string>>;

export class Town {
  readonly dialect: Dialect;
  readonly cluster: Cluster;
  readonly source: ClusterNode;
  readonly target: ClusterNode;
  readonly #links = new Map<string, RespClient>();

  static async build(dialect: Dialect, options: ClusterOptions = {}): Promise<Town> {
    const cluster = await startCluster({
      primaries: 3,
      replicasPerPrimary: 0,
      persona: dialect,
      nodeTimeoutMs: 3000,
      ...options,
      config: { ...CONFIG[dialect], ...options.config },
    });
    return new Town(dialect, cluster);
  }

  private constructor(dialect: Dialect, cluster: Cluster) {
    this.dialect = dialect;
    this.cluster = cluster;
    this.source = cluster.nodes[0]!;
    this.target = cluster.nodes[1]!;
  }

  async stop(): Promise<void> {
    for (const link of this.#links.values()) link.close();
    await this.cluster.stop();
  }

  async link(node: ClusterNode): Promise<RespClient> {
    let link = this.#links.get(node.id);
    if (link === undefined || link.isClosed) {
      link = await RespClient.open(node.port);
      this.#links.set(node.id, link);
    }
    return link;
  }

  async call(node: ClusterNode, ...argv: string[]): Promise<Reply> {
    return (await this.link(node)).call(...argv);
  }

  async say(node: ClusterNode, ...argv: string[]): Promise<string> {
    return show(await this.call(node, ...argv));
  }

  /** To whoever owns the key. */
  async put(key: string, ...argv: string[]): Promise<void> {
    const said = await this.say(this.cluster.ownerOf(key), ...argv);
    if (said.startsWith('-')) throw new Error(`${argv.join(' ')}: ${said}`);
  }

  /** Begins to move slots from source to target. @returns the job's name */
  async move(first: number, last: number): Promise<string> {
    const range = [String(first), String(last)];
    if (this.dialect === 'redis-8.4') {
      const reply = await this.call(this.target, 'CLUSTER', 'MIGRATION', 'IMPORT', ...range);
      if (reply.kind !== 'bulk') throw new Error(show(reply));
      return reply.text;
    }
    const words = ['CLUSTER', 'MIGRATESLOTS', 'SLOTSRANGE', ...range, 'NODE', this.target.id];
    const said = await this.say(this.source, ...words);
    if (said !== '+OK') throw new Error(said);
    return (await this.jobs(this.source))[0]!['name']!;
  }

  async cancel(): Promise<string> {
    if (this.dialect === 'valkey-9') {
      return this.say(this.source, 'CLUSTER', 'CANCELSLOTMIGRATIONS');
    }
    return this.say(this.target, 'CLUSTER', 'MIGRATION', 'CANCEL', 'ALL');
  }

  async jobs(node: ClusterNode): Promise<readonly Job[]> {
    const words =
      this.dialect === 'valkey-9' ? ['GETSLOTMIGRATIONS'] : ['MIGRATION', 'STATUS', 'ALL'];
    const reply = await this.call(node, 'CLUSTER', ...words);
    if (reply.kind !== 'array') throw new Error(show(reply));
    return reply.items.map(jobFrom);
  }

  async job(node: ClusterNode, name: string): Promise<Job> {
    const jobs = await this.jobs(node);
    return jobs.find((one) => (one['name'] ?? one['id']) === name) ?? {};
  }

  /** In the words of either server. */
  async waitFor(node: ClusterNode, name: string, ...states: readonly string[]): Promise<void> {
    await waitUntil(`job ${name} of ${node.address} is ${states.join(' or ')}`, async () => {
      const job = await this.job(node, name);
      if (states.includes(job['state'] ?? '')) return true;
      throw new Error(`it is ${JSON.stringify(job)}`);
    });
  }

  async done(name: string): Promise<void> {
    await this.waitFor(this.target, name, 'success', 'completed');
    await this.waitFor(this.source, name, 'success', 'completed');
  }

  /** In the middle of a move that something slows down. */
  async isUnderWay(name: string): Promise<void> {
    await this.waitFor(this.target, name, ...COMING_IN);
  }
}

/** A target that dies while writes are held is waited for no longer than a test likes. */
const CONFIG: Readonly<Record<Dialect, Record<string, string>>> = {
  'valkey-9': { 'enable-debug-command': 'yes' },
  'redis-8.4': {
    'enable-debug-command': 'yes',
    'cluster-slot-migration-write-pause-timeout': '1500',
  },
};

const COMING_IN = [
  'receiving-snapshot',
  'waiting-for-paused',
  'accumulate-buffer',
  'streaming-buffer',
] as const;

function jobFrom(reply: Reply): Job {
  if (reply.kind !== 'array') throw new Error(show(reply));
  const job: Record<string, string> = {};
  for (let at = 0; at < reply.items.length; at += 2) {
    job[textOf(reply.items[at]!)] = textOf(reply.items[at + 1]!);
  }
  return job;
}

export function textOf(reply: Reply): string {
  if (reply.kind === 'integer') return String(reply.value);
  if ('text' in reply) return reply.text;
  throw new Error(show(reply));
}

/** Names of keys in these slots. */
export function keysIn(first: number, last: number, count: number): readonly string[] {
  const keys: string[] = [];
  for (let at = 0; keys.length < count; at++) {
    const slot = slotOfKey(`key:${at}`);
    if (slot >= first && slot <= last) keys.push(`key:${at}`);
  }
  return keys;
}

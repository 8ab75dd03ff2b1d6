/**
 * A cluster in the hands of a test. Its nodes live in this process, join as any others do, and can be
 * killed, stopped, cut off and slowed; what the cluster makes of that is its own affair.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { NodeRecord } from '../../cluster/model.js';
import { utf8ToLatin1 } from '../../kernel/bytes.js';
import { messageOf, TribError } from '../../kernel/errors.js';
import { slotOfKey } from '../../kernel/slot.js';
import { FaultNetwork, type Site } from '../faults/fault-network.js';
import { formCluster } from '../form.js';
import { refuseOpenHost } from '../lab.js';
import type { Cluster, ClusterOptions, Fault, NodeChoice, WaitOptions } from './api.js';
import { connectionFor } from './connection.js';
import type { HostOptions } from './hosted-node.js';
import { claimOf } from './claim.js';
import { Member } from './member.js';
import { type Marks, notTakenOver, restlessness } from './rest.js';

const DEADLINE_MS = 30_000;
const POLL_MS = 10;

export class TestCluster implements Cluster {
  readonly nodes: readonly Member[];
  readonly #network: FaultNetwork;
  readonly #folder: string;
  readonly #deadlineMs: number;
  #stopping: Promise<void> | undefined;

  /** @throws TribError when it cannot be formed; nothing keeps running then. */
  static async start(options: ClusterOptions): Promise<TestCluster> {
    const { primaries = 3, replicasPerPrimary = 1, host = '127.0.0.1', password, tls } = options;
    refuseOpenHost(host);
    const network = new FaultNetwork();
    const folder = mkdtempSync(join(tmpdir(), 'trib-cluster-'));
    const hosts = Array.from({ length: primaries * (replicasPerPrimary + 1) }, (_, at) => ({
      host,
      port: options.port === undefined ? undefined : options.port + at,
      isCluster: true,
      password,
      tls,
      config: {
        ...(options.persona === undefined ? {} : { persona: options.persona }),
        'cluster-node-timeout': String(options.nodeTimeoutMs ?? 5_000),
        ...options.config,
      },
      folder: join(folder, String(at)),
      network,
    }));
    let nodes: readonly Member[] = [];
    try {
      nodes = await startAll(hosts);
      const deadlineMs = options.deadlineMs ?? DEADLINE_MS;
      const connection = connectionFor({ password, tls });
      await formCluster(nodes, { replicasPerPrimary, deadlineMs, connection });
      return new TestCluster(network, folder, deadlineMs, nodes);
    } catch (error) {
      await Promise.all(nodes.map((node) => node.kill()));
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  private constructor(
    network: FaultNetwork,
    folder: string,
    deadlineMs: number,
    nodes: readonly Member[],
  ) {
    this.#network = network;
    this.#folder = folder;
    this.#deadlineMs = deadlineMs;
    this.nodes = [...nodes].sort(byRoleAndSlots);
  }

  get addresses(): readonly string[] {
    return this.nodes.map(({ address }) => address);
  }

  get primaries(): readonly Member[] {
    return this.nodes.filter(({ role, state }) => role === 'primary' && state !== 'stopped');
  }

  get replicas(): readonly Member[] {
    return this.nodes.filter(({ role, state }) => role === 'replica' && state !== 'stopped');
  }

  ownerOf(key: string): Member {
    this.#refuseStopped();
    const slot = slotOfKey(utf8ToLatin1(key));
    const epochOf = (node: Member): number => claimOf(node).self.configEpoch;
    const [owner] = this.nodes
      .filter((node) => node.state === 'running' && node.owns(slot))
      // Behind a partition an old owner may still believe it is one.
      .sort((a, b) => epochOf(b) - epochOf(a));
    if (owner) return owner;
    throw new TribError(
      'UNKNOWN_NODE',
      `No running node owns slot ${slot}, where "${key}" belongs.`,
    );
  }

  replicasOf(primary: NodeChoice): readonly Member[] {
    const { id } = this.#pick(primary);
    return this.replicas.filter(({ primaryId }) => primaryId === id);
  }

  async flush(): Promise<void> {
    this.#refuseStopped();
    await Promise.all(this.primaries.map((node) => node.flush()));
  }

  // --- faults -----------------------------------------------------------------

  async kill(node: NodeChoice): Promise<void> {
    await this.#pick(node).kill();
  }

  pause(node: NodeChoice): void {
    this.#pick(node).pause();
  }

  resume(node: NodeChoice): void {
    this.#pick(node).resume();
  }

  async restart(node: NodeChoice): Promise<void> {
    await this.#pick(node).restart();
  }

  partition(some: NodeChoice | readonly NodeChoice[], others?: readonly NodeChoice[]): Fault {
    const one = (isList(some) ? some : [some]).map((node) => this.#pick(node));
    const rest = this.nodes.filter((node) => !one.includes(node));
    const other = others === undefined ? rest : others.map((node) => this.#pick(node));
    const torn = one.find((node) => other.includes(node));
    if (torn)
      throw new TribError('USAGE', `${torn.address} cannot be on both sides of a partition.`);
    const sites = (nodes: readonly Member[]): ReadonlySet<Site> =>
      new Set(nodes.map(({ site }) => site));
    return faultOf(this.#network.divide(sites(one), sites(other)));
  }

  delay(link: readonly [NodeChoice, NodeChoice], ms: number): Fault {
    const [a, b] = [this.#pick(link[0]).site, this.#pick(link[1]).site];
    if (!(ms >= 0 && ms < Infinity)) {
      throw new TribError('USAGE', `A delay is a number of milliseconds from 0, not ${ms}.`);
    }
    this.#network.delay(a, b, ms);
    return faultOf(() => this.#network.delay(a, b, 0));
  }

  heal(): void {
    this.#refuseStopped();
    this.#network.heal();
  }

  // --- changes and waits ------------------------------------------------------

  async failover(node: NodeChoice, options: WaitOptions = {}): Promise<Member> {
    const named = this.#pick(node);
    const heir = named.role === 'replica' ? named : this.#bestReplicaOf(named);
    heir.refuseUnless('running', 'promoted');
    const former = this.nodes.find(({ id }) => id === heir.primaryId);
    const record = former && claimOf(heir).records.get(claimOf(former).self.id);
    if (former === undefined || record === undefined) {
      throw new TribError('FAILOVER_FAILED', `${heir.address} follows no node of this cluster.`);
    }
    const words = ['CLUSTER', 'FAILOVER', ...(former.state === 'running' ? [] : ['FORCE'])];
    try {
      await heir.call(words);
    } catch (cause) {
      throw new TribError('FAILOVER_FAILED', `No failover: ${messageOf(cause)}`, { cause });
    }
    await this.#awaitHeir(heir, record, options);
    return heir;
  }

  async #awaitHeir(heir: Member, former: NodeRecord, options: WaitOptions): Promise<void> {
    const missing = await this.#poll(options, () => notTakenOver(this.nodes, heir, former));
    if (missing === undefined) return;
    const took = options.deadlineMs ?? this.#deadlineMs;
    throw new TribError(
      'FAILOVER_FAILED',
      `${heir.address} has not taken over from ${former.host}:${former.port} after ${took} ms: ${missing}.`,
    );
  }

  /** The one that has most of the data. */
  #bestReplicaOf(primary: Member): Member {
    const [best] = this.replicasOf(primary)
      .filter(({ state }) => state === 'running')
      .sort((a, b) => b.offset - a.offset);
    if (best) return best;
    throw new TribError('FAILOVER_FAILED', `${primary.address} has no replica that runs.`, {
      hint: 'startCluster({ replicasPerPrimary: 1 }) gives every primary one.',
    });
  }

  async waitForConverged(options: WaitOptions = {}): Promise<void> {
    this.#refuseStopped();
    const marks: Marks = new Map();
    const missing = await this.#poll(options, () => {
      const found = restlessness(this.nodes, marks);
      return found.length === 0 ? undefined : found;
    });
    if (missing === undefined) return;
    const after = options.deadlineMs ?? this.#deadlineMs;
    const shown = missing.length > 3 ? [...missing.slice(0, 3), '...'] : missing;
    throw new TribError(
      'DEADLINE',
      `The cluster has not converged after ${after} ms: ${shown.join('; ')}.`,
      { details: { missing } },
    );
  }

  async waitUntil(
    what: string,
    holds: () => boolean | Promise<boolean>,
    options: WaitOptions = {},
  ): Promise<void> {
    this.#refuseStopped();
    const failure = await this.#poll(options, async () => {
      try {
        return (await holds()) ? undefined : { error: undefined };
      } catch (error) {
        return { error };
      }
    });
    if (failure === undefined) return;
    const { error } = failure;
    const after = `Waited ${options.deadlineMs ?? this.#deadlineMs} ms in vain until ${what}`;
    throw error === undefined
      ? new TribError('DEADLINE', `${after}.`)
      : new TribError('DEADLINE', `${after}: ${messageOf(error)}`, { cause: error });
  }

  /** Looks until nothing is missing. @returns what was missing at the last look. */
  async #poll<T>(
    { deadlineMs = this.#deadlineMs }: WaitOptions,
    look: () => T | undefined | Promise<T | undefined>,
  ): Promise<T | undefined> {
    const giveUpAt = performance.now() + deadlineMs;
    for (;;) {
      const missing = await look();
      if (missing === undefined || performance.now() >= giveUpAt) return missing;
      await delay(POLL_MS);
      this.#refuseStopped();
    }
  }

  // --- lifetime ---------------------------------------------------------------

  stop(): Promise<void> {
    return (this.#stopping ??= this.#stop());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #stop(): Promise<void> {
    // Nobody is left to be told goodbye, and nothing to be kept.
    await Promise.all(this.nodes.map((node) => node.kill()));
    this.#network.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #refuseStopped(): void {
    if (this.#stopping === undefined) return;
    throw new TribError('LAB', 'This cluster has been stopped.', {
      hint: 'Is stop() called before a test has ended? startCluster() gives a new one.',
    });
  }

  /** @throws TribError UNKNOWN_NODE, LAB */
  #pick(choice: NodeChoice): Member {
    this.#refuseStopped();
    const found = this.nodes.find((node) => node === choice || node.address === choice);
    if (found) return found;
    const name = typeof choice === 'string' ? choice : choice.address;
    throw new TribError('UNKNOWN_NODE', `${name} is no node of this cluster.`, {
      hint: `Take one of cluster.nodes: ${this.addresses.join(', ')}.`,
    });
  }
}

/** All or none. */
async function startAll(hosts: readonly HostOptions[]): Promise<readonly Member[]> {
  const outcomes = await Promise.allSettled(hosts.map((options) => Member.start(options)));
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  const started = outcomes.flatMap((outcome) =>
    outcome.status === 'fulfilled' ? [outcome.value] : [],
  );
  if (failed === undefined) return started;
  await Promise.all(started.map((node) => node.kill()));
  throw failed.reason;
}

function byRoleAndSlots(a: Member, b: Member): number {
  if (a.role !== b.role) return a.role === 'primary' ? -1 : 1;
  return a.firstSlot - b.firstSlot;
}

function isList(choice: NodeChoice | readonly NodeChoice[]): choice is readonly NodeChoice[] {
  return Array.isArray(choice);
}

function faultOf(heal: () => void): Fault {
  return { heal, [Symbol.dispose]: heal };
}

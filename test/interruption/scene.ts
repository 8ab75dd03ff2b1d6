/**
 * A small reshard on a cluster of embedded nodes in this process, cut wherever a test wants it, gone on
 * with, and looked at from all sides. Every round moves the same slots, to and fro.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Session } from '../../src/lib/cli/cluster-command.js';
import { untilItFits } from '../../src/lib/cli/journal/again.js';
import { cutOffRun, stepsDoneIn } from '../../src/lib/cli/journal/find-run.js';
import { withRun } from '../../src/lib/cli/journal/run.js';
import { RedisLinks } from '../../src/lib/client/redis-links.js';
import { addressFrom } from '../../src/lib/cluster/address.js';
import type { ClusterView } from '../../src/lib/cluster/model.js';
import { membersOf, type Member } from '../../src/lib/cluster/view.js';
import { waitConverged } from '../../src/lib/execute/convergence.js';
import { observe } from '../../src/lib/execute/observe.js';
import { runPlan } from '../../src/lib/execute/run-plan.js';
import { TribError } from '../../src/lib/kernel/errors.js';
import type { NodeId } from '../../src/lib/kernel/node-id.js';
import { rangesOf } from '../../src/lib/kernel/ranges.js';
import { slotOfKey } from '../../src/lib/kernel/slot.js';
import { ownerIn, SlotStandings } from '../../src/lib/plan/open-slots.js';
import { movesPlan, planFinish, planResume } from '../../src/lib/plan/plan-resume.js';
import { runTrib } from '../cli/run-trib.js';
import { addressOf, idOf } from '../integration/real-cluster.js';
import { startRealServer } from '../support/real-server.js';
import { startCluster, type Cluster, type ClusterNode } from '../../src/testing.js';
import { CutLinks } from './cut-links.js';
import { Writer } from './writer.js';

export interface SceneOptions {
  /** Slots that hold one key each, and one slot without any is added. */
  readonly slots: number;
  readonly keysPerSlot: number;
  readonly windowSlots: number;
  readonly primaries?: number;
  readonly replicas?: number;
  readonly config?: Readonly<Record<string, string>>;
  readonly nodeTimeoutMs?: number;
  /** How long the tool waits for anything. */
  readonly deadlineMs?: number;
  /** And for one answer. */
  readonly callDeadlineMs?: number;
  /** Of MIGRATE. */
  readonly migrateTimeoutMs?: number;
  /** Several scenes at once keep their journals together: whoever plays them has chosen where. */
  readonly sharesMachine?: boolean;
}

interface Actor {
  readonly id: string;
  readonly address: string;
  readonly port: number;
  /** Stands still, as under SIGSTOP, and goes on. */
  pause(): void;
  resume(): void;
}

/** What a scene is played on: nodes in this process, or real servers. */
interface Stage {
  /** Those that own slots in the beginning, in the order of their slots, come first. */
  readonly nodes: readonly Actor[];
  readonly embedded?: Cluster;
  stop(): Promise<void>;
}

export class Scene {
  readonly #stage: Stage;
  readonly writer: Writer;
  readonly slots: readonly number[];
  readonly #options: SceneOptions;
  readonly #folder = mkdtempSync(join(tmpdir(), 'trib-cut-'));
  readonly #stateBefore = process.env['XDG_STATE_HOME'];
  #machines = 0;

  private constructor(stage: Stage, options: SceneOptions) {
    this.#stage = stage;
    this.#options = options;
    const [keys, slots] = keysFor(options);
    this.slots = [...slots, slots.at(-1)! + 1];
    const waits = options.replicas ?? 0;
    this.writer = new Writer(stage.nodes[0]!.port, keys, waits);
    if (options.sharesMachine !== true) this.onMachine('the first');
  }

  static async start(options: SceneOptions): Promise<Scene> {
    const { primaries = 3, replicas = 0, config, nodeTimeoutMs = 5_000 } = options;
    const cluster = await startCluster({
      primaries,
      replicasPerPrimary: replicas,
      nodeTimeoutMs,
      ...(config ? { config } : {}),
    });
    const { nodes } = cluster;
    return Scene.#on({ nodes, embedded: cluster, stop: () => cluster.stop() }, options);
  }

  /** Three primaries of redis-server. */
  static async startReal(options: SceneOptions): Promise<Scene> {
    const { nodeTimeoutMs = 15_000 } = options;
    const servers = await Promise.all([1, 2, 3].map(() => startRealServer({ nodeTimeoutMs })));
    const stop = async (): Promise<void> => {
      await Promise.all(servers.map((server) => server.stop()));
    };
    try {
      const { status, stderr } = await runTrib(['create', '--yes', ...servers.map(addressOf)]);
      expect(status, stderr).to.equal(0);
      const nodes = servers.map((server) => ({
        ...{ id: idOf(server), address: addressOf(server), port: server.port },
        pause: () => server.signal('SIGSTOP'),
        resume: () => server.signal('SIGCONT'),
      }));
      return await Scene.#on({ nodes, stop }, options);
    } catch (error) {
      await stop();
      throw error;
    }
  }

  static async #on(stage: Stage, options: SceneOptions): Promise<Scene> {
    const scene = new Scene(stage, options);
    for (const key of scene.writer.keys) await scene.writer.write(key);
    return scene;
  }

  /** Of embedded nodes, which can be killed and started again. */
  get cluster(): Cluster {
    return this.#stage.embedded!;
  }

  async stop(): Promise<void> {
    await this.writer.stop();
    this.writer.close();
    await this.#stage.stop();
    rmSync(this.#folder, { recursive: true, force: true });
    if (this.#options.sharesMachine === true) return;
    if (this.#stateBefore === undefined) delete process.env['XDG_STATE_HOME'];
    else process.env['XDG_STATE_HOME'] = this.#stateBefore;
  }

  /** Journals of other machines are not seen here. */
  onMachine(name = `machine ${++this.#machines}`): void {
    process.env['XDG_STATE_HOME'] = join(this.#folder, name);
  }

  get entry() {
    const running = this.#stage.embedded?.nodes.find(({ state }) => state === 'running');
    return addressFrom((running ?? this.#stage.nodes[0]!).address);
  }

  /** Reshards from whoever has the slots to the other one. @returns the links, when the run has ended. */
  async reshard(links: CutLinks): Promise<unknown> {
    const session = this.#session(links, links.death);
    const view = await this.look();
    const [source, target] = this.ends(view);
    const moves = [{ source, target, slots: rangesOf(this.slots) }];
    const plan = movesPlan('reshard', view, moves, 'of a test');
    const { windowSlots, migrateTimeoutMs } = this.#options;
    const moving = { windowSlots, ...(migrateTimeoutMs === undefined ? {} : { migrateTimeoutMs }) };
    try {
      await withRun(session, { plan, view, moving }, ({ context }) => runPlan(plan, context));
      return undefined;
    } catch (error) {
      return error;
    } finally {
      links.closeAll();
    }
  }

  /** As `trib resume` does it, with its options. @returns whether there was a journal to go by. */
  async resume(typed: { readonly replace?: boolean } = {}): Promise<boolean> {
    const links = new RedisLinks();
    const session = this.#session(links);
    try {
      return await untilItFits(session.context, async () => {
        const view = await observe(links, this.entry);
        const run = cutOffRun(view);
        const rest = run
          ? planResume(view, { ...run.log.header, stepsDone: stepsDoneIn(run.log) })
          : planFinish(view);
        const { plan, places } = rest;
        expect(plan.remarks, plan.remarks.join('\n')).to.deep.equal([]);
        const moving = { ...run?.log.header.moving, ...typed };
        const wish = { plan, view, moving, places, takesOpenSlots: true, continues: run };
        await withRun(session, wish, ({ context }) => runPlan(plan, context));
        return run !== undefined;
      });
    } finally {
      links.closeAll();
    }
  }

  /**
   * A source that dies in the middle of a MIGRATE comes back with keys that have arrived at the target, and
   * takes writes to them as their owner; so does one whose target took the keys after it had given up
   * waiting: two copies that differ. The move stops there and keeps both, and the operator does what it says.
   */
  async resumeAsTold(): Promise<boolean> {
    try {
      return await this.resume();
    } catch (error) {
      if (!(error instanceof TribError) || !/with different values/.test(error.message))
        throw error;
      expect(error.hints.join()).to.include('--replace');
      return this.resume({ replace: true });
    }
  }

  async look(): Promise<ClusterView> {
    const links = new RedisLinks();
    try {
      return await observe(links, this.entry);
    } finally {
      links.closeAll();
    }
  }

  /** The one that has the first slot, and the other one of the first two shards. */
  ends(view: ClusterView): readonly [Member, Member] {
    const owner = ownerIn(new SlotStandings(view).of(this.slots[0]!))!;
    const other = [0, 1].map((at) => this.#headOf(view, at)).find(({ id }) => id !== owner.id)!;
    return [owner, other];
  }

  /** The primary of the third shard, which only hears of what is moved. */
  bystander(view: ClusterView): Member {
    return this.#headOf(view, 2);
  }

  /** The primary of the shard that this node is in. */
  #headOf(view: ClusterView, at: number): Member {
    const members = new Map<string, Member>(membersOf(view).map((member) => [member.id, member]));
    const member = members.get(this.#stage.nodes[at]!.id)!;
    return member.role === 'primary' ? member : members.get(member.primaryId!)!;
  }

  /**
   * No slot open, one owner each, all agree; every key once, no acknowledged write lost.
   *
   * @returns how many of the slots each of the owners has.
   */
  async isWhole(): Promise<ReadonlyMap<NodeId, number>> {
    await this.writer.stop();
    const links = new RedisLinks();
    try {
      const view = await this.#converged(links);
      const standings = new SlotStandings(view);
      expect(standings.open).to.deep.equal([]);
      const owners = new Map<NodeId, number>();
      for (const slot of this.slots) {
        const { claimants } = standings.of(slot);
        expect(claimants, `slot ${slot}`).to.have.length(1);
        const { id } = claimants[0]!;
        owners.set(id, (owners.get(id) ?? 0) + 1);
      }
      const primaries = membersOf(view).filter(({ role }) => role === 'primary');
      const keys = await Promise.all(
        primaries.map(
          async ({ address }) => (await links.to(address).call(['KEYS', '*'])) as string[],
        ),
      );
      expect(keys.flat().sort()).to.deep.equal([...this.writer.keys].sort());
      expect(await this.writer.lost()).to.deep.equal([]);
      return owners;
    } finally {
      links.closeAll();
    }
  }

  /** Everybody answers, and every node says that all is well, whatever slots are still open. */
  async isServing(): Promise<void> {
    const links = new RedisLinks();
    try {
      await this.#converged(links);
    } finally {
      links.closeAll();
    }
  }

  #converged(links: RedisLinks): Promise<ClusterView> {
    return waitConverged(this.entry, {
      links,
      deadlineMs: 20_000,
      report: () => undefined,
      announce: (address) => Promise.resolve(address),
    });
  }

  /** All of the slots at this node, wherever they are now. */
  async gather({ id }: Member): Promise<void> {
    const view = await this.look();
    const standings = new SlotStandings(view);
    const target = membersOf(view).find((member) => member.id === id)!;
    const scattered = this.slots.filter((slot) => ownerIn(standings.of(slot))!.id !== id);
    if (scattered.length === 0) return;
    const source = ownerIn(standings.of(scattered[0]!))!;
    const plan = movesPlan('test', view, [{ source, target, slots: rangesOf(scattered) }], 'tidy');
    const links = new RedisLinks();
    try {
      await runPlan(plan, this.#session(links).context);
    } finally {
      links.closeAll();
    }
  }

  nodeOf({ id }: Member): ClusterNode {
    return this.cluster.nodes.find((node) => node.id === id)!;
  }

  /** As the tool reaches the nodes. */
  newLinks(): RedisLinks {
    const { callDeadlineMs } = this.#options;
    return new RedisLinks(callDeadlineMs === undefined ? {} : { callDeadlineMs });
  }

  actorOf({ id }: Member): Actor {
    return this.#stage.nodes.find((node) => node.id === id)!;
  }

  #session(links: RedisLinks | CutLinks, signal?: AbortSignal): Session {
    return {
      links: links as RedisLinks,
      connection: { callDeadlineMs: this.#options.callDeadlineMs ?? 5_000 },
      context: {
        links,
        deadlineMs: this.#options.deadlineMs ?? 20_000,
        signal,
        report: () => undefined,
        announce: (address) => Promise.resolve(address),
      },
    };
  }
}

/** Keys of slots that the first node owns in the beginning. */
function keysFor({ slots, keysPerSlot }: SceneOptions): readonly [string[], number[]] {
  const chosen: number[] = [];
  const keys: string[] = [];
  for (let number = 0; chosen.length < slots; number++) {
    const slot = slotOfKey(`{t${number}}`);
    if (slot > 5_000 || chosen.some((other) => Math.abs(other - slot) < 2)) continue;
    chosen.push(slot);
    for (let at = 0; at < keysPerSlot; at++) keys.push(`{t${number}}:${at}`);
  }
  return [keys, chosen];
}

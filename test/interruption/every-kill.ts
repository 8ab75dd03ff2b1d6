/**
 * As every-cut, but it is a node that dies, not the tool: at each command that is sent, the source, the
 * target or a bystander ends as under `kill -9`, and is started again, or replaced by its replica.
 */
import { expect } from 'chai';
import { RedisLinks } from '../../src/lib/client/redis-links.js';
import type { ClusterNode } from '../../src/testing.js';
import { addressFrom } from '../../src/lib/cluster/address.js';
import { TribError } from '../../src/lib/kernel/errors.js';
import { CutLinks } from './cut-links.js';
import { Scene, type SceneOptions } from './scene.js';

export type Victim = 'source' | 'target';

export interface KillOptions extends SceneOptions {
  readonly victim: Victim;
  /** What comes after the death of a node. */
  readonly then: 'restart' | 'failover';
  /** Every so many commands; default: at each. */
  readonly every?: number;
  /** Told of each death as it has ended well. */
  readonly say?: (line: string) => void;
}

/** @returns what was done, for the record. */
export async function killEverywhere(options: KillOptions): Promise<string> {
  const scene = await Scene.start(options);
  try {
    let kills = 0;
    for (let last = 1; ; last += options.every ?? 1) {
      scene.onMachine();
      scene.writer.start();
      const [source, target] = scene.ends(await scene.look());
      const victim = scene.nodeOf(options.victim === 'source' ? source : target);
      const heirs = scene.cluster.replicasOf(victim);
      let wayBack: Promise<unknown> | undefined;
      const links = new CutLinks(new RedisLinks(), last, async () => {
        await victim.kill();
        wayBack = comesBack(scene, victim, options);
      });
      const failure = await scene.reshard(links);
      await wayBack;
      if (wayBack === undefined) {
        if (failure !== undefined) throw new Error('the run without a death', { cause: failure });
        return `${kills} deaths of the ${options.victim} in a run of ${links.count} commands, ${scene.writer.writes} writes meanwhile`;
      }
      kills++;
      const where = `${options.victim} killed at ${last} (${links.sent[last - 1]!})`;
      try {
        await endWell(scene, victim, options, heirs);
        options.say?.(where);
      } catch (error) {
        throw new Error(`${where}: ${String(error)}`, { cause: error });
      }
    }
  } finally {
    await scene.stop();
  }
}

async function comesBack(scene: Scene, victim: ClusterNode, { then }: KillOptions): Promise<void> {
  if (then === 'restart') return victim.restart();
  const [heir] = scene.cluster.replicasOf(victim);
  try {
    await scene.cluster.failover(victim, { deadlineMs: 1_000 });
  } catch (error) {
    // A node that waits for keys of a slot hears nothing about that slot: not everybody can know.
    if (!(error instanceof TribError) || error.code !== 'FAILOVER_FAILED') throw error;
  }
  await scene.cluster.waitUntil('a replica has taken over', () => heir!.role === 'primary');
}

async function endWell(
  scene: Scene,
  victim: ClusterNode,
  { then }: KillOptions,
  heirs: readonly ClusterNode[],
): Promise<void> {
  const hadJournal = await resumed(scene);
  if (then === 'failover') await followsItsHeir(scene, victim, heirs);
  await scene.cluster.waitForConverged();
  const owners = await scene.isWhole();
  const [owner] = scene.ends(await scene.look());
  if (hadJournal) expect(owners.get(owner.id)).to.equal(scene.slots.length);
  await scene.gather(owner);
}

/** One whose slots have gone to several would follow any of them; the next round needs it here. */
async function followsItsHeir(
  scene: Scene,
  victim: ClusterNode,
  [heir]: readonly ClusterNode[],
): Promise<void> {
  await victim.restart();
  await scene.cluster.waitForConverged();
  const links = new RedisLinks();
  try {
    await links.to(addressFrom(victim.address)).call(['CLUSTER', 'REPLICATE', heir!.id]);
  } finally {
    links.closeAll();
  }
  await scene.cluster.waitUntil('it follows its heir', () => victim.primaryId === heir!.id);
}

/**
 * A source that dies in the middle of a MIGRATE comes back with keys that have arrived at the target, and
 * takes writes to them as their owner: two copies that differ. The move stops there and keeps both, and the
 * operator does what it says.
 */
async function resumed(scene: Scene): Promise<boolean> {
  try {
    return await scene.resume();
  } catch (error) {
    if (!(error instanceof TribError) || !/with different values/.test(error.message)) throw error;
    expect(error.hints.join()).to.include('--replace');
    return scene.resume({ replace: true });
  }
}

/**
 * As every-cut, but it is a node that dies, not the tool: at each command that is sent, the source, the
 * target or a bystander ends as under `kill -9`, and is started again, or replaced by its replica.
 */
import { expect } from 'chai';
import { RedisLinks } from '../../src/lib/client/redis-links.js';
import type { ClusterNode } from '../../src/testing.js';
import { addressFrom } from '../../src/lib/cluster/address.js';
import { TribError } from '../../src/lib/kernel/errors.js';
import type { ClusterView } from '../../src/lib/cluster/model.js';
import { CutLinks } from './cut-links.js';
import { atEveryCommand } from './rounds.js';
import type { Scene, SceneOptions } from './scene.js';

export type Victim =
  'source' | 'target' | 'bystander' | 'replica of the source' | 'replica of the target';

export interface KillOptions extends SceneOptions {
  readonly victim: Victim;
  /** What comes after the death of a node. */
  readonly then: 'restart' | 'failover';
  /** Clusters at once. */
  readonly lanes?: number;
  /** Told of each death as it has ended well. */
  readonly say?: (line: string) => void;
}

/** @returns what was done, for the record. */
export function killEverywhere(options: KillOptions): Promise<string> {
  const what = `the ${options.victim} died`;
  return atEveryCommand({ ...options, what }, (scene, at) => killedAt(scene, at, options));
}

async function killedAt(scene: Scene, at: number, options: KillOptions): Promise<boolean> {
  scene.writer.start();
  const victim = victimIn(scene, await scene.look(), options.victim);
  const heirs = scene.cluster.replicasOf(victim);
  let wayBack: Promise<unknown> | undefined;
  const links = new CutLinks(scene.newLinks(), at, async () => {
    await victim.kill();
    wayBack = comesBack(scene, victim, options, heirs);
  });
  const failure = await scene.reshard(links);
  await wayBack;
  if (wayBack === undefined) {
    if (failure !== undefined) throw new Error('the run without a death', { cause: failure });
    await scene.isWhole();
    return false;
  }
  const where = `${options.victim} killed at ${at} (${links.sent[at - 1]!})`;
  try {
    await endWell(scene, victim, options, heirs);
    options.say?.(where);
    return true;
  } catch (error) {
    throw new Error(`${where}: ${String(error)}`, { cause: error });
  }
}

function victimIn(scene: Scene, view: ClusterView, victim: Victim): ClusterNode {
  const [source, target] = scene.ends(view);
  switch (victim) {
    case 'source':
      return scene.nodeOf(source);
    case 'target':
      return scene.nodeOf(target);
    case 'bystander':
      return scene.nodeOf(scene.bystander(view));
    case 'replica of the source':
      return scene.cluster.replicasOf(scene.nodeOf(source))[0]!;
    case 'replica of the target':
      return scene.cluster.replicasOf(scene.nodeOf(target))[0]!;
  }
}

/** @param heirs its replicas as they were before: one may have taken over by now. */
async function comesBack(
  scene: Scene,
  victim: ClusterNode,
  { then }: KillOptions,
  [heir]: readonly ClusterNode[],
): Promise<void> {
  if (then === 'restart') return victim.restart();
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
  const hadJournal = await scene.resumeAsTold();
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

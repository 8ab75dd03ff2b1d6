/**
 * As every-kill, but the node only stands still, as under SIGSTOP: it answers nothing, hangs up on nobody,
 * and goes on where it was, whether the others have given it up meanwhile or not.
 */
import { expect } from 'chai';
import type { Member } from '../../src/lib/cluster/view.js';
import { observeNode } from '../../src/lib/execute/observe.js';
import { TribError } from '../../src/lib/kernel/errors.js';
import { waitUntil } from '../support/wait.js';
import { CutLinks } from './cut-links.js';
import { atEveryCommand, type RoundsOptions } from './rounds.js';
import type { Scene } from './scene.js';

export interface StallOptions extends Omit<RoundsOptions, 'what'> {
  readonly victim: 'source' | 'target';
  /** It goes on when the others call it failed, the tool still waiting; or when the tool has given up. */
  readonly until: 'failed' | 'given up';
}

/** @returns what was done, for the record. */
export function stallEverywhere(options: StallOptions): Promise<string> {
  const what = `the ${options.victim} stood still until ${options.until}`;
  return atEveryCommand({ ...options, what }, (scene, at) => stalledAt(scene, at, options));
}

async function stalledAt(
  scene: Scene,
  at: number,
  { victim, until }: StallOptions,
): Promise<boolean> {
  scene.writer.start();
  const view = await scene.look();
  const ends = scene.ends(view);
  const member = ends[victim === 'source' ? 0 : 1];
  const actor = scene.actorOf(member);
  const stall: { hasBegun: boolean; over?: Promise<void> } = { hasBegun: false };
  const links = new CutLinks(scene.newLinks(), at, () => {
    actor.pause();
    stall.hasBegun = true;
    if (until === 'failed') {
      stall.over = calledFailed(scene, member, scene.bystander(view)).finally(() => actor.resume());
    }
  });
  const failure = await scene.reshard(links);
  await stall.over;
  if (stall.hasBegun && until === 'given up') actor.resume();
  if (!stall.hasBegun) {
    if (failure !== undefined) throw new Error('the run without a stall', { cause: failure });
    await scene.isWhole();
    return false;
  }
  try {
    if (failure !== undefined) expect(failure).to.be.instanceOf(TribError);
    // Those that gave it up take it back some time later; until then slots of it are not served.
    await scene.isServing();
    await scene.resumeAsTold();
    const owners = await scene.isWhole();
    expect(owners.size).to.equal(1);
    return true;
  } catch (error) {
    const where = `${victim} stalled at ${at} (${links.sent[at - 1]!}), then ${String(failure)}`;
    throw new Error(`${where}: ${String(error)}`, { cause: error });
  }
}

async function calledFailed(scene: Scene, { id }: Member, witness: Member): Promise<void> {
  const links = scene.newLinks();
  try {
    await waitUntil('the others call it failed', async () => {
      const { records } = await observeNode(links, witness.address, { withoutFacts: true });
      return records.get(id)!.flags.has('fail');
    });
  } finally {
    links.closeAll();
  }
}

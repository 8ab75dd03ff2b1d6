/** The proof by exhaustion: a reshard is cut after each of the commands it sends, one cut at a time. */
import { expect } from 'chai';
import { RedisLinks } from '../../src/lib/client/redis-links.js';
import { CutLinks } from './cut-links.js';
import { commandsOf } from './rounds.js';
import { Scene, type SceneOptions } from './scene.js';

/** @returns what was done, for the record. */
export async function cutEverywhere(
  options: SceneOptions,
  kind: 'embedded' | 'real' = 'embedded',
): Promise<string> {
  const scene = await (kind === 'real' ? Scene.startReal(options) : Scene.start(options));
  try {
    const commands = await commandsOf(scene);
    const cuts = (await cutsOf(scene, true)) + (await cutsOf(scene, false));
    // Commands beside each other come in another order each time, so their number may differ a little.
    expect(cuts).to.be.at.least(2 * (commands - options.slots));
    return `${cuts} cuts of a run of ${commands} commands, ${scene.writer.writes} writes meanwhile`;
  } finally {
    await scene.stop();
  }
}

async function cutsOf(scene: Scene, hasJournal: boolean): Promise<number> {
  for (let last = 1; ; last++) {
    scene.onMachine();
    scene.writer.start();
    const [, target] = scene.ends(await scene.look());
    const links = new CutLinks(new RedisLinks(), last);
    const failure = await scene.reshard(links);
    if (links.count < last) {
      if (failure !== undefined) throw new Error('the run that was not cut', { cause: failure });
      await scene.isWhole();
      return last - 1;
    }
    const where = `cut after ${last} (${links.sent.at(-1)!})`;
    try {
      if (!hasJournal) scene.onMachine();
      const wentByJournal = await scene.resume();
      const owners = await scene.isWhole();
      if (wentByJournal) expect(owners.get(target.id)).to.equal(scene.slots.length);
      await scene.gather(target);
    } catch (error) {
      const how = hasJournal ? 'with' : 'without';
      throw new Error(`${where}, ${how} its journal: ${String(error)}`, { cause: error });
    }
  }
}

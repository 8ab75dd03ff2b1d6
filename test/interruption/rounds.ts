/**
 * Something befalls a reshard at each of the commands it sends, one at a time. Most of such a round is
 * waiting (a node that has started again does not serve for two seconds), so several clusters play at once,
 * each its share of the commands.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { RedisLinks } from '../../src/lib/client/redis-links.js';
import { CutLinks } from './cut-links.js';
import { Scene, type SceneOptions } from './scene.js';

export interface RoundsOptions extends SceneOptions {
  /** Clusters at once; default 8. */
  readonly lanes?: number;
  readonly kind?: 'embedded' | 'real';
  /** What befalls it, for the record. */
  readonly what: string;
}

/**
 * @param round plays a reshard that lives through something at this command, counted from 1; false when the
 * reshard ended before it.
 * @returns what was done, for the record. @throws when there was a command at which nothing befell it
 */
export async function atEveryCommand(
  options: RoundsOptions,
  round: (scene: Scene, command: number) => Promise<boolean>,
): Promise<string> {
  const { lanes = 8, kind, what } = options;
  return onOwnMachine(async () => {
    // All of them before anything is killed: whose port is free for a moment must find it again.
    const starts = await Promise.allSettled(
      Array.from({ length: lanes }, () => startOn(kind, { ...options, sharesMachine: true })),
    );
    const scenes = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
    try {
      for (const start of starts) if (start.status === 'rejected') throw start.reason;
      const commands = await commandsOf(scenes[0]!);
      let isOver = false;
      const play = async (scene: Scene, lane: number): Promise<number> => {
        let count = 0;
        try {
          for (let at = lane + 1; !isOver && (await round(scene, at)); at += lanes) count++;
        } catch (error) {
          isOver = true;
          throw error;
        }
        return count;
      };
      const counts = await Promise.all(scenes.map(play));
      const rounds = counts.reduce((sum, count) => sum + count, 0);
      // Commands beside each other come in another order each time, so their number may differ a little.
      expect(rounds, what).to.be.at.least(commands - options.slots);
      const writes = scenes.reduce((sum, { writer }) => sum + writer.writes, 0);
      return `${rounds} times ${what} in a run of ${commands} commands, ${writes} writes meanwhile`;
    } finally {
      await Promise.all(scenes.map((scene) => scene.stop()));
    }
  });
}

function startOn(kind: RoundsOptions['kind'], options: SceneOptions): Promise<Scene> {
  return kind === 'real' ? Scene.startReal(options) : Scene.start(options);
}

/** As many as a run sends that nothing befalls. */
export async function commandsOf(scene: Scene): Promise<number> {
  const links = new CutLinks(new RedisLinks());
  const failure = await scene.reshard(links);
  if (failure !== undefined) throw new Error('not even undisturbed', { cause: failure });
  await scene.isWhole();
  return links.count;
}

async function onOwnMachine<T>(work: () => Promise<T>): Promise<T> {
  const before = process.env['XDG_STATE_HOME'];
  const folder = mkdtempSync(join(tmpdir(), 'trib-rounds-'));
  process.env['XDG_STATE_HOME'] = folder;
  try {
    return await work();
  } finally {
    if (before === undefined) delete process.env['XDG_STATE_HOME'];
    else process.env['XDG_STATE_HOME'] = before;
    rmSync(folder, { recursive: true, force: true });
  }
}

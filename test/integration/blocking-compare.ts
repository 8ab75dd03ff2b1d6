/** Generated scenes of waiting clients, compared between a real redis-server and an embedded node. */
import { expect } from 'chai';
import fc from 'fast-check';
import { startNode } from '../../src/lib/node/server/node.js';
import { startRealServer } from '../support/real-server.js';
import { blockingScene } from './blocking-lines.js';
import { playScene } from './blocking-play.js';

/** Fails with the shortest scene found that two servers play differently, and with its seed. */
export async function compareScenes(numRuns: number): Promise<void> {
  const real = await startRealServer({ cluster: false });
  try {
    const node = await startNode({ port: 0, config: { 'enable-debug-command': 'yes' } });
    try {
      const same = fc.asyncProperty(blockingScene, async (scene) => {
        const wanted = await playScene(real.port, scene);
        expect(await playScene(node.port, scene)).to.deep.equal(wanted);
      });
      await fc.assert(same, { numRuns });
    } finally {
      await node.stop();
    }
  } finally {
    await real.stop();
  }
}

/**
 * Clients that wait for lists, on a real redis-server and on an embedded node: who is served, with what, and in
 * which order. A scene is a row of lines `who: command`; each client's replies are compared, and the data left.
 */
import { expect } from 'chai';
import { type EmbeddedNode, startNode } from '../../src/lib/node/server/node.js';
import { hasRedisServer, type RealServer, startRealServer } from '../support/real-server.js';
import { playScene } from './blocking-play.js';
import { BLOCKING_SCENES } from './blocking-scenes.js';

describe('clients that wait for keys are served as redis-server serves them', function () {
  this.timeout(60_000);
  let real: RealServer | undefined;
  let node: EmbeddedNode | undefined;

  before(async function () {
    if (!hasRedisServer()) this.skip();
    real = await startRealServer({ cluster: false });
    node = await startNode({ port: 0, config: { 'enable-debug-command': 'yes' } });
  });

  after(async () => {
    await node?.stop();
    await real?.stop();
  });

  for (const scene of BLOCKING_SCENES) {
    it(scene.join(' / '), async () => {
      const wanted = await playScene(real!.port, scene);
      expect(await playScene(node!.port, scene)).to.deep.equal(wanted);
    });
  }
});

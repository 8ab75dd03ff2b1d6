import { hasRedisServer } from '../support/real-server.js';
import { compareScenes } from './blocking-compare.js';

describe('generated scenes of clients that wait for keys and for the end of pauses', function () {
  this.timeout(60_000);

  it('are played as on redis-server', async function () {
    if (!hasRedisServer()) this.skip();
    await compareScenes(25);
  });
});

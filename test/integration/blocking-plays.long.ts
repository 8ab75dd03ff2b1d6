import { hasRedisServer } from '../support/real-server.js';
import { compareScenes } from './blocking-compare.js';

describe('many generated scenes of clients that wait for keys and for the end of pauses', function () {
  this.timeout(600_000);

  it('are played as on redis-server', async function () {
    if (!hasRedisServer()) this.skip();
    await compareScenes(250);
  });
});

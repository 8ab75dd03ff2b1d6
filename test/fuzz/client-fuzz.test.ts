/** A taste of `client-fuzz.long.ts`. TEST_SEED replays a run. */
import { fuzzClients } from './client-fuzz.js';

const MB = 1024 * 1024;
const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 1_000_000);

describe('the client port under fire', function () {
  this.timeout(60_000);

  it(`20 000 cases, seed ${seed}`, () =>
    fuzzClients({ seed, cases: 20_000, isCluster: false, extraBytesMax: 500 * MB }));

  it(`4 000 cases in a cluster, seed ${seed}`, () =>
    fuzzClients({ seed, cases: 4000, isCluster: true, extraBytesMax: 500 * MB }));
});

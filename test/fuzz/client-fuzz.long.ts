/** A million cases from random bytes to commands with odd arguments; a seed replays them. */
import { fuzzClients } from './client-fuzz.js';

const MB = 1024 * 1024;
const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 1_000_000);

describe('the client port under fire, at length', function () {
  // Half a million requests take minutes; on a busy machine, more.
  this.timeout(1_800_000);

  it(`a million cases, seed ${seed}`, () =>
    fuzzClients({ seed, cases: 1_000_000, isCluster: false, extraBytesMax: 700 * MB }));

  it(`100 000 cases in a cluster, seed ${seed}`, () =>
    fuzzClients({ seed, cases: 100_000, isCluster: true, extraBytesMax: 700 * MB }));
});

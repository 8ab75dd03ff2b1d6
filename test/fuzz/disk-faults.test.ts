/** A taste of `disk-faults.long.ts`. TEST_SEED replays a run, as far as timing lets it. */
import { playDiskFaults } from './disk-faults.js';

const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 1_000_000);

describe('a disk that fails now and then', function () {
  this.timeout(60_000);

  it(`costs nodes their service at most, never the process around them: 12 pairs, seed ${seed}`, () =>
    playDiskFaults(seed, 12));
});

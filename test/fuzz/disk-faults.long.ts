/** Two hundred pairs of nodes on disks that fail; a seed replays them, as far as timing lets it. */
import { playDiskFaults } from './disk-faults.js';

const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 1_000_000);

describe('a disk that fails now and then, at length', function () {
  this.timeout(600_000);

  it(`costs nodes their service at most, never the process around them: 200 pairs, seed ${seed}`, () =>
    playDiskFaults(seed, 200));
});

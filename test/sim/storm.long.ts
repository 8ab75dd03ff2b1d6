/** Long weather: hundreds of seeds over several sizes of cluster. */
import { weather } from './storm.js';

const FIRST = Number(process.env['TEST_SEED'] ?? Date.now() % 1_000_000);

describe('simulated clusters, at length', () => {
  for (const [primaries, replicasPerPrimary, seeds] of [
    [3, 1, 150],
    [3, 2, 150],
    [5, 1, 80],
    [7, 2, 20],
  ] as const) {
    it(`${primaries} primaries with ${replicasPerPrimary} replicas each: ${seeds} seeds from ${FIRST}`, () => {
      for (let seed = FIRST; seed < FIRST + seeds; seed++) {
        weather({ seed, primaries, replicasPerPrimary });
      }
    });
  }
});

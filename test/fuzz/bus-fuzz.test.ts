/** A taste of `bus-fuzz.long.ts`. TEST_SEED replays a run, as far as the cluster's own packets let it. */
import { fuzzBus } from './bus-fuzz.js';

const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 1_000_000);

describe('the bus port under fire', function () {
  this.timeout(60_000);

  for (const senders of ['strangers', 'anybody'] as const) {
    it(`4 000 packets of ${senders}, seed ${seed}`, () =>
      fuzzBus({ seed, cases: 4000, senders, extraBytesMax: 400 * 1024 * 1024 }));
  }
});

/** A million packets, half of them in the names of members at a cluster of three. */
import { fuzzBus } from './bus-fuzz.js';

const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 1_000_000);

describe('the bus port under fire, at length', function () {
  this.timeout(1_800_000);

  for (const senders of ['strangers', 'anybody'] as const) {
    it(`500 000 packets of ${senders}, seed ${seed}`, () =>
      fuzzBus({ seed, cases: 500_000, senders, extraBytesMax: 600 * 1024 * 1024 }));
  }
});

/** The rate an operator sets, and what an interruption makes of it. */
import { RateLimit } from '../../src/lib/execute/move/pace.js';

describe('the limit of --max-rate', () => {
  it('lets nobody wait once the run is interrupted, however slow it is', async () => {
    const interruption = new AbortController();
    const rate = new RateLimit(1e-4, interruption.signal);
    await rate.spend(1);
    const second = rate.spend(1);
    interruption.abort();
    await second;
    await rate.spend(1_000);
  });
});

/** A small reshard, cut at every command: the whole proof runs with the long tests. */
import { cutEverywhere } from './every-cut.js';

describe('a reshard that is cut', function () {
  this.timeout(120_000);

  it('after any of its commands loses nothing, and is brought to its end', async () => {
    const record = await cutEverywhere({ slots: 1, keysPerSlot: 3, windowSlots: 1, primaries: 2 });
    process.stdout.write(`      ${record}\n`);
  });
});

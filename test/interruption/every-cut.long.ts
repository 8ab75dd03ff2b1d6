/** The whole proof: several slots in flight at once, bystanders to be told, more keys. */
import { cutEverywhere } from './every-cut.js';

describe('a reshard of several slots that is cut', function () {
  this.timeout(900_000);

  it('after any of its commands loses nothing, and is brought to its end', async () => {
    const record = await cutEverywhere({ slots: 5, keysPerSlot: 4, windowSlots: 4 });
    console.log(`      ${record}`);
  });
});

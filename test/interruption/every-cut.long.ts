/** The whole proof: several slots in flight at once, bystanders to be told, more keys. */
import { hasRedisServer } from '../support/real-server.js';
import { cutEverywhere } from './every-cut.js';

describe('a reshard of several slots that is cut', function () {
  this.timeout(900_000);

  const options = { slots: 5, keysPerSlot: 4, windowSlots: 4 };
  it('after any of its commands loses nothing, and is brought to its end', async () => {
    process.stdout.write(`      ${await cutEverywhere(options)}\n`);
  });

  it('after any of its commands loses nothing on real servers either', async function () {
    if (!hasRedisServer()) this.skip();
    process.stdout.write(`      ${await cutEverywhere(options, 'real')}\n`);
  });
});

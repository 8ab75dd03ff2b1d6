/** Nodes that stand still in the middle of a reshard, at every command of it, and go on later. */
import { hasRedisServer } from '../support/real-server.js';
import { stallEverywhere } from './every-stall.js';

const SMALL = { slots: 1, keysPerSlot: 3, windowSlots: 2, primaries: 3, lanes: 8 } as const;

describe('a node that stands still in the middle of a reshard', function () {
  this.timeout(600_000);

  for (const victim of ['source', 'target'] as const) {
    it(`until the others call it failed, the ${victim}: nothing is lost`, async () => {
      const options = { ...SMALL, nodeTimeoutMs: 1_000, victim, until: 'failed' } as const;
      process.stdout.write(`      ${await stallEverywhere(options)}\n`);
    });

    it(`for longer than the tool waits, the ${victim}: it says so, and nothing is lost`, async () => {
      const deadlines = { callDeadlineMs: 500, migrateTimeoutMs: 500, deadlineMs: 2_000 };
      const options = { ...SMALL, ...deadlines, victim, until: 'given up' } as const;
      process.stdout.write(`      ${await stallEverywhere(options)}\n`);
    });
  }

  it('for longer than the tool waits, a real server: it says so, and nothing is lost', async function () {
    if (!hasRedisServer()) this.skip();
    const deadlines = { callDeadlineMs: 500, migrateTimeoutMs: 500, deadlineMs: 2_000 };
    const options = { ...SMALL, ...deadlines, lanes: 4, kind: 'real', victim: 'source' } as const;
    process.stdout.write(`      ${await stallEverywhere({ ...options, until: 'given up' })}\n`);
  });
});

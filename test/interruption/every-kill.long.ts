/** Nodes that die in the middle of a reshard: with their data on disk, or with a replica to take over. */
import { killEverywhere, type Victim } from './every-kill.js';

const SMALL = { slots: 1, keysPerSlot: 3, windowSlots: 2, primaries: 3 } as const;

describe('a node that dies in the middle of a reshard', function () {
  this.timeout(600_000);

  const PRIMARIES: readonly Victim[] = ['source', 'target', 'bystander'];
  const REPLICAS: readonly Victim[] = ['replica of the source', 'replica of the target'];
  const config = { appendonly: 'yes', appendfsync: 'always' };
  const withReplicas = { replicas: 1, nodeTimeoutMs: 1_000, deadlineMs: 5_000 };

  for (const victim of PRIMARIES) {
    it(`and starts again, the ${victim}: no acknowledged write is lost, whenever it was`, async () => {
      const options = { ...SMALL, config, victim, then: 'restart' as const, deadlineMs: 10_000 };
      process.stdout.write(`      ${await killEverywhere(options)}\n`);
    });
  }

  for (const victim of REPLICAS) {
    it(`and starts again, the ${victim}: no write that it confirmed is lost`, async () => {
      const options = { ...SMALL, ...withReplicas, victim, then: 'restart' as const };
      process.stdout.write(`      ${await killEverywhere(options)}\n`);
    });
  }

  for (const victim of PRIMARIES) {
    it(`and is replaced, the ${victim}: no write that its replica confirmed is lost`, async () => {
      const options = { ...SMALL, ...withReplicas, victim, then: 'failover' as const };
      process.stdout.write(`      ${await killEverywhere(options)}\n`);
    });
  }
});

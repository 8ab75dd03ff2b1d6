/** How long the built program takes to start, against a Node that does nothing. */
import { formCluster } from '../../src/lib/lab/form.js';
import { formatAddress } from '../../src/lib/cluster/address.js';
import { type Figure, timeSuccess } from '../support/measure.js';
import { startFreshServers } from '../support/real-cluster.js';
import { TRIB } from '../support/trib.js';

/** Starts are short and noisy: more samples than the rest, the three kinds taken in turn. */
const ROUNDS_PER_RUN = 5;

export async function benchColdStart(runs: number): Promise<Figure[]> {
  const servers = await startFreshServers(6);
  try {
    await formCluster(servers.addresses, { replicasPerPrimary: 1, deadlineMs: 60_000 });
    const entry = formatAddress(servers.addresses[0]!);
    const bare: number[] = [];
    const version: number[] = [];
    const check: number[] = [];
    // Once without counting: the first start of a version fills the code cache.
    await timeSuccess(process.execPath, [TRIB, 'check', entry]);
    for (let round = 0; round < runs * ROUNDS_PER_RUN; round++) {
      bare.push(await timeSuccess(process.execPath, ['-e', '0']));
      version.push(await timeSuccess(process.execPath, [TRIB, '--version']));
      check.push(await timeSuccess(process.execPath, [TRIB, 'check', entry]));
    }
    const other = { name: 'node -e 0', samples: bare };
    return [
      {
        what: 'trib --version',
        unit: 'ms',
        trib: version,
        other,
        wanted: { kind: 'times as long', factor: 1.5 },
      },
      {
        what: 'trib check of six nodes',
        unit: 'ms',
        trib: check,
        other,
        wanted: { kind: 'times as long', factor: 2.2 },
        limitedBy: 'The time goes into loading oclif and the command from the compiled bundle.',
      },
    ];
  } finally {
    await servers.stop();
  }
}

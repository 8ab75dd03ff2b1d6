/**
 * `check` of a large cluster that is not next door: every client port stands behind a proxy that holds
 * each direction back for 1 ms and is what the nodes announce; the bus is direct.
 */
import type { ChildProcess } from 'node:child_process';
import { formatAddress } from '../../src/lib/cluster/address.js';
import { formCluster } from '../../src/lib/lab/form.js';
import { findFreePorts } from '../../src/lib/lab/ports.js';
import { type Figure, timeSuccess } from '../support/measure.js';
import { startFreshServers, waitWhole } from '../support/real-cluster.js';
import { announceProxies, startProxies } from '../support/slots-cluster.js';
import { TRIB } from '../support/trib.js';

const DELAY_MS = 1;
const HOST = '127.0.0.1';

export async function benchCheck(size: number, runs: number): Promise<Figure[]> {
  const servers = await startFreshServers(size);
  let proxies: ChildProcess | undefined;
  try {
    await formCluster(servers.addresses, { replicasPerPrimary: 1, deadlineMs: 120_000 });
    const ports = await findFreePorts(HOST, size);
    proxies = await startProxies(servers.addresses, ports, DELAY_MS);
    await announceProxies(servers.addresses, ports);
    await waitWhole({ host: HOST, port: ports[0]! }, size);
    const entry = formatAddress({ host: HOST, port: ports[0]! });
    const trib: number[] = [];
    const other: number[] = [];
    await timeSuccess(process.execPath, [TRIB, 'check', entry]);
    for (let run = 0; run < runs; run++) {
      trib.push(await timeSuccess(process.execPath, [TRIB, 'check', entry]));
      other.push(await timeSuccess('redis-cli', ['--cluster', 'check', entry]));
    }
    return [
      {
        what: `check of ${size} nodes, ${DELAY_MS} ms away each way`,
        unit: 'ms',
        trib,
        other: { name: 'redis-cli', samples: other },
        wanted: { kind: 'times faster', factor: 5 },
        limitedBy:
          'Three round trips are left; the rest is processor time, which servers, proxies and the tool share here: starting Node, one connection per node, and parsing replies with as many lines as there are nodes.',
      },
    ];
  } finally {
    proxies?.disconnect();
    await servers.stop();
  }
}

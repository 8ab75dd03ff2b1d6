/**
 * `check` of a large cluster that is not next door: every client port stands behind a proxy that holds
 * each direction back for 1 ms and is what the nodes announce; the bus is direct.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { RedisLinks } from '../../src/lib/client/redis-links.js';
import { formatAddress } from '../../src/lib/cluster/address.js';
import type { NodeAddress } from '../../src/lib/cluster/model.js';
import { formCluster } from '../../src/lib/lab/form.js';
import { findFreePorts } from '../../src/lib/lab/ports.js';
import { type Figure, timeSuccess } from '../support/measure.js';
import { startFreshServers, waitWhole } from '../support/real-cluster.js';
import { TRIB } from '../support/trib.js';

const DELAY_MS = 1;
/** A new port travels with pings, one every half node timeout between two nodes at the latest. */
const ANNOUNCE_DEADLINE_MS = 120_000;
const HOST = '127.0.0.1';

export async function benchCheck(size: number, runs: number): Promise<Figure[]> {
  const servers = await startFreshServers(size);
  let proxies: ChildProcess | undefined;
  try {
    await formCluster(servers.addresses, { replicasPerPrimary: 1, deadlineMs: 120_000 });
    const ports = await findFreePorts(HOST, size);
    proxies = await startProxies(servers.addresses, ports);
    await announce(servers.addresses, ports);
    await waitAnnounced(servers.addresses, ports);
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

async function startProxies(
  targets: readonly NodeAddress[],
  ports: readonly number[],
): Promise<ChildProcess> {
  const script = fileURLToPath(new URL('../children/proxies.ts', import.meta.url));
  const pairs = targets.map(({ port }, index) => `${ports[index]!}:${port}`);
  const child = fork(script, [String(DELAY_MS), ...pairs], {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  await once(child.stdout!, 'data');
  return child;
}

async function announce(nodes: readonly NodeAddress[], ports: readonly number[]): Promise<void> {
  const links = new RedisLinks();
  try {
    await Promise.all(
      nodes.map(async (node, index) => {
        const link = links.to(node);
        await link.call(['CONFIG', 'SET', 'cluster-announce-bus-port', node.port + 10_000]);
        await link.call(['CONFIG', 'SET', 'cluster-announce-port', ports[index]!]);
      }),
    );
  } finally {
    links.closeAll();
  }
}

/** Until every node tells every other node's new port: until then a tool would take the short way. */
async function waitAnnounced(
  nodes: readonly NodeAddress[],
  ports: readonly number[],
): Promise<void> {
  const links = new RedisLinks();
  const giveUpAt = Date.now() + ANNOUNCE_DEADLINE_MS;
  const wanted = ports.map((port) => `${HOST}:${port}@`);
  try {
    for (const node of nodes) {
      for (;;) {
        const told = String(await links.to(node).call(['CLUSTER', 'NODES']));
        if (wanted.every((address) => told.includes(address))) break;
        if (Date.now() > giveUpAt) throw new Error('the proxies are not known everywhere');
        await delay(100);
      }
    }
  } finally {
    links.closeAll();
  }
}

/** From the death of a primary until its replica serves in its place: six nodes, each a process, of either kind. */
import { formCluster } from '../../src/lib/lab/form.js';
import type { Figure } from '../support/measure.js';
import { type Kind, KINDS, Server } from '../support/server.js';
import { untilHolds } from '../support/until.js';

const NODE_TIMEOUT_MS = 2_000;
const NODES = 6;
const WANTED_FACTOR = 1.2;
const DIRECTIVES = [
  ...['--cluster-enabled', 'yes'],
  ...['--cluster-node-timeout', String(NODE_TIMEOUT_MS)],
  ...['--repl-diskless-sync-delay', '0'],
];

export async function benchFailover(runs: number): Promise<Figure[]> {
  const samples: Record<Kind, number[]> = { trib: [], 'redis-server': [] };
  for (let run = 0; run < runs; run++) {
    for (const kind of KINDS) samples[kind].push(await failoverMs(kind));
  }
  return [
    {
      what: `failover of a killed primary, node timeout ${NODE_TIMEOUT_MS} ms`,
      unit: 'ms',
      trib: samples.trib,
      other: { name: 'redis-server', samples: samples['redis-server'] },
      wanted: { kind: 'times as long', factor: WANTED_FACTOR },
      limitedBy:
        'A node finds a silent one when its own ping has been out for the timeout, and a replica waits half a second and by chance up to half a second more: the time scatters by most of a second for both.',
    },
  ];
}

async function failoverMs(kind: Kind): Promise<number> {
  const servers = await Promise.all(
    Array.from({ length: NODES }, () => Server.start(kind, { directives: DIRECTIVES })),
  );
  try {
    const addresses = servers.map(({ port }) => ({ host: '127.0.0.1', port }));
    await formCluster(addresses, { replicasPerPrimary: 1, deadlineMs: 60_000 });
    const victim = servers[0]!;
    const others = servers.slice(1);
    await untilHolds('every replica is in sync', async () => {
      const roles = await Promise.all(servers.map((server) => server.call('INFO', 'replication')));
      return roles.every((text) => !text.includes('role:slave') || text.includes('link_status:up'));
    });
    const startedAt = performance.now();
    victim.kill();
    await untilHolds('the cluster serves every slot again', () => isWhole(others));
    return performance.now() - startedAt;
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

/** Three primaries live, and each survivor says that the cluster is well. */
async function isWhole(servers: readonly Server[]): Promise<boolean> {
  const roles = await Promise.all(servers.map((server) => server.call('INFO', 'replication')));
  if (roles.filter((text) => text.includes('role:master')).length < 3) return false;
  const states = await Promise.all(servers.map((server) => server.call('CLUSTER', 'INFO')));
  return states.every((text) => text.includes('cluster_state:ok'));
}

/** Fresh real servers, and the one question both tools are judged by: is the cluster whole everywhere? */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { RedisLinks } from '../../src/lib/client/redis-links.js';
import type { NodeAddress } from '../../src/lib/cluster/model.js';
import { unsettled } from '../../src/lib/execute/convergence.js';
import { observe } from '../../src/lib/execute/observe.js';
import { findFreePorts } from '../../src/lib/lab/ports.js';
import { startRealServer } from '../../src/lib/lab/real-server.js';

/** The default of redis.conf, which is what people have. */
const NODE_TIMEOUT_MS = 15_000;

/** A real node refuses to call its cluster healthy in its first two seconds; that is not the tools' time. */
const UPTIME_MS = 3_500;

const VERIFY_DEADLINE_MS = 120_000;

export interface RealServers {
  readonly addresses: readonly NodeAddress[];
  stop(): Promise<void>;
}

export async function startFreshServers(count: number): Promise<RealServers> {
  const folder = mkdtempSync(join(tmpdir(), 'trib-bench-'));
  const host = '127.0.0.1';
  const ports = await findFreePorts(host, count);
  const servers = await Promise.all(
    ports.map((port) => {
      const dir = join(folder, String(port));
      mkdirSync(dir);
      return startRealServer({
        binary: 'redis-server',
        host,
        port,
        dir,
        nodeTimeoutMs: NODE_TIMEOUT_MS,
      });
    }),
  );
  await delay(UPTIME_MS);
  return {
    addresses: servers.map(({ address }) => address),
    stop: async () => {
      await Promise.all(servers.map((server) => server.stop()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Until every node calls the cluster ok, all have one view, and every replica's link is up. */
export async function waitWhole(entry: NodeAddress, nodeCount: number): Promise<void> {
  const links = new RedisLinks();
  const giveUpAt = Date.now() + VERIFY_DEADLINE_MS;
  try {
    for (;;) {
      const missing = unsettled(await observe(links, entry), { nodeCount });
      if (missing.length === 0) return;
      if (Date.now() > giveUpAt) throw new Error(`not whole: ${missing.slice(0, 3).join('; ')}`);
      await delay(20);
    }
  } finally {
    links.closeAll();
  }
}

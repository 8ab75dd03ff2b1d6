/** A cluster of both makes, with replicas, is rebalanced again and again under load; in the end nothing is lost. */
import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { hasRedisServer } from '../support/real-server.js';
import { waitUntil } from '../support/wait.js';
import { form, linesOf, type Peer, PeerPool, settled } from './bus-cluster.js';
import { ClusterLoad } from './slots-load.js';

const run = promisify(execFile);

/** The nodes that answer live in this process: never the synchronous form. */
async function cluster(...words: readonly string[]): Promise<string> {
  const { stdout } = await run('redis-cli', ['--cluster', ...words], { timeout: 200_000 });
  return stdout;
}

const addressOf = ({ port }: Peer): string => `127.0.0.1:${port}`;

describe('a mixed cluster with replicas under load', function () {
  this.timeout(500_000);
  const pool = new PeerPool();
  before(function () {
    if (!hasRedisServer()) this.skip();
  });

  it('is rebalanced by weights, to and fro, without losing a write', async () => {
    const kinds = ['embedded', 'real', 'embedded', 'real', 'embedded', 'real'] as const;
    const peers = await pool.start(kinds, { nodeTimeoutMs: 8000 });
    const [a, b, c, ...replicas] = peers as [Peer, Peer, Peer, ...Peer[]];
    const primaries = [a, b, c];
    await form(
      primaries,
      replicas.map((peer, at) => ({ peer, of: primaries[at]! })),
    );
    await settled(peers, 60_000);
    const load = new ClusterLoad(a.port, 100);
    try {
      await load.fill();
      load.start();
      for (const [heavy, light] of [
        [a, b],
        [b, c],
        [c, a],
      ] as const) {
        await waitUntil(
          'redis-cli takes the cluster for sound',
          async () => {
            const said = await cluster(
              ...['rebalance', addressOf(a), '--cluster-pipeline', '20', '--cluster-weight'],
              ...[`${heavy.id}=2`, `${light.id}=0.5`],
            ).catch((error: unknown) => String((error as { stdout?: string }).stdout));
            return !/fix your cluster/.test(said);
          },
          120_000,
        );
        await settled(peers, 60_000);
      }
      await load.stop();
      expect(await load.lost()).to.deep.equal([]);
      const slots = new Set((await linesOf(a)).map(({ slots: text }) => text).filter(Boolean));
      expect(slots.size).to.equal(3);
      await replicasEqual(primaries, replicas);
    } finally {
      await load.stop();
      load.close();
    }
  });

  async function replicasEqual(
    primaries: readonly Peer[],
    replicas: readonly Peer[],
  ): Promise<void> {
    for (const [at, replica] of replicas.entries()) {
      await waitUntil('the replica has as many keys as its primary', async () => {
        return (await replica.ask('DBSIZE')) === (await primaries[at]!.ask('DBSIZE'));
      });
    }
  }
});

import { expect } from 'chai';
import { isListening } from './support/is-listening.js';
import { redisCommand } from './support/redis-command.js';
import { startCluster, startNode } from '../src/testing.js';

describe("import 'trib/testing'", function () {
  this.timeout(60_000);

  it('starts a cluster that every node of it calls whole, primaries first', async () => {
    const cluster = await startCluster({ primaries: 3, replicasPerPrimary: 1 });
    try {
      expect(cluster.nodes.map(({ role }) => role)).to.deep.equal([
        ...Array.from({ length: 3 }, () => 'primary'),
        ...Array.from({ length: 3 }, () => 'replica'),
      ]);
      expect(cluster.addresses).to.deep.equal(cluster.nodes.map(({ address }) => address));
      for (const { port, id } of cluster.nodes) {
        expect(await redisCommand(port, 'CLUSTER', 'MYID')).to.equal(id);
        expect(await redisCommand(port, 'CLUSTER', 'INFO')).to.contain('cluster_state:ok');
      }
      const primaries = new Set(cluster.nodes.slice(0, 3).map(({ id }) => id));
      for (const { primaryId } of cluster.nodes.slice(3)) {
        expect(primaries.has(primaryId!)).to.equal(true);
      }
    } finally {
      await cluster.stop();
    }
    expect(await isListening(cluster.nodes[0]!.port)).to.equal(false);
    await cluster.stop();
  });

  it('starts several clusters side by side that know nothing of each other', async () => {
    const clusters = await Promise.all([
      startCluster({ primaries: 3, replicasPerPrimary: 0 }),
      startCluster({ primaries: 1, replicasPerPrimary: 1 }),
    ]);
    try {
      const known = await Promise.all(
        clusters.map(({ nodes }) => redisCommand(nodes[0]!.port, 'CLUSTER', 'INFO')),
      );
      expect(known[0]).to.contain('cluster_known_nodes:3');
      expect(known[1]).to.contain('cluster_known_nodes:2');
    } finally {
      await Promise.all(clusters.map((cluster) => cluster.stop()));
    }
  });

  it('starts one node with directives of redis.conf', async () => {
    const node = await startNode({ config: { requirepass: 'secret' } });
    try {
      expect(await redisCommand(node.port, 'PING')).to.match(/^NOAUTH/);
    } finally {
      await node.stop();
    }
  });

  it('refuses numbers that are none, and starts nothing', async () => {
    const error = await startCluster({ primaries: 0 }).then(
      () => undefined,
      (thrown: unknown) => thrown as { code: string },
    );
    expect(error?.code).to.equal('USAGE');
  });
});

/** What happens to the data, and to those who read and write it, while slots move. */
import { expect } from 'chai';
import { Cluster as IoredisCluster } from 'ioredis';
import { RedisLinks } from '../../src/lib/client/redis-links.js';
import { TribError } from '../../src/lib/kernel/errors.js';
import { slotOfKey } from '../../src/lib/kernel/slot.js';
import { startCluster, type Cluster, type ClusterNode } from '../../src/testing.js';
import { runTrib } from '../cli/run-trib.js';
import { moveBetween } from '../support/moving.js';

const SLOT = slotOfKey('{x}');

describe('stories of slots on the move', function () {
  this.timeout(60_000);
  const clusters: Cluster[] = [];
  const links: RedisLinks[] = [];
  afterEach(async () => {
    links.splice(0).forEach((one) => one.closeAll());
    await Promise.all(clusters.splice(0).map((cluster) => cluster.stop()));
  });

  async function start(options: Parameters<typeof startCluster>[0]): Promise<Cluster> {
    const cluster = await startCluster(options);
    clusters.push(cluster);
    return cluster;
  }

  /** A connection of its own; replies as latin1 text, errors thrown. */
  function speaker({ host, port }: ClusterNode) {
    const connection = new RedisLinks({});
    links.push(connection);
    const link = connection.apart({ host, port });
    return async (...requests: readonly string[][]): Promise<readonly unknown[]> => {
      const replies = await link.askBinary(requests);
      const error = replies.find((reply) => reply instanceof TribError);
      if (error instanceof TribError) throw error;
      return replies;
    };
  }

  it('story 4: a target with another password is found out before anything is changed, keys or none', async () => {
    const { nodes } = await start({ primaries: 3 });
    const [first, , last] = nodes;
    const atTarget = speaker(last!);
    const atSource = speaker(first!);
    await atTarget(['CONFIG', 'SET', 'requirepass', 'another']);
    const before = await atSource(['CLUSTER', 'INFO'], ['CLUSTER', 'COUNTKEYSINSLOT', '0']);
    for (const fill of [false, true]) {
      if (fill) await atSource(['SET', '{06S}', 'v']);
      const words = ['move-slots', first!.address, '0', '--to', last!.id, '--yes'];
      const { status, stderr, stdout } = await runTrib(words);
      expect(status, stdout).to.equal(1);
      expect(`${stdout}${stderr}`).to.include('password');
      expect(stderr).to.include(last!.address);
      const [nodesText] = await atSource(['CLUSTER', 'NODES']);
      expect(String(nodesText), 'nothing is open').not.to.include('[');
    }
    expect(before[1]).to.equal(0);
  });

  it('story 14: commands on several keys are told to try again, and nothing they wrote is lost', async () => {
    const { nodes, addresses } = await start({ primaries: 3 });
    const seeds = addresses.map((address) => {
      const [host = '', port = ''] = address.split(':');
      return { host, port: Number(port) };
    });
    const client = new IoredisCluster(seeds, { retryDelayOnTryAgain: 2 });
    client.on('error', () => undefined);
    try {
      const pairs = Array.from({ length: 50 }, (_, at) => [`{x}a${at}`, `{x}b${at}`] as const);
      for (const [a, b] of pairs) await client.mset(a, '0', b, '0');
      const over = new AbortController();
      let rounds = 0;
      const writing = (async () => {
        while (!over.signal.aborted) {
          rounds++;
          for (const [a, b] of pairs) await client.mset(a, String(rounds), b, String(rounds));
        }
      })();
      const [, , last] = nodes;
      for (let round = 0; round < 5; round++) {
        const [from, to] = round % 2 === 0 ? [last!, nodes[0]!] : [nodes[0]!, last!];
        await moveBetween(from.port, to.port, [SLOT], { moving: { batchKeysMax: 3 } });
      }
      over.abort();
      await writing;
      expect(rounds).to.be.greaterThan(0);
      for (const [a, b] of pairs) {
        expect(await client.mget(a, b)).to.deep.equal([String(rounds), String(rounds)]);
      }
    } finally {
      client.disconnect();
    }
  });

  it('story 17: keys of every database go along, where a cluster has several', async () => {
    const config = { 'cluster-databases': '4' };
    const { nodes } = await start({ primaries: 3, persona: 'valkey-9', config });
    const [target, , source] = nodes;
    const write = speaker(source!);
    for (let database = 0; database < 4; database++) {
      const keys = Array.from({ length: 10 + database }, (_, at) => [
        'SET',
        `{x}${at}`,
        `${database}`,
      ]);
      await write(['SELECT', String(database)], ...keys);
    }
    await moveBetween(source!.port, target!.port, [SLOT], { moving: { way: 'classic' } });
    const read = speaker(target!);
    const left = speaker(source!);
    for (let database = 0; database < 4; database++) {
      const question = ['CLUSTER', 'COUNTKEYSINSLOT', String(SLOT)];
      const select = ['SELECT', String(database)];
      const [, count, value] = await read(select, question, ['GET', '{x}0']);
      expect(count).to.equal(10 + database);
      expect(value).to.equal(String(database));
      expect((await left(select, question))[1]).to.equal(0);
    }
  });
});

/**
 * `maxmemory` on an embedded node: which keys go under each policy, that replicas and listeners hear of it, and
 * what is refused when nothing may go. Beside redis-server where both can be asked the same.
 */
import { expect } from 'chai';
import { type EmbeddedNode, startNode } from '../../src/lib/node/server/node.js';
import { RespClient, show } from '../node/resp-client.js';
import { hasRedisServer, startRealServer } from '../support/real-server.js';
import { waitUntil } from '../support/wait.js';

const VALUE = 'x'.repeat(200);

async function number(client: RespClient, ...argv: string[]): Promise<number> {
  return Number(show(await client.call(...argv)).slice(1));
}

async function infoNumber(client: RespClient, field: string): Promise<number> {
  const text = show(await client.call('INFO', 'everything'));
  return Number(new RegExp(`${field}:(\\d+)`).exec(text)?.[1]);
}

describe('maxmemory', function () {
  this.timeout(30_000);
  let node: EmbeddedNode;
  let client: RespClient;

  beforeEach(async () => {
    node = await startNode({ port: 0 });
    client = await RespClient.open(node.port);
  });

  afterEach(async () => {
    client.close();
    await node.stop();
  });

  /** Keys `k0`..; from `expiringFrom` on they expire, the later the sooner. */
  async function fill(count: number, expiringFrom = count): Promise<void> {
    for (let at = 0; at < count; at++) {
      const expiry = at < expiringFrom ? [] : ['EX', String(100_000 - at)];
      await client.call('SET', `k${at}`, VALUE, ...expiry);
    }
  }

  /** Room for all but about `share` of what is there, under a policy. */
  async function squeeze(policy: string, share: number): Promise<void> {
    const used = await infoNumber(client, 'used_memory_dataset');
    await client.call('CONFIG', 'SET', 'maxmemory-policy', policy);
    await client.call('CONFIG', 'SET', 'maxmemory', String(Math.floor(used * (1 - share))));
    // What one slice of time was not enough for goes on.
    await waitUntil('the data fit', async () => {
      return (await infoNumber(client, 'used_memory_dataset')) <= used * (1 - share);
    });
  }

  const survivors = async (count: number): Promise<number[]> => {
    const left: number[] = [];
    for (let at = 0; at < count; at++) {
      if ((await number(client, 'EXISTS', `k${at}`)) === 1) left.push(at);
    }
    return left;
  };

  it('evicts down to the bound, and says how many it were', async () => {
    await fill(400);
    await squeeze('allkeys-random', 0.5);
    const left = await number(client, 'DBSIZE');
    expect(left).to.be.within(190, 205);
    expect(await infoNumber(client, 'evicted_keys')).to.equal(400 - left);
    expect(await infoNumber(client, 'used_memory_dataset')).to.be.at.most(
      await infoNumber(client, 'maxmemory'),
    );
  });

  it('keeps what was used most recently under allkeys-lru', async () => {
    await fill(300);
    await waitUntil(
      'a second has passed',
      async () => (await number(client, 'OBJECT', 'IDLETIME', 'k0')) > 0,
    );
    for (let at = 0; at < 150; at++) await client.call('GET', `k${at}`);
    await client.call('CONFIG', 'SET', 'maxmemory-samples', '10');
    await squeeze('allkeys-lru', 0.4);
    const left = await survivors(300);
    expect(left.filter((at) => at < 150)).to.have.length(150);
  });

  it('keeps what is used most often under allkeys-lfu', async () => {
    await client.call('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lfu', 'lfu-log-factor', '0');
    await fill(200);
    for (let round = 0; round < 5; round++) {
      for (let at = 0; at < 100; at++) await client.call('GET', `k${at}`);
    }
    expect(await number(client, 'OBJECT', 'FREQ', 'k0')).to.be.greaterThan(8);
    await client.call('CONFIG', 'SET', 'maxmemory-samples', '10');
    await squeeze('allkeys-lfu', 0.4);
    expect((await survivors(200)).filter((at) => at < 100)).to.have.length(100);
  });

  it('lets those that expire soonest go under volatile-ttl, and no others under any volatile policy', async () => {
    for (const policy of ['volatile-ttl', 'volatile-lru', 'volatile-lfu', 'volatile-random']) {
      await client.call('CONFIG', 'SET', 'maxmemory', '0', 'maxmemory-samples', '30');
      await client.call('FLUSHALL');
      await fill(200, 100);
      await squeeze(policy, 0.25);
      const left = await survivors(200);
      expect(
        left.filter((at) => at < 100),
        policy,
      ).to.have.length(100);
      const expiring = left.filter((at) => at >= 100);
      expect(expiring.length, policy).to.be.within(45, 55);
      if (policy === 'volatile-ttl') expect(Math.max(...expiring)).to.be.at.most(165);
    }
  });

  it('weighs collections as they grow and shrink', async () => {
    const before = await infoNumber(client, 'used_memory_dataset');
    for (let at = 0; at < 1000; at++) await client.call('RPUSH', 'many', VALUE);
    const grown = (await infoNumber(client, 'used_memory_dataset')) - before;
    expect(grown).to.be.within(200_000, 350_000);
    expect(await number(client, 'MEMORY', 'USAGE', 'many')).to.be.within(
      grown - 1000,
      grown + 1000,
    );
    await client.call('LTRIM', 'many', '0', '99');
    expect((await infoNumber(client, 'used_memory_dataset')) - before).to.be.within(20_000, 35_000);
    await client.call('DEL', 'many');
    expect(await infoNumber(client, 'used_memory_dataset')).to.equal(before);
  });

  it('tells replicas and listeners', async () => {
    const listener = await RespClient.open(node.port);
    const replica = await startNode({ port: 0, config: { replicaof: `127.0.0.1 ${node.port}` } });
    const replicaClient = await RespClient.open(replica.port);
    try {
      await client.call('CONFIG', 'SET', 'notify-keyspace-events', 'Ee');
      await listener.call('PSUBSCRIBE', '*');
      await fill(100);
      await squeeze('allkeys-random', 0.5);
      const left = await number(client, 'DBSIZE');
      expect(left).to.be.lessThan(60);
      await waitUntil('the replica has the same', async () => {
        return (await number(replicaClient, 'DBSIZE')) === left;
      });
      await waitUntil('the listener heard all', () => listener.unasked.length === 100 - left);
      expect(show(listener.unasked[0]!)).to.match(/__keyevent@0__:evicted/);
    } finally {
      listener.close();
      replicaClient.close();
      await replica.stop();
    }
  });

  it('refuses with redis-server what needs memory when nothing may be evicted', async function () {
    if (!hasRedisServer()) this.skip();
    const real = await startRealServer({ cluster: false });
    const realClient = await RespClient.open(real.port);
    try {
      const transcripts = await Promise.all(
        [realClient, client].map(async (side) => {
          await side.call('SET', 'a', VALUE);
          await side.call('CONFIG', 'SET', 'maxmemory', '1');
          const lines: string[] = [];
          const commands = [
            'GET a',
            'SET b 1',
            'APPEND a x',
            'DEL b',
            'EXPIRE a 100',
            'PERSIST a',
            'MULTI',
            'GET a',
            'EXEC',
            'MULTI',
            'DISCARD',
            'CONFIG SET maxmemory-policy volatile-lru',
            'SET b 1',
            'INCR n',
            'PUBLISH c m',
            'CONFIG SET maxmemory 0',
            'MULTI',
            'SET b 1',
            'CONFIG GET maxmemory',
            'EXEC',
          ];
          for (const line of commands)
            lines.push(`${line} -> ${show(await side.call(...line.split(' ')))}`);
          return lines;
        }),
      );
      expect(transcripts[1]).to.deep.equal(transcripts[0]);
      expect(transcripts[1]!.join()).to.match(/OOM command not allowed/);
    } finally {
      realClient.close();
      await real.stop();
    }
  });
});

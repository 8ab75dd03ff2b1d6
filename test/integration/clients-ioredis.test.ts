/** ioredis, alone and with a cluster, over RESP2 and RESP3: it sees of an embedded node what it sees of a real one. */
import { expect } from 'chai';
import { Cluster, Redis } from 'ioredis';
import { startCluster } from '../../src/testing.js';
import { hasRedisServer } from '../support/real-server.js';
import { waitUntil } from '../support/wait.js';
import {
  ALL_BYTES,
  type Deployment,
  type Shape,
  startEmbedded,
  startReal,
  Transcript,
} from './client-scenarios.js';

type Client = Redis | Cluster;

const BINARY_KEY = Buffer.from([0, 255, 13, 10]);

function connect({ addresses }: Deployment, shape: Shape, protocol: 2 | 3): Client {
  if (shape === 'a cluster') {
    return new Cluster([...addresses], {
      redisOptions: { protocol },
      shardedSubscribers: true,
      // A primary that has died is replaced after two seconds; sixteen attempts outlast that if so spaced.
      retryDelayOnClusterDown: 500,
      retryDelayOnFailover: 500,
    });
  }
  const [host, port] = addresses[0]!.split(':');
  return new Redis(Number(port), host!, { protocol });
}

async function converse(deployment: Deployment, shape: Shape, protocol: 2 | 3): Promise<unknown> {
  const redis = connect(deployment, shape, protocol);
  const other = connect(deployment, shape, protocol);
  const { lines, note } = bound(new Transcript());
  try {
    await values(redis, note);
    await batches(redis, note);
    await blocking(redis, other, note);
    await messages(redis, other, note);
    if (redis instanceof Redis) await watching(redis, other as Redis, note);
    return lines;
  } finally {
    redis.disconnect();
    other.disconnect();
  }
}

type Note = Transcript['note'];

function bound(transcript: Transcript): { lines: Transcript['lines']; note: Note } {
  return { lines: transcript.lines, note: (what, answer) => transcript.note(what, answer) };
}

async function values(redis: Client, note: Note): Promise<void> {
  await note('set', redis.set('greeting', 'grüß dich'));
  await note('get', redis.get('greeting'));
  await note('get of nothing', redis.get('nothing'));
  await note('bytes', redis.set(BINARY_KEY, ALL_BYTES));
  await note('bytes back', redis.getBuffer(BINARY_KEY));
  await note('mset', redis.mset({ '{m}a': '1', '{m}b': '2' }));
  await note('mget', redis.mget('{m}a', '{m}b', '{m}c'));
  await note('incrbyfloat', redis.incrbyfloat('{m}a', 0.5));
  await note('set nx', redis.set('greeting', 'again', 'EX', 100, 'NX'));
  await note('expire', redis.expire('greeting', 100));
  await note('ttl', redis.ttl('greeting'));
  await note('wrong type', redis.lpush('greeting', 'x'));
  await note('unknown', redis.call('NOSUCH', 'greeting'));
  await note('rpush', redis.rpush('list', 'a', 'b', 'c'));
  await note('lrange', redis.lrange('list', 0, -1));
  await note('lpos', redis.lpos('list', 'z'));
  await note('zadd', redis.zadd('zset', 1, 'one', 2.5, 'two'));
  await note('zrange', redis.zrange('zset', '0', '-1', 'WITHSCORES'));
  await note('zscore', redis.zscore('zset', 'two'));
  await note('zpopmin', redis.zpopmin('zset', 2));
  await note('hset', redis.hset('hash', { one: '1', two: '2' }));
  await note('hgetall', redis.hgetall('hash'));
  await note('hgetall of nothing', redis.hgetall('nothing'));
  await note('hmget', redis.hmget('hash', 'two', 'three'));
  await note('hscan', redis.hscan('hash', 0));
  await note('hrandfield', redis.hrandfield('hash', 2, 'WITHVALUES'));
  await note('sadd', redis.sadd('set', 1, 2, 3));
  await note('smembers', redis.smembers('set'));
  await note('sismember', redis.sismember('set', 'x'));
  await note('smismember', redis.smismember('set', '1', 'x'));
  await note('spop of nothing', redis.spop('nothing'));
  await note('zadd incr', redis.zadd('zset', 'INCR', 0.5, 'half'));
  await note('zrank', redis.zrank('zset', 'half'));
  await note('zscan', redis.zscan('zset', 0));
  await note('type', redis.type('list'));
  await note('exists', redis.exists('list', 'list'));
}

async function batches(redis: Client, note: Note): Promise<void> {
  const pipeline = redis.pipeline().set('{p}a', 'x').incr('{p}a').get('{p}a').del('{p}a');
  await note('pipeline with an error in it', pipeline.exec());
  await note('pipeline over slots', redis.pipeline().set('{p}a', '1').set('{p}b', '2').exec());
  await note('multi', redis.multi().incr('{p}n').get('{p}n').exec());
  await note('multi with a wrong type', redis.multi().set('{p}s', 'x').incr('{p}s').exec());
  const refused = redis.multi().set('{p}s', 'y');
  await note('multi refused', refused.call('INCR', '{p}s', 'too', 'many').exec());
  await note('untouched', redis.get('{p}s'));
}

async function blocking(redis: Client, other: Client, note: Note): Promise<void> {
  const popped = other.blpop('{q}jobs', 10);
  await redis.rpush('{q}jobs', 'first', 'second');
  await note('blpop', popped);
  await note('blpop at once', other.blpop('{q}jobs', 10));
  await note('blpop in vain', other.blpop('{q}jobs', 0.05));
  await note('blmove', other.blmove('{q}jobs', '{q}done', 'LEFT', 'RIGHT', 0.05));
  const smallest = other.bzpopmin('{q}due', 10);
  await redis.zadd('{q}due', 3, 'late', 1, 'early');
  await note('bzpopmin', smallest);
}

async function messages(redis: Client, subscriber: Client, note: Note): Promise<void> {
  const heard: string[][] = [];
  subscriber.on('message', (...words: string[]) => heard.push(['message', ...words]));
  subscriber.on('pmessage', (...words: string[]) => heard.push(['pmessage', ...words]));
  subscriber.on('smessage', (...words: string[]) => heard.push(['smessage', ...words]));
  await note('subscribe', subscriber.subscribe('news', 'weather'));
  await note('psubscribe', subscriber.psubscribe('n?ws'));
  await redis.publish('news', 'extra');
  await waitUntil('both forms were heard', () => heard.length === 2);
  if (redis instanceof Cluster) {
    await note('ssubscribe', subscriber.ssubscribe('{shard}news'));
    await redis.spublish('{shard}news', 'local');
    await waitUntil('the shard was heard', () => heard.length === 3);
    await note('sunsubscribe', subscriber.sunsubscribe('{shard}news'));
  }
  await note('heard', [...heard].sort());
  // The other way round ioredis loses its way in a cluster, with any server.
  await note('punsubscribe', subscriber.punsubscribe('n?ws'));
  await note('unsubscribe', subscriber.unsubscribe('news', 'weather'));
  await note('a client again', subscriber.set('after', 'wards'));
}

async function watching(redis: Redis, other: Redis, note: Note): Promise<void> {
  await redis.watch('watched');
  await other.set('watched', 'changed');
  await note('exec after a change', redis.multi().set('watched', 'mine').exec());
  await note('the change', redis.get('watched'));
  await note('select', redis.select(3));
  await note('in another database', redis.get('watched'));
  await note('auth', redis.call('AUTH', 'wrong'));
}

for (const shape of ['one node', 'a cluster'] as const) {
  describe(`ioredis and ${shape}`, function () {
    this.timeout(60_000);
    let embedded: Deployment | undefined;
    let real: Deployment | undefined;

    before(async function () {
      if (!hasRedisServer()) this.skip();
      [embedded, real] = await Promise.all([startEmbedded(shape), startReal(shape)]);
    });
    after(() => Promise.all([embedded?.stop(), real?.stop()]));

    for (const protocol of [2, 3] as const) {
      it(`hears over RESP${protocol} what a real server says`, async () => {
        const [ours, theirs] = await Promise.all([
          converse(embedded!, shape, protocol),
          converse(real!, shape, protocol),
        ]);
        expect(ours).to.deep.equal(theirs);
        await Promise.all([flush(embedded!, shape), flush(real!, shape)]);
      });
    }
  });
}

async function flush(deployment: Deployment, shape: Shape): Promise<void> {
  const client = connect(deployment, shape, 2);
  const nodes = client instanceof Cluster ? (await ready(client)).nodes('master') : [client];
  await Promise.all(nodes.map((node) => node.flushall()));
  client.disconnect();
}

async function ready(cluster: Cluster): Promise<Cluster> {
  await cluster.get('anything');
  return cluster;
}

describe('ioredis at work while the cluster changes', function () {
  this.timeout(60_000);

  for (const protocol of [2, 3] as const) {
    it(`loses nothing in a failover, and goes on after a kill (RESP${protocol})`, async () => {
      const cluster = await startCluster({ nodeTimeoutMs: 1_000 });
      const redis = connect(cluster, 'a cluster', protocol);
      try {
        const written = new Map<string, string>();
        let isOver = false;
        const write = async (): Promise<void> => {
          for (let turn = 0; !isOver; turn++) {
            const key = `key:${turn % 50}`;
            expect(await redis.set(key, String(turn))).to.equal('OK');
            written.set(key, String(turn));
          }
        };
        const writing = write();
        await waitUntil('every key is written', () => written.size === 50);
        for (const replica of cluster.replicas) await cluster.failover(replica);
        isOver = true;
        await writing;
        for (const [key, value] of written) expect(await redis.get(key), key).to.equal(value);
        await cluster.waitForConverged();
        await cluster.kill(cluster.ownerOf('key:1'));
        // Commands wait inside the client until somebody serves the slot again.
        for (const [key, value] of written) expect(await redis.get(key), key).to.equal(value);
      } finally {
        redis.disconnect();
        await cluster.stop();
      }
    });
  }
});

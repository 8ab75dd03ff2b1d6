/** node-redis, alone and with a cluster, over RESP2 and RESP3: an embedded node is to it what a real one is. */
import { expect } from 'chai';
import { createClient, createCluster, RESP_TYPES } from 'redis';
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

type Protocol = 2 | 3;

/** One client for a node and one for a cluster differ in type and in little else. */
function newClient({ addresses }: Deployment, RESP: Protocol) {
  const client = createClient({ RESP, url: `redis://${addresses[0]!}` });
  return client.on('error', () => undefined);
}

function newCluster({ addresses }: Deployment, RESP: Protocol) {
  const cluster = createCluster({
    RESP,
    rootNodes: addresses.map((address) => ({ url: `redis://${address}` })),
  });
  return cluster.on('error', () => undefined);
}

async function converse(
  deployment: Deployment,
  shape: Shape,
  protocol: Protocol,
): Promise<unknown> {
  const open = shape === 'a cluster' ? newCluster : newClient;
  const redis = open(deployment, protocol) as ReturnType<typeof newClient>;
  const other = open(deployment, protocol) as ReturnType<typeof newClient>;
  const transcript = new Transcript();
  try {
    await Promise.all([redis.connect(), other.connect()]);
    await values(redis, transcript);
    await batches(redis, transcript);
    await blocking(redis, other, transcript);
    await messages(redis, other, shape, transcript);
    if (shape === 'one node') await watching(redis, other, transcript);
    return transcript.lines;
  } finally {
    redis.destroy();
    other.destroy();
  }
}

type One = ReturnType<typeof newClient>;

async function values(redis: One, script: Transcript): Promise<void> {
  await script.note('set', redis.set('greeting', 'grüß dich'));
  await script.note('get', redis.get('greeting'));
  await script.note('get of nothing', redis.get('nothing'));
  const bytes = redis.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
  await script.note('bytes', redis.set(Buffer.from([0, 255, 13, 10]), ALL_BYTES));
  await script.note('bytes back', bytes.get(Buffer.from([0, 255, 13, 10])));
  await script.note('mset', redis.mSet({ '{m}a': '1', '{m}b': '2' }));
  await script.note('mget', redis.mGet(['{m}a', '{m}b', '{m}c']));
  await script.note('incrbyfloat', redis.incrByFloat('{m}a', 0.5));
  await script.note('set nx', redis.set('greeting', 'again', { NX: true }));
  await script.note('expire', redis.expire('greeting', 100));
  await script.note('ttl', redis.ttl('greeting'));
  await script.note('wrong type', redis.lPush('greeting', 'x'));
  await script.note('rpush', redis.rPush('list', ['a', 'b', 'c']));
  await script.note('lrange', redis.lRange('list', 0, -1));
  const members = [
    { score: 1, value: 'one' },
    { score: 2.5, value: 'two' },
  ];
  await script.note('zadd', redis.zAdd('zset', members));
  await script.note('zrange', redis.zRangeWithScores('zset', 0, -1));
  await script.note('zscore', redis.zScore('zset', 'two'));
  await script.note('zpopmin', redis.zPopMinCount('zset', 2));
  await script.note('hset', redis.hSet('hash', { one: '1', two: '2' }));
  await script.note('hgetall', redis.hGetAll('hash'));
  await script.note('hgetall of nothing', redis.hGetAll('nothing'));
  await script.note('hmget', redis.hmGet('hash', ['two', 'three']));
  await script.note('hscan', redis.hScan('hash', '0'));
  await script.note('sadd', redis.sAdd('set', ['1', '2', '3']));
  await script.note('smembers', redis.sMembers('set'));
  await script.note('sismember', redis.sIsMember('set', 'x'));
  await script.note('smismember', redis.smIsMember('set', ['1', 'x']));
  await script.note('zincrby', redis.zIncrBy('zset', 0.5, 'half'));
  await script.note('zrank', redis.zRank('zset', 'half'));
  await script.note('zscan', redis.zScan('zset', '0'));
  await script.note('type', redis.type('list'));
  await script.note('exists', redis.exists('list'));
}

async function batches(redis: One, script: Transcript): Promise<void> {
  const many = Array.from({ length: 20 }, (_, at) => redis.set(`many:${at}`, String(at)));
  await script.note('twenty at once', Promise.all(many));
  const pipeline = redis.multi().set('{p}a', '1').incr('{p}a').get('{p}a').del('{p}a');
  await script.note('pipeline', pipeline.execAsPipeline());
  await script.note('multi', redis.multi().incr('{p}n').get('{p}n').exec());
  const wrong = redis.multi().set('{p}s', 'x').incr('{p}s');
  await script.note('multi with a wrong type', wrong.exec());
  await script.note('untouched', redis.get('{p}s'));
}

async function blocking(redis: One, other: One, script: Transcript): Promise<void> {
  const popped = other.blPop('{q}jobs', 10);
  await redis.rPush('{q}jobs', ['first', 'second']);
  await script.note('blpop', popped);
  await script.note('blpop at once', other.blPop('{q}jobs', 10));
  await script.note('blpop in vain', other.blPop('{q}jobs', 0.05));
  const smallest = other.bzPopMin('{q}due', 10);
  await redis.zAdd('{q}due', [{ score: 1, value: 'early' }]);
  await script.note('bzpopmin', smallest);
}

async function messages(redis: One, other: One, shape: Shape, script: Transcript): Promise<void> {
  const heard: string[][] = [];
  const subscriber = shape === 'a cluster' ? other : other.duplicate();
  subscriber.on('error', () => undefined);
  if (subscriber !== other) await subscriber.connect();
  const hear =
    (kind: string) =>
    (message: string, channel: string): void => {
      heard.push([kind, channel, message]);
    };
  await subscriber.subscribe(['news', 'weather'], hear('message'));
  await subscriber.pSubscribe('n?ws', hear('pattern'));
  await redis.publish('news', 'extra');
  await waitUntil('both forms were heard', () => heard.length === 2);
  await subscriber.sSubscribe('{shard}news', hear('shard'));
  await redis.sPublish('{shard}news', 'local');
  await waitUntil('the shard was heard', () => heard.length === 3);
  await script.note('heard', [...heard].sort());
  // Without naming them it waits for ever, with any server.
  await subscriber.unsubscribe(['news', 'weather']);
  await subscriber.pUnsubscribe('n?ws');
  await subscriber.sUnsubscribe('{shard}news');
  await script.note('after', redis.publish('news', 'nobody'));
  if (subscriber !== other) subscriber.destroy();
}

async function watching(redis: One, other: One, script: Transcript): Promise<void> {
  await redis.watch('watched');
  await other.set('watched', 'changed');
  await script.note('exec after a change', redis.multi().set('watched', 'mine').exec());
  await script.note('the change', redis.get('watched'));
  await script.note('unknown', redis.sendCommand(['NOSUCH', 'greeting']));
  await script.note('select', redis.select(3));
  await script.note('in another database', redis.get('watched'));
}

for (const shape of ['one node', 'a cluster'] as const) {
  describe(`node-redis and ${shape}`, function () {
    this.timeout(60_000);
    for (const protocol of [2, 3] as const) {
      it(`hears over RESP${protocol} what a real server says`, async function () {
        if (!hasRedisServer()) this.skip();
        const deployments = await Promise.all([startEmbedded(shape), startReal(shape)]);
        try {
          const [ours, theirs] = await Promise.all(
            deployments.map((deployment) => converse(deployment, shape, protocol)),
          );
          expect(ours).to.deep.equal(theirs);
        } finally {
          await Promise.all(deployments.map((deployment) => deployment.stop()));
        }
      });
    }
  });
}

describe('node-redis at work while the cluster changes', function () {
  this.timeout(60_000);

  for (const protocol of [2, 3] as const) {
    it(`loses nothing in a failover, and goes on when a killed node is back (RESP${protocol})`, async () => {
      const cluster = await startCluster({ nodeTimeoutMs: 1_000 });
      const redis = newCluster(cluster, protocol);
      try {
        await redis.connect();
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
        const killed = cluster.ownerOf('key:1');
        await cluster.kill(killed);
        await cluster.waitForConverged();
        // It finds the new owner when the old one answers MOVED, and waits for that as long as it takes.
        const waiting = [...written].map(async ([key, value]) => {
          expect(await redis.get(key), key).to.equal(value);
        });
        await cluster.restart(killed);
        await Promise.all(waiting);
      } finally {
        redis.destroy();
        await cluster.stop();
      }
    });
  }
});

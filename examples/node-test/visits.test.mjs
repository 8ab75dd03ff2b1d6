import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { createClient } from 'redis';
import { startNode } from 'trib/testing';

let node, redis;

before(async () => {
  node = await startNode({ password: 'secret' });
  redis = await createClient({ url: node.url }).connect();
});
beforeEach(() => node.flush());
after(async () => {
  redis?.destroy();
  await node?.stop();
});

test('visits are counted', async () => {
  await redis.incr('visits:home');
  assert.equal(await redis.incr('visits:home'), 2);
});

test('a visit is counted late when the server stands still, and not lost', async () => {
  node.pause();
  const late = redis.incr('visits:home');
  const first = await Promise.race([
    late,
    new Promise((resolve) => setTimeout(resolve, 50, 'nothing')),
  ]);
  assert.equal(first, 'nothing');
  node.resume();
  assert.equal(await late, 1);
});

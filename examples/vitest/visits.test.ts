import { createCluster } from 'redis';
import { startCluster } from 'trib/testing';
import { expect, test } from 'vitest';

test('visits are refused by a primary that is cut off, and counted on by its successor', async () => {
  await using cluster = await startCluster({ nodeTimeoutMs: 1_000 });
  const redis = createCluster({ rootNodes: cluster.nodes.map(({ url }) => ({ url })) });
  await redis.connect();
  try {
    expect(await redis.incr('visits:home')).toBe(1);
    await cluster.waitForConverged();

    const owner = cluster.ownerOf('visits:home');
    const partition = cluster.partition(owner);
    await expect
      .poll(() => redis.get('visits:home').catch(String), { timeout: 10_000 })
      .toContain('CLUSTERDOWN');
    await cluster.waitUntil('a replica has taken over', () => {
      return cluster.ownerOf('visits:home') !== owner;
    });

    partition.heal();
    await cluster.waitForConverged();
    expect(owner.role).toBe('replica');
    expect(await redis.incr('visits:home')).toBe(2);
  } finally {
    redis.destroy();
  }
}, 30_000);

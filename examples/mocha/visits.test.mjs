import assert from 'node:assert/strict';
import { Cluster } from 'ioredis';
import { startCluster } from 'trib/testing';

/** The code under test: how often was this page seen? */
class Visits {
  constructor(redis) {
    this.redis = redis;
  }
  note(page) {
    return this.redis.incr(`visits:${page}`);
  }
}

describe('visits', function () {
  this.timeout(20_000);
  let cluster, redis, visits;

  before(async () => {
    cluster = await startCluster({ primaries: 3, replicasPerPrimary: 1 });
    redis = new Cluster([...cluster.addresses]);
    visits = new Visits(redis);
  });
  beforeEach(() => cluster.flush());
  after(async () => {
    redis?.disconnect();
    await cluster?.stop();
  });

  it('are counted for every page by itself', async () => {
    await visits.note('home');
    assert.equal(await visits.note('home'), 2);
    assert.equal(await visits.note('contact'), 1);
  });

  it('are kept when a replica takes over', async () => {
    await visits.note('home');
    await cluster.failover(cluster.ownerOf('visits:home'));
    assert.equal(await visits.note('home'), 2);
  });
});

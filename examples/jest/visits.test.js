const { Cluster } = require('ioredis');
const { startCluster } = require('trib/testing');

jest.setTimeout(30_000);

let cluster;
let redis;

beforeAll(async () => {
  cluster = await startCluster({ primaries: 3, replicasPerPrimary: 1, nodeTimeoutMs: 1_000 });
  redis = new Cluster([...cluster.addresses]);
});

afterAll(async () => {
  redis?.disconnect();
  await cluster?.stop();
});

test('visits are counted again once a killed primary has been replaced', async () => {
  expect(await redis.incr('visits:home')).toBe(1);
  // Redis answers before its replicas have heard of it.
  await cluster.waitForConverged();
  const owner = cluster.ownerOf('visits:home');
  await cluster.kill(owner);

  await cluster.waitForConverged();
  expect(await redis.incr('visits:home')).toBe(2);

  await cluster.restart(owner);
  await cluster.waitForConverged();
  expect(owner.role).toBe('replica');
});

const { Cluster, Redis } = require('ioredis');
const { startCluster, startNode } = require('trib/testing');

async function main() {
  const cluster = await startCluster();
  // RESP3 is what ioredis 6 speaks unless it is told otherwise.
  const redis = new Cluster([...cluster.addresses], { redisOptions: { protocol: 2 } });
  console.log(await redis.set('greeting', 'hello'));
  redis.disconnect();
  await cluster.stop();

  const node = await startNode();
  const alone = new Redis(node.port, node.host, { protocol: 2 });
  console.log(await alone.set('greeting', 'hello'));
  alone.disconnect();
  await node.stop();
}

main();

const { createClient, createCluster } = require('redis');
const { startCluster, startNode } = require('trib/testing');

async function main() {
  const cluster = await startCluster();
  // RESP2 is what node-redis 5 speaks unless it is told otherwise.
  const redis = await createCluster({
    RESP: 3,
    rootNodes: cluster.nodes.map(({ url }) => ({ url })),
  }).connect();
  console.log(await redis.set('greeting', 'hello'));
  redis.destroy();
  await cluster.stop();

  const node = await startNode();
  const alone = await createClient({ RESP: 3, url: node.url }).connect();
  console.log(await alone.set('greeting', 'hello'));
  alone.destroy();
  await node.stop();
}

main();

import { createClient, createCluster } from 'redis';
import { startCluster, startNode } from 'trib/testing';

const cluster = await startCluster({ password: 'secret' });
const redis = await createCluster({
  rootNodes: cluster.nodes.map(({ url }) => ({ url })),
  // Also for the nodes that it finds by itself.
  defaults: { password: 'secret' },
}).connect();
console.log(await redis.set('greeting', 'hello'));
redis.destroy();
await cluster.stop();

const node = await startNode({ password: 'secret' });
const alone = await createClient({ url: node.url }).connect();
console.log(await alone.set('greeting', 'hello'));
alone.destroy();
await node.stop();

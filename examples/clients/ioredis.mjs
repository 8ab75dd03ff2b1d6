import { Cluster, Redis } from 'ioredis';
import { startCluster, startNode } from 'trib/testing';

const cluster = await startCluster({ password: 'secret' });
const redis = new Cluster([...cluster.addresses], { redisOptions: { password: 'secret' } });
console.log(await redis.set('greeting', 'hello'));
redis.disconnect();
await cluster.stop();

const node = await startNode({ password: 'secret' });
const alone = new Redis(node.url);
console.log(await alone.set('greeting', 'hello'));
alone.disconnect();
await node.stop();

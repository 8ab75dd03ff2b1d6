/** Six nodes of one process, from the built library. Tells its parent the ports, and at the end the delays. */
import { monitorEventLoopDelay } from 'node:perf_hooks';

const nodeTimeoutMs = Number(process.argv[2]);
const built = new URL('../../dist/testing.js', import.meta.url).href;
const { startCluster } = (await import(built)) as typeof import('../../src/testing.js');

const cluster = await startCluster({ primaries: 3, replicasPerPrimary: 1, nodeTimeoutMs });
const delays = monitorEventLoopDelay({ resolution: 1 });
delays.enable();
process.on('message', () => {
  process.send!({ longestDelayMs: delays.max / 1e6, delay99Ms: delays.percentile(99) / 1e6 });
  void cluster.stop().then(() => process.exit());
});
process.send!(cluster.nodes.map(({ port }) => port));

/**
 * Loaded into a node before it starts (`node --import`): collects garbage when its parent asks, and tells how
 * long its event loop stood still at most. Loaded into whatever Node runs; nothing of the node knows of it.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 1;
const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delays.enable();

process.on('message', (question) => {
  if (question === 'collect') globalThis.gc();
  const answer = {
    rssBytes: process.memoryUsage.rss(),
    longestDelayMs: delays.max / 1e6,
    delay99Ms: delays.percentile(99) / 1e6,
  };
  if (question === 'reset') delays.reset();
  process.send(answer);
});
// The channel alone keeps nothing alive.
process.channel?.unref();

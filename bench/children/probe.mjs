/**
 * Loaded into a node before it starts (`node --import`): collects garbage when its parent asks, and tells how
 * long its event loop stood still at most. Loaded into whatever Node runs; nothing of the node knows of it.
 *
 * A loop stands still because the node is at work, or because others have the processor. Only the scheduler can
 * tell, and Linux does: for how long this very thread ran. Helpers of the garbage collector are other threads;
 * waiting for them is no work of this one.
 */
import { openSync, readSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 1;
const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delays.enable();

const ranMs = threadClock();
let longestRunMs = 0;
let lastMs = ranMs();
if (lastMs !== undefined) {
  setInterval(() => {
    const nowMs = ranMs();
    longestRunMs = Math.max(longestRunMs, nowMs - lastMs);
    lastMs = nowMs;
  }, RESOLUTION_MS).unref();
}

process.on('message', (question) => {
  if (question === 'collect') globalThis.gc();
  const answer = {
    rssBytes: process.memoryUsage.rss(),
    longestDelayMs: delays.max / 1e6,
    delay99Ms: delays.percentile(99) / 1e6,
    longestRunMs: lastMs === undefined ? undefined : longestRunMs,
  };
  if (question === 'reset') {
    delays.reset();
    longestRunMs = 0;
    lastMs = ranMs();
  }
  process.send(answer);
});
// The channel alone keeps nothing alive.
process.channel?.unref();

/** How long the main thread has run so far, of all its time; undefined where the system does not say. */
function threadClock() {
  try {
    const file = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r');
    const text = Buffer.alloc(64);
    const read = () => parseInt(text.latin1Slice(0, readSync(file, text, 0, 64, 0)), 10) / 1e6;
    read();
    return read;
  } catch {
    return () => undefined;
  }
}

/** One cluster of embedded nodes in a fresh process, from the built library. Prints one line of JSON. */
const [primaries, replicasPerPrimary] = process.argv.slice(2).map(Number);
const built = new URL('../../dist/testing.js', import.meta.url).href;
const { startCluster } = (await import(built)) as typeof import('../../src/testing.js');

const startedAt = performance.now();
const cluster = await startCluster({
  primaries: primaries!,
  replicasPerPrimary: replicasPerPrimary!,
});
const ms = performance.now() - startedAt;
const peakMb = process.resourceUsage().maxRSS / 1024;
await cluster.stop();
process.stdout.write(`${JSON.stringify({ ms, peakMb })}\n`);

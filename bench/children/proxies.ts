/**
 * Delay proxies in a process of their own, so that they do not compete with the tool that is measured.
 * Words: the delay in ms, then pairs `listen:target` of ports. Prints "ready" and ends with its parent.
 */
import { startDelayProxy } from '../../test/support/delay-proxy.js';

const [delayMs, ...pairs] = process.argv.slice(2);
const host = '127.0.0.1';
await Promise.all(
  pairs.map((pair) => {
    const [port, target] = pair.split(':').map(Number);
    return startDelayProxy({
      host,
      port: port!,
      target: { host, port: target! },
      delayMs: Number(delayMs),
    });
  }),
);
process.stdout.write('ready\n');
process.once('disconnect', () => process.exit());

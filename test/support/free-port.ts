/**
 * Free ports for servers of tests. Each of mocha's parallel workers draws from a share of its own: a port
 * that one worker has looked at and not yet listens on is never found free by another.
 */
import { createServer } from 'node:net';

/** Client ports end where bus ports (10000 above them) begin. */
const LOWEST = 11_000;
const SHARES = 5;
const SHARE = 10_000 / SHARES;

const taken = new Set<number>();

/** A free client port whose bus port (+10000) is free as well. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  const share = Number(process.env['MOCHA_WORKER_ID'] ?? 0) % SHARES;
  for (;;) {
    const port = LOWEST + share * SHARE + Math.floor(Math.random() * SHARE);
    if (taken.has(port)) continue;
    if ((await canListen(port, host)) && (await canListen(port + 10_000, host))) {
      taken.add(port);
      return port;
    }
  }
}

function canListen(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, host, () => probe.close(() => resolve(true)));
  });
}

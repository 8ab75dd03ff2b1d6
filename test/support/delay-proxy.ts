/**
 * A TCP proxy that holds every byte back for a fixed time in each direction, as a long cable would: what
 * is sent together arrives together, later, in order. For tests and benchmarks of what round trips cost.
 */
import { type AddressInfo, type Socket, connect, createServer } from 'node:net';

export interface DelayProxy {
  readonly port: number;
  stop(): Promise<void>;
}

export interface DelayProxyOptions {
  readonly target: { readonly host: string; readonly port: number };
  /** Held back this long each way. */
  readonly delayMs: number;
  /** Where to listen; default: a free port. */
  readonly port?: number;
  readonly host?: string;
}

export async function startDelayProxy(options: DelayProxyOptions): Promise<DelayProxy> {
  const { target, delayMs, port = 0, host = '127.0.0.1' } = options;
  const sockets = new Set<Socket>();
  const track = (socket: Socket): Socket => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.once('close', () => sockets.delete(socket));
    return socket;
  };
  const server = createServer((near) => {
    const far = connect(target);
    forward(track(near), track(far), delayMs);
    forward(far, near, delayMs);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

function forward(from: Socket, to: Socket, delayMs: number): void {
  from.on('data', (chunk) => {
    setTimeout(() => {
      if (to.writable) to.write(chunk);
    }, delayMs);
  });
  // Errors are followed by 'close', which is what is passed on.
  from.on('error', () => undefined);
  from.once('close', () => setTimeout(() => to.destroy(), delayMs));
}

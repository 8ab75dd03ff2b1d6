/**
 * The client port: binding, and who is let in. What is refused is told why in one line and closed, as
 * clients expect.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { messageOf, TribError } from '../../kernel/errors.js';
import type { Network } from './network.js';
import type { SharedReads } from './shared-reads.js';

export interface ListenerOptions {
  /** As the `bind` directive has them: `*`, `::*`, `-` before an address that may be missing. */
  readonly bind: readonly string[];
  /** 0: any free one; the first address picks, the others follow. */
  readonly port: number;
  readonly backlog: number;
  readonly network: Network;
  /** How its sockets read; undefined: each for itself. */
  readonly reads?: SharedReads | undefined;
  readonly onSocket: (socket: Socket) => void;
}

export class Listener {
  readonly port: number;
  readonly #servers: readonly Server[];

  private constructor(servers: readonly Server[], port: number) {
    this.#servers = servers;
    this.port = port;
  }

  /** @throws TribError ADDRESS_IN_USE or BAD_CONFIG, naming the address. */
  static async open(options: ListenerOptions): Promise<Listener> {
    const servers: Server[] = [];
    let port = options.port;
    try {
      for (const word of options.bind) {
        const isOptional = word.startsWith('-');
        const host = hostOf(isOptional ? word.slice(1) : word);
        try {
          const server = await listen(host, port, options);
          servers.push(server);
          const address = server.address();
          if (port === 0 && address !== null && typeof address === 'object') port = address.port;
        } catch (error) {
          if (isOptional && !isInUse(error)) continue;
          throw explain(error, host, port);
        }
      }
      if (servers.length === 0) {
        throw new TribError('BAD_CONFIG', `no address of bind ${options.bind.join(' ')} is ours`);
      }
    } catch (error) {
      await Promise.all(servers.map(closeServer));
      throw error;
    }
    return new Listener(servers, port);
  }

  close(): Promise<unknown> {
    return Promise.all(this.#servers.map(closeServer));
  }
}

function hostOf(word: string): string {
  if (word === '*') return '0.0.0.0';
  if (word === '::*') return '::';
  return word;
}

function listen(host: string, port: number, options: ListenerOptions): Promise<Server> {
  return new Promise((resolve, reject) => {
    const { network, onSocket, reads } = options;
    const server = createServer({ noDelay: true }, (socket) =>
      network.accept(reads?.adopt(socket) ?? socket, onSocket),
    );
    server.once('error', reject);
    server.listen({ host, port, backlog: options.backlog, ipv6Only: host === '::' }, () => {
      server.off('error', reject);
      // The system could not hand somebody over (no memory for a socket, say): the next one it may.
      server.on('error', () => undefined);
      resolve(server);
    });
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

function isInUse(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
}

function explain(error: unknown, host: string, port: number): TribError {
  if (isInUse(error)) {
    return new TribError('ADDRESS_IN_USE', `${host}:${port} is in use`, {
      hint: 'Choose another port, or stop what listens there.',
      cause: error,
    });
  }
  return new TribError('BAD_CONFIG', `cannot listen on ${host}:${port}: ${messageOf(error)}`, {
    cause: error,
  });
}

/**
 * Where a node listens for clients, with and without TLS. A cluster node needs two ports, and others look
 * for the bus at client port + 10000: when any port will do, a pair is drawn of which both can be had.
 */
import { randomInt } from 'node:crypto';
import type { Socket } from 'node:net';
import { TribError } from '../../kernel/errors.js';
import type { RunningClusterWing } from './bus/options.js';
import { Listener } from './listener.js';
import type { Network } from './network.js';
import type { SharedReads } from './shared-reads.js';

/** Whose number is left to chance: that of the plain port, or of the one where TLS is spoken. */
export type AnyPort = 'plain' | 'tls';

export interface ClientPortOptions {
  readonly bind: readonly string[];
  readonly port: number;
  readonly anyPort: AnyPort | undefined;
  /** Where TLS is spoken; 0 is nowhere, unless any will do. */
  readonly tlsPort: number;
  readonly backlog: number;
  readonly network: Network;
  readonly reads: SharedReads;
  readonly onSocket: (socket: Socket) => void;
  readonly onTlsSocket: (socket: Socket) => void;
  /** Starts the bus beside this client port; undefined outside of a cluster. */
  readonly startBus:
    | ((ports: { readonly port: number; readonly tlsPort: number }) => Promise<RunningClusterWing>)
    | undefined;
}

export interface ClientPort {
  /** Without TLS; undefined with `port 0`. */
  readonly plain: Listener | undefined;
  readonly tls: Listener | undefined;
  readonly bus: RunningClusterWing | undefined;
}

/**
 * Below the range from which systems take ports for outgoing connections, with room for + 10000, and no
 * wider than that: else one node's client port could be another's bus port.
 */
const DRAWN_PORTS = { first: 11_000, last: 21_000 } as const;
const DRAWS_MAX = 100;

/** @throws TribError ADDRESS_IN_USE, and whatever the bus rejects with. */
export async function openClientPort(options: ClientPortOptions): Promise<ClientPort> {
  const { anyPort, startBus } = options;
  for (let draw = 1; ; draw++) {
    const draws = anyPort !== undefined && startBus !== undefined;
    const drawn = draws ? randomInt(DRAWN_PORTS.first, DRAWN_PORTS.last) : 0;
    const port = anyPort === 'plain' ? drawn : options.port;
    const tlsPort = anyPort === 'tls' ? drawn : options.tlsPort;
    try {
      return await openPair(options, port, tlsPort);
    } catch (error) {
      const isTaken = error instanceof TribError && error.code === 'ADDRESS_IN_USE';
      if (!draws || !isTaken || draw === DRAWS_MAX) throw error;
    }
  }
}

async function openPair(
  options: ClientPortOptions,
  port: number,
  tlsPort: number,
): Promise<ClientPort> {
  const { bind, backlog, network, reads, anyPort, onSocket, onTlsSocket, startBus } = options;
  const opened: Listener[] = [];
  const open = async (
    at: number,
    onArrival: (socket: Socket) => void,
    shared?: SharedReads,
  ): Promise<Listener> => {
    const listener = await Listener.open({
      bind,
      port: at,
      backlog,
      network,
      reads: shared,
      onSocket: onArrival,
    });
    opened.push(listener);
    return listener;
  };
  try {
    const plain = port !== 0 || anyPort === 'plain' ? await open(port, onSocket, reads) : undefined;
    const tls = tlsPort !== 0 || anyPort === 'tls' ? await open(tlsPort, onTlsSocket) : undefined;
    const bus = await startBus?.({ port: plain?.port ?? 0, tlsPort: tls?.port ?? 0 });
    return { plain, tls, bus };
  } catch (error) {
    await Promise.all(opened.map((listener) => listener.close()));
    throw error;
  }
}

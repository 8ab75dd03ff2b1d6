/**
 * The network as a node sees it: connections it opens to its peers (bus, primary, target of a MIGRATE)
 * and those that come in. A lab that wants to cut, delay or silence them hands its own to the nodes; for
 * everybody else it is the system's, and stands in nobody's way.
 */
import { createConnection, isIP, Socket } from 'node:net';
import type { Duplex } from 'node:stream';

export interface Destination {
  readonly host: string;
  readonly port: number;
  /** The address to speak from; undefined: the system chooses. */
  readonly localAddress?: string | undefined;
}

/** As much of a socket as peers are spoken to with. Emits `connect` once it stands. */
export interface PeerSocket extends Duplex {
  /** So long without traffic: `timeout` is emitted. 0: never. */
  setTimeout(ms: number): this;
  /** Whether it keeps the process alive. */
  ref(): this;
  unref(): this;
}

export interface Network {
  /** Towards a peer, without delay for small packets. Errors are emitted, never thrown. */
  connect(destination: Destination): PeerSocket;
  /**
   * Somebody connected to one of our ports: `admit` begins to serve them. With TLS it is asked twice, before
   * the handshake and, of the encrypted socket, after it: that one reads past the one below.
   */
  accept(socket: Socket, admit: (socket: Socket) => void): void;
}

export const SYSTEM_NETWORK: Network = {
  connect: ({ host, port, localAddress = '' }) => {
    // No address to speak from: as real servers, we then leave the choice to the system.
    const from = isIP(localAddress) === 0 ? {} : { localAddress };
    try {
      return createConnection({ host, port, noDelay: true, ...from });
    } catch (error) {
      return new Socket().destroy(error as Error);
    }
  },
  accept: (socket, admit) => admit(socket),
};

/**
 * Where a socket becomes an encrypted one, or is closed: nobody gets further without a handshake, and a
 * handshake has so much time. Who lingers in it is counted, because its socket is as real as a client's.
 */
import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { TlsContexts } from './contexts.js';
import { reasonOf } from './reasons.js';

export type ClientAuth = 'yes' | 'no' | 'optional';

export interface TlsDoorOptions {
  readonly contexts: () => TlsContexts;
  readonly clientAuth: () => ClientAuth;
  readonly onSecure: (socket: TLSSocket) => void;
  /** For the log: why somebody did not get in. */
  readonly onFailed: (reason: string) => void;
  readonly handshakeMs?: number;
}

/** A handshake is two round trips and a few milliseconds of computing; many at once wait for each other. */
export const HANDSHAKE_MS = 30_000;

export class TlsDoor {
  readonly #options: TlsDoorOptions;
  /** Those in their handshake, by the ends of their connection. */
  readonly #waiting = new Map<
    string,
    { readonly socket: Socket; readonly timer: NodeJS.Timeout }
  >();
  #isClosed = false;
  #made:
    | { readonly contexts: TlsContexts; readonly auth: ClientAuth; readonly server: Server }
    | undefined;

  constructor(options: TlsDoorOptions) {
    this.#options = options;
  }

  /** How many are in their handshake. */
  get waitingCount(): number {
    return this.#waiting.size;
  }

  admit(socket: Socket): void {
    const key = connectionOf(socket);
    // Node.js's own bound runs anew with each byte; this one does not.
    const timer = setTimeout(
      () => socket.destroy(new Error('the handshake takes too long')),
      this.#options.handshakeMs ?? HANDSHAKE_MS,
    );
    this.#waiting.set(key, { socket, timer });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#leave(key, socket));
    this.#server.emit('connection', socket);
  }

  /** The node stops: nobody who waits gets in any more. */
  close(): void {
    this.#isClosed = true;
    for (const { socket } of [...this.#waiting.values()]) socket.destroy();
  }

  /** It never listens: it is the part of a TLS server that makes sockets secure. */
  get #server(): Server {
    const contexts = this.#options.contexts();
    const auth = this.#options.clientAuth();
    if (this.#made?.contexts !== contexts || this.#made.auth !== auth) {
      this.#made = { contexts, auth, server: this.#makeServer(contexts, auth) };
    }
    return this.#made.server;
  }

  #makeServer(contexts: TlsContexts, auth: ClientAuth): Server {
    const server = createServer({
      ...contexts.server,
      requestCert: auth !== 'no',
      rejectUnauthorized: auth === 'yes',
    });
    server.on('secureConnection', (socket) => this.#secured(socket, auth));
    server.on('tlsClientError', (error, socket) => this.#failed(error, socket));
    return server;
  }

  #secured(socket: TLSSocket, auth: ClientAuth): void {
    const key = connectionOf(socket);
    const raw = this.#waiting.get(key)?.socket;
    if (raw === undefined || this.#isStranger(socket, auth)) {
      socket.destroy();
      return;
    }
    this.#leave(key, raw);
    this.#options.onSecure(socket);
  }

  /** No certificate will do where it is optional, but not a bad one. */
  #isStranger(socket: TLSSocket, auth: ClientAuth): boolean {
    if (auth !== 'optional' || socket.authorized) return false;
    if (socket.getPeerX509Certificate() === undefined) return false;
    this.#options.onFailed(unverified(socket) ?? 'certificate verify failed');
    return true;
  }

  /** Comes once for each socket that does not get in, also when we have closed it ourselves. */
  #failed(error: NodeJS.ErrnoException, socket: TLSSocket): void {
    socket.destroy();
    if (this.#isClosed) return;
    const isHungUp = error.code === 'ECONNRESET' && error.message === 'socket hang up';
    const reason = unverified(socket) ?? (isHungUp ? UNEXPECTED_EOF : reasonOf(error));
    this.#options.onFailed(reason);
  }

  #leave(key: string, socket: Socket): void {
    const waiting = this.#waiting.get(key);
    if (waiting?.socket !== socket) return;
    clearTimeout(waiting.timer);
    this.#waiting.delete(key);
  }
}

/** In OpenSSL's words: Node.js has its own for it. */
const UNEXPECTED_EOF = 'error:0A000126:SSL routines::unexpected eof while reading';

/** OpenSSL lets Node.js judge, so these words are ours; undefined where the certificate is not the trouble. */
function unverified(socket: TLSSocket): string | undefined {
  // A code, and null before there is one, whatever the declared type says.
  const code = socket.authorizationError as unknown;
  return typeof code === 'string' ? `certificate verify failed (${code})` : undefined;
}

function connectionOf(socket: Socket): string {
  const { remoteAddress, remotePort, localAddress, localPort } = socket;
  return `${remoteAddress ?? '?'} ${remotePort ?? 0} ${localAddress ?? '?'} ${localPort ?? 0}`;
}

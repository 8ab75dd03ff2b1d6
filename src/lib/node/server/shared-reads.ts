/**
 * Reading without memory of its own. A socket that a server accepts takes 64 kB for each chunk it reads and
 * leaves them to the garbage collector; one made with `onread` reads into a buffer it is given. All clients of
 * a node share one buffer, because a chunk is used up (or what is left of it copied) before the next is read.
 *
 * Node offers `onread` only to whom makes the socket, so the accepted connection moves into a new one. Its
 * handle and its place in the server's count are no documented members: where they are not what they are
 * today, the socket stays as it is and reads as any other.
 */
import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net';

interface Insides {
  _handle?: object | null;
  _server?: object | null;
}

interface AdoptOptions extends SocketConstructorOpts {
  readonly handle: object;
  readonly onread: OnReadOpts;
}

/**
 * A client that sends faster than we read is read 32 times in a row before others get their turn: with
 * chunks of 64 kB, two megabytes of small commands, a tenth of a second.
 */
const CHUNK_BYTES = 16 * 1024;

/** The buffer, and how many bytes at its beginning are the chunk. */
export type OnChunk = (buffer: Buffer, bytes: number) => void;

interface Reader {
  onChunk: OnChunk | undefined;
}

export class SharedReads {
  #buffer: Buffer | undefined;
  readonly #readers = new WeakMap<Socket, Reader>();

  /** @returns the socket to use instead of the one just accepted; it is paused until `listen`. */
  adopt(accepted: Socket): Socket {
    const old = accepted as unknown as Insides;
    const { _handle: handle, _server: server } = old;
    if (!isObject(handle) || !isObject(server)) return accepted;
    const buffer = (this.#buffer ??= Buffer.allocUnsafeSlow(CHUNK_BYTES));
    old._handle = null;
    old._server = null;
    accepted.destroy();
    const reader: Reader = { onChunk: undefined };
    const options: AdoptOptions = {
      handle,
      onread: {
        buffer,
        callback: (bytes) => {
          reader.onChunk?.(buffer, bytes);
          return true;
        },
      },
    };
    const socket = new Socket(options);
    socket.pause();
    // The server is closed when its last connection is.
    (socket as unknown as Insides)._server = server;
    this.#readers.set(socket, reader);
    return socket;
  }

  /** Chunks of the socket come here from now on, whether it was adopted or not. */
  listen(socket: Socket, onChunk: OnChunk): void {
    const reader = this.#readers.get(socket);
    if (reader === undefined) {
      socket.on('data', (chunk: Buffer) => onChunk(chunk, chunk.length));
    } else {
      reader.onChunk = onChunk;
      socket.resume();
    }
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

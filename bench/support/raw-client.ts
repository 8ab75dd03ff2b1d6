/** A socket to a server: calls whose replies fit into one line or one bulk, and pipelines that are only counted. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { encodeRequest } from '../../src/lib/wire/resp/request-encoder.js';

const CHUNK_BYTES = 256 * 1024;

export class RawClient {
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => undefined);
  }

  static async open(host: string, port: number): Promise<RawClient> {
    const socket = connect({ host, port, noDelay: true });
    await once(socket, 'connect');
    return new RawClient(socket);
  }

  async call(...argv: string[]): Promise<string> {
    this.#socket.write(encodeRequest(argv), 'latin1');
    let text = '';
    do {
      const [chunk] = (await once(this.#socket, 'data')) as [Buffer];
      text += chunk.toString('latin1');
    } while (!isWhole(text));
    return text;
  }

  /** Sends them all, and returns when each has been answered with `reply`. */
  async pipeline(requests: Iterable<readonly string[]>, reply = '+OK\r\n'): Promise<void> {
    let missing = 0;
    let received = 0;
    const count = (chunk: Buffer): void => void (received += chunk.length);
    this.#socket.on('data', count);
    let text = '';
    for (const argv of requests) {
      text += encodeRequest(argv);
      missing += reply.length;
      if (text.length < CHUNK_BYTES) continue;
      const isTaken = this.#socket.write(text, 'latin1');
      text = '';
      if (!isTaken) await once(this.#socket, 'drain');
    }
    this.#socket.write(text, 'latin1');
    while (received < missing) await delay(5);
    this.#socket.off('data', count);
    if (received !== missing) throw new Error('a request was answered with something else');
  }

  close(): void {
    this.#socket.destroy();
  }
}

function isWhole(text: string): boolean {
  const end = text.indexOf('\r\n');
  if (end < 0) return false;
  if (!text.startsWith('$') || text.startsWith('$-1')) return true;
  return text.length >= end + 4 + Number(text.slice(1, end));
}

/** A million different keys with values of 100 bytes, or as many as wanted. */
export function* stringKeys(count: number, prefix = 'key:'): Generator<readonly string[]> {
  for (let at = 0; at < count; at++) {
    const number = String(at).padStart(12, '0');
    yield ['SET', `${prefix}${number}`, number.repeat(9).slice(0, 100)];
  }
}

/** A target of MIGRATE that does as a test says: it keeps what it is sent, and answers when and what it is told. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { RequestParser } from '../../../src/lib/wire/resp/request-parser.js';
import { waitUntil } from '../../support/wait.js';

export class FakeTarget {
  /** Everything received, in order: name and first word. */
  readonly requests: string[] = [];
  /** All connections ever made; the last is the newest. */
  readonly sockets: Socket[] = [];
  /** Answers without being told, while set. */
  answer: ((request: string) => string) | undefined;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((socket) => this.#serve(socket));
  }

  static async open(): Promise<FakeTarget> {
    const target = new FakeTarget();
    target.#server.listen(0, '127.0.0.1');
    await once(target.#server, 'listening');
    return target;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async received(count: number): Promise<void> {
    await waitUntil(`the target has ${count} requests`, () => this.requests.length >= count);
  }

  /** Raw bytes to the newest connection. */
  say(bytes: string): void {
    this.sockets.at(-1)!.write(bytes);
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
    this.#server.close();
  }

  #serve(socket: Socket): void {
    this.sockets.push(socket);
    const parser = new RequestParser();
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      parser.push(chunk);
      for (let argv = parser.next(); argv; argv = parser.next()) {
        const request = argv.slice(0, 2).join(' ');
        this.requests.push(request);
        const reply = this.answer?.(request);
        if (reply === 'hang up') socket.destroy();
        else if (reply !== undefined) socket.write(reply);
      }
      parser.keep();
    });
  }
}

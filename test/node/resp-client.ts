/** A bare RESP client for tests: bytes out, typed replies back in order. */
import { createConnection, type Socket } from 'node:net';
import { once } from 'node:events';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { encodeRequest } from '../../src/lib/wire/resp/request-encoder.js';
import { ReplyDecoder } from '../../src/lib/wire/resp/reply-decoder.js';
import type { Reply } from '../../src/lib/wire/resp/reply.js';

export class RespClient {
  readonly socket: Socket;
  readonly #decoder = new ReplyDecoder();
  readonly #waiting: { resolve: (reply: Reply) => void; reject: (error: Error) => void }[] = [];
  /** Replies nobody waited for: pushes. */
  readonly unasked: Reply[] = [];
  isClosed = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => {
      this.#decoder.push(chunk);
      for (let reply = this.#decoder.next(); reply; reply = this.#decoder.next()) {
        const waiting = reply.kind === 'push' ? undefined : this.#waiting.shift();
        if (waiting) waiting.resolve(reply);
        else this.unasked.push(reply);
      }
      this.#decoder.keep();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.isClosed = true;
      for (const { reject } of this.#waiting.splice(0)) reject(new Error('connection closed'));
    });
  }

  static async open(port: number, host = '127.0.0.1'): Promise<RespClient> {
    const socket = createConnection({ port, host, noDelay: true });
    await once(socket, 'connect');
    return new RespClient(socket);
  }

  static async openTls(port: number, options: ConnectionOptions = {}): Promise<RespClient> {
    const host = options.host ?? '127.0.0.1';
    const socket = connectTls({ ...options, port, host, checkServerIdentity: () => undefined });
    await once(socket, 'secureConnect');
    return new RespClient(socket);
  }

  call(...argv: string[]): Promise<Reply> {
    return this.send(encodeRequest(argv));
  }

  /** Bytes that make one reply. */
  send(bytes: string): Promise<Reply> {
    if (this.isClosed) return Promise.reject(new Error('connection closed'));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.socket.write(bytes, 'latin1');
    });
  }

  close(): void {
    this.socket.destroy();
  }
}

/** A reply as short text for comparisons: `+OK`, `:1`, `$abc`, `nil`, `[a, b]`. */
export function show(reply: Reply): string {
  switch (reply.kind) {
    case 'status':
      return `+${reply.text}`;
    case 'error':
      return `-${reply.text}`;
    case 'bulk':
      return `$${JSON.stringify(reply.text)}`;
    case 'bulk-error':
      return `!${reply.text}`;
    case 'integer':
      return `:${reply.value}`;
    case 'big-number':
      return `(${reply.value}`;
    case 'double':
      return `,${reply.value}`;
    case 'boolean':
      return `#${reply.value}`;
    case 'null':
      return `nil-${reply.form}`;
    case 'verbatim':
      return `=${reply.format}:${JSON.stringify(reply.text)}`;
    case 'array':
    case 'set':
    case 'push':
      return `${reply.kind}[${reply.items.map(show).join(', ')}]`;
    case 'map':
      return `{${reply.pairs.map(([key, value]) => `${show(key)}: ${show(value)}`).join(', ')}}`;
    case 'attribute':
      return `|${show(reply.of)}`;
  }
}

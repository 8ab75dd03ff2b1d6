/** A primary of which only the words are real: it says what a test tells it to, and notes what it hears. */
import { createServer, type Server, type Socket } from 'node:net';
import { RequestParser } from '../../src/lib/wire/resp/request-parser.js';

export const REPLICATION_ID = '0123456789abcdef0123456789abcdef01234567';

/** How far a replica gets: whatever stands behind is never said. */
export type Stage = 'silent' | 'greeted' | 'asked' | 'announced' | 'all';

export interface FakePrimaryOptions {
  readonly stage: Stage;
  /** What follows `+FULLRESYNC`. */
  readonly transfer?: string;
  /** Said again and again behind it. */
  readonly drip?: (count: number) => string;
  /** The answer to PSYNC. */
  readonly answer?: string;
}

export class FakePrimary {
  readonly port: number;
  /** Commands in the order they came, over all connections. */
  readonly heard: string[] = [];
  /** How often somebody connected. */
  connections = 0;
  options: FakePrimaryOptions;
  /** How often the drip was said. */
  drips = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #ticker: NodeJS.Timeout;
  /** Whoever is connected now has said PSYNC. */
  #isAsked = false;

  static async start(options: FakePrimaryOptions): Promise<FakePrimary> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new FakePrimary(server, options);
  }

  private constructor(server: Server, options: FakePrimaryOptions) {
    this.#server = server;
    this.options = options;
    this.port = (server.address() as { port: number }).port;
    server.on('connection', (socket) => this.#accept(socket));
    this.#ticker = setInterval(() => this.#drip(), 10);
  }

  /** To everybody that is connected. */
  say(text: string): void {
    for (const socket of this.#sockets) socket.write(text, 'latin1');
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    clearInterval(this.#ticker);
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #drip(): void {
    const { drip } = this.options;
    if (drip === undefined || !this.#isAsked) return;
    this.say(drip(this.drips++));
  }

  #accept(socket: Socket): void {
    this.connections++;
    this.#isAsked = false;
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket));
    const parser = new RequestParser();
    socket.on('data', (chunk) => {
      parser.push(chunk);
      for (let argv = parser.next(); argv; argv = parser.next()) {
        this.heard.push(argv.join(' '));
        const answer = this.#answerTo(argv);
        if (answer !== undefined) socket.write(answer, 'latin1');
      }
      parser.keep();
    });
  }

  #answerTo(argv: readonly string[]): string | undefined {
    const { stage, transfer = '', answer } = this.options;
    const name = argv[0]!.toLowerCase();
    if (stage === 'silent') return undefined;
    if (name === 'ping') return '+PONG\r\n';
    if (stage === 'greeted') return undefined;
    if (name === 'replconf' && argv[1]!.toLowerCase() === 'ack') return undefined;
    if (name !== 'psync') return '+OK\r\n';
    this.#isAsked = true;
    if (stage === 'asked') return undefined;
    if (answer !== undefined) return answer;
    return `+FULLRESYNC ${REPLICATION_ID} 100\r\n${stage === 'all' ? transfer : ''}`;
  }
}

/** A snapshot without a key: magic, end, and no checksum. */
export const EMPTY_SNAPSHOT = `REDIS0009\xff${'\0'.repeat(8)}`;

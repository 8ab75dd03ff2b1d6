/**
 * A replica that keeps nothing: it asks a server for its stream and writes down the commands it hears. Two
 * servers that are told the same must say the same, word for word.
 */
import { connect, type Socket } from 'node:net';
import { RequestParser } from '../../src/lib/wire/resp/request-parser.js';

/** Said to replicas on account of time, not of a command. */
const TIDINGS = new Set(['ping', 'replconf']);

const DEADLINE_MS = 15_000;

export class StreamTap {
  /** Commands of the stream, oldest first. */
  readonly #heard: (readonly string[])[] = [];
  readonly #socket: Socket;
  readonly #ticker: NodeJS.Timeout;
  #parser: RequestParser | undefined;
  #head = Buffer.alloc(0);
  #wake: () => void = () => undefined;

  static async open(port: number): Promise<StreamTap> {
    const tap = new StreamTap(connect({ port, host: '127.0.0.1', noDelay: true }));
    await tap.#until('the snapshot is through', () => tap.#parser !== undefined);
    return tap;
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.write('PSYNC ? -1\r\n');
    this.#ticker = setInterval(() => socket.write('REPLCONF ACK 0\r\n'), 1000);
  }

  close(): void {
    clearInterval(this.#ticker);
    this.#socket.destroy();
  }

  /** Takes what was heard up to a command that this test alone says, without it. */
  async upTo(mark: readonly string[]): Promise<(readonly string[])[]> {
    const wanted = mark.join(' ');
    const find = (): number => this.#heard.findIndex((argv) => argv.join(' ') === wanted);
    await this.#until(`the stream says ${wanted}`, () => find() >= 0);
    const taken = this.#heard.splice(0, find());
    this.#heard.shift();
    return taken;
  }

  async #until(claim: string, holds: () => boolean): Promise<void> {
    while (!holds()) {
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`in vain until ${claim}`)), DEADLINE_MS);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  #receive(chunk: Buffer): void {
    let bytes = chunk;
    if (this.#parser === undefined) {
      this.#head = Buffer.concat([this.#head, chunk]);
      const behind = behindSnapshot(this.#head);
      if (behind === undefined) return;
      this.#parser = new RequestParser();
      bytes = behind;
    }
    this.#parser.push(bytes);
    for (let argv = this.#parser.next(); argv; argv = this.#parser.next()) {
      if (!TIDINGS.has(argv[0]!.toLowerCase())) this.#heard.push(argv);
    }
    this.#parser.keep();
    this.#wake();
  }
}

/** `+FULLRESYNC id offset`, empty lines while it is made, `$length`, and so many bytes. */
function behindSnapshot(bytes: Buffer): Buffer | undefined {
  const text = bytes.subarray(0, 4096).toString('latin1');
  const head = /^\+FULLRESYNC [^\r]*\r\n\n*\$(\d+)\r\n/.exec(text);
  if (head === null) return undefined;
  const end = head[0].length + Number(head[1]);
  return bytes.length < end ? undefined : bytes.subarray(end);
}

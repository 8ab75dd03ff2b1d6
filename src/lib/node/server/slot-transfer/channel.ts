/**
 * The connection two nodes move slots over. Once both have agreed, both send commands and nobody replies;
 * which of them connected makes no difference from then on.
 */
import { ReplyDecoder } from '../../../wire/resp/reply-decoder.js';
import type { Reply } from '../../../wire/resp/reply.js';
import { encodeRequest } from '../../../wire/resp/request-encoder.js';
import type { ClientPort } from '../../ports/client.js';
import type { Dial } from '../dial.js';
import type { PeerSocket } from '../network.js';

export interface Channel {
  /** Written, and not yet taken by the system. */
  readonly pendingBytes: number;
  write(bytes: Uint8Array): void;
  /** Hang up when what was written has left. */
  end(): void;
}

export interface ChannelListener {
  readonly take: (argv: readonly string[]) => void;
  readonly closed: () => void;
}

/** A client that has proposed a transfer to us is a client no longer. */
export function acceptChannel(client: ClientPort, { take, closed }: ChannelListener): Channel {
  client.divert(take);
  client.onClose(closed);
  return {
    get pendingBytes() {
      return client.pendingBytes;
    },
    write: (bytes) => client.write(bytes),
    end: () => client.close('after-reply'),
  };
}

export interface DialOptions extends ChannelListener {
  readonly dial: Dial;
  readonly host: string;
  readonly port: number;
  /** Commands that the other side answers; the last one is the proposal. */
  readonly opening: readonly (readonly string[])[];
  readonly dialed: () => void;
  readonly accepted: () => void;
  /** What it said instead of OK. */
  readonly refused: (text: string) => void;
}

export class DialedChannel implements Channel {
  readonly #options: DialOptions;
  readonly #socket: PeerSocket;
  readonly #decoder = new ReplyDecoder();
  #unanswered: number;
  #isOver = false;

  constructor(options: DialOptions) {
    this.#options = options;
    this.#unanswered = options.opening.length;
    this.#socket = options.dial(options, () => {
      options.dialed();
      for (const argv of options.opening) this.#socket.write(encodeRequest(argv), 'latin1');
    });
    this.#socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.#socket.on('error', () => this.#close());
    this.#socket.on('end', () => this.#close());
    this.#socket.on('close', () => this.#close());
  }

  get pendingBytes(): number {
    return this.#socket.writableLength;
  }

  write(bytes: Uint8Array): void {
    if (!this.#isOver) this.#socket.write(bytes);
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    // It need not leave: a job that is over waits for nobody, and its node may be about to end.
    this.#socket.end(() => this.#socket.destroy());
  }

  #close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#socket.destroy();
    this.#options.closed();
  }

  #receive(chunk: Buffer): void {
    this.#decoder.push(chunk);
    try {
      for (let reply = this.#next(); reply; reply = this.#next()) this.#take(reply);
    } catch {
      this.#close();
      return;
    }
    this.#decoder.keep();
  }

  #next(): Reply | undefined {
    return this.#isOver ? undefined : this.#decoder.next();
  }

  #take(reply: Reply): void {
    if (this.#unanswered === 0) this.#options.take(wordsOf(reply));
    else if (reply.kind === 'status') {
      if (--this.#unanswered === 0) this.#options.accepted();
    } else this.#options.refused(reply.kind === 'error' ? reply.text : 'an answer out of place');
  }
}

/** A command, read as the reply it looks like. */
function wordsOf(reply: Reply): readonly string[] {
  if (reply.kind !== 'array') throw new Error('not a command');
  return reply.items.map((item) => {
    if (item.kind !== 'bulk') throw new Error('not a word');
    return item.text;
  });
}

/**
 * What a client is sent: the replies of a turn leave in one write, and what it does not take is bounded.
 *
 * A client that only sends and never reads is not read any further (`isBackedUp`); one that reads too slowly
 * what it asked to be sent (a subscriber, a replica) is dropped at its output limit.
 */
import type { Socket } from 'node:net';
import type { ReplyBuffers } from '../../wire/resp/reply-buffers.js';
import { ReplyWriter } from '../../wire/resp/reply-writer.js';

/** Answers the peer has not taken: past this no further command of it runs. */
const UNSENT_BYTES_HIGH = 1024 * 1024;

/** How long a peer may take to read the last replies after we closed. */
const LINGER_MS = 10_000;

/** The same when the whole node stops, for a peer that has stopped reading. */
const ABANDON_MS = 500;

export class ClientOutput {
  readonly replies: ReplyWriter;
  /** The peer leaves so much unread that no further command of it may run. */
  isBackedUp = false;
  /** A replica's stream cannot pause: for it only the output limit counts. */
  isStream = false;
  readonly #socket: Socket;
  readonly #noteOutput: (bytes: number) => void;

  constructor(socket: Socket, buffers: ReplyBuffers, noteOutput: (bytes: number) => void) {
    this.replies = new ReplyWriter(buffers);
    this.#socket = socket;
    this.#noteOutput = noteOutput;
  }

  /** Bytes not yet taken by the operating system. */
  get pendingBytes(): number {
    return this.#socket.writableLength + this.replies.pendingBytes;
  }

  /** The replies gathered so far are more than one write should carry. */
  get isHigh(): boolean {
    return this.replies.pendingBytes > UNSENT_BYTES_HIGH;
  }

  /** Send what this turn wrote. */
  flush(): void {
    this.replies.leave(this.#sendPart);
  }

  send(bytes: string | Uint8Array): void {
    this.#noteOutput(bytes.length);
    const tookAll =
      typeof bytes === 'string' ? this.#socket.write(bytes, 'latin1') : this.#socket.write(bytes);
    if (!tookAll && !this.isStream && this.#socket.writableLength > UNSENT_BYTES_HIGH) {
      this.isBackedUp = true;
    }
  }

  /** What the system took at once may be written over. */
  readonly #sendPart = (bytes: Buffer): boolean => {
    this.send(bytes);
    return this.#socket.writableLength === 0;
  };

  /** The last replies may leave; nothing follows. */
  finish(): void {
    this.flush();
    this.#socket.end();
    // The peer need not close its half; what it still sends is nobody's, and it has not for ever.
    this.#socket.resume();
    this.#socket.setTimeout(LINGER_MS, () => this.#socket.destroy());
  }

  /** The node stops: what was written may leave, the peer's goodbye is not waited for. */
  abandon(): void {
    this.#socket.destroySoon();
    this.#socket.setTimeout(ABANDON_MS, () => this.#socket.destroy());
  }
}

/**
 * One connection to the server that keys are moved to: requests out in one go, replies back in order.
 * Silence ends it: the timeout runs from the last sign of life, as MIGRATE's does, not over the whole.
 */
import { ReplyDecoder } from '../../../wire/resp/reply-decoder.js';
import type { Reply } from '../../../wire/resp/reply.js';
import { requestBytes } from '../../../wire/resp/request-encoder.js';
import type { Dial } from '../dial.js';
import { guarded } from '../fault.js';
import type { PeerSocket } from '../network.js';

export interface LinkFault {
  readonly during: 'connecting' | 'writing' | 'reading';
  /** The peer broke the connection; after silence or nonsense a second attempt would be no better. */
  readonly isBroken: boolean;
}

export interface ExchangeOutcome {
  /** What came back, one per request unless there was a fault. */
  readonly replies: readonly Reply[];
  readonly fault: LinkFault | undefined;
}

interface Exchange {
  readonly requests: readonly (readonly string[])[];
  readonly replies: Reply[];
  readonly timeoutMs: number;
  readonly settle: (fault: LinkFault | undefined) => void;
  sent: number;
}

export interface TransferLinkEvents {
  readonly onClose: () => void;
  /** Its requests could not be made: there was no memory for them, say. */
  readonly onFault: (reason: string) => void;
}

/** setTimeout's own bound. */
const TIMER_MS_MAX = 0x7fff_ffff;

export class TransferLink {
  /** Selected over there; undefined when that is not certain. */
  db: number | undefined;
  readonly #socket: PeerSocket;
  readonly #decoder = new ReplyDecoder();
  readonly #events: TransferLinkEvents;
  #exchange: Exchange | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isConnected = false;
  isClosed = false;

  constructor(dial: Dial, host: string, port: number, events: TransferLinkEvents) {
    this.#events = events;
    this.#socket = dial({ host, port }, () => {
      this.#isConnected = true;
      this.#signOfLife();
      this.#pump();
    });
    this.#socket.on('drain', () => {
      this.#signOfLife();
      this.#pump();
    });
    this.#socket.on('timeout', () => this.close());
    this.#socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.#socket.on('error', (error: NodeJS.ErrnoException) => this.#failed(error));
    this.#socket.on('end', () => this.#failed(undefined));
    this.#socket.on('close', () => this.#failed(undefined));
  }

  /** Sends all requests and collects their replies. After a fault the link is closed. */
  exchange(requests: readonly (readonly string[])[], timeoutMs: number): Promise<ExchangeOutcome> {
    this.#socket.setTimeout(0);
    this.#socket.ref();
    return new Promise((resolve) => {
      const replies: Reply[] = [];
      const settle = (fault: LinkFault | undefined): void => {
        clearTimeout(this.#timer);
        this.#exchange = undefined;
        if (fault !== undefined) this.close();
        resolve({ replies, fault });
      };
      this.#exchange = { requests, replies, timeoutMs, settle, sent: 0 };
      if (this.isClosed) settle({ during: 'writing', isBroken: true });
      else if (requests.length === 0) settle(undefined);
      else {
        this.#signOfLife();
        if (this.#isConnected) this.#pump();
      }
    });
  }

  /** Keep the connection for the next exchange, for so long; it does not keep the process alive. */
  rest(idleMs: number): void {
    this.#socket.unref();
    this.#socket.setTimeout(idleMs);
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#socket.destroy();
    this.#exchange?.settle({ during: this.#phase(), isBroken: false });
    this.#events.onClose();
  }

  #signOfLife(): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => exchange.settle({ during: this.#phase(), isBroken: false }),
      Math.min(exchange.timeoutMs, TIMER_MS_MAX),
    );
  }

  #pump(): void {
    guarded(
      () => this.#write(),
      (reason) => {
        this.#events.onFault(reason);
        this.close();
      },
    );
  }

  /** Until the socket has enough: payloads are not copied before there is room for them. */
  #write(): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    const { requests } = exchange;
    while (exchange.sent < requests.length) {
      if (!this.#socket.write(requestBytes(requests[exchange.sent++]!))) break;
    }
  }

  #receive(chunk: Buffer): void {
    const exchange = this.#exchange;
    if (exchange === undefined) {
      // Nobody asked: whatever this is, the next reply could be taken for another's.
      this.close();
      return;
    }
    this.#signOfLife();
    this.#decoder.push(chunk);
    try {
      for (let reply = this.#decoder.next(); reply; reply = this.#decoder.next()) {
        exchange.replies.push(reply);
      }
    } catch {
      exchange.settle({ during: 'reading', isBroken: false });
      return;
    }
    this.#decoder.keep();
    if (exchange.replies.length >= exchange.requests.length) exchange.settle(undefined);
  }

  #failed(error: NodeJS.ErrnoException | undefined): void {
    // A name that leads nowhere fails before the network; a refusal is the network's answer to our bytes.
    const isUnresolved = error?.syscall === 'getaddrinfo';
    const during = isUnresolved
      ? 'connecting'
      : this.#phase() === 'reading'
        ? 'reading'
        : 'writing';
    this.#exchange?.settle({ during, isBroken: !isUnresolved });
    this.close();
  }

  #phase(): LinkFault['during'] {
    if (!this.#isConnected) return 'connecting';
    const exchange = this.#exchange;
    const isAllSent = exchange === undefined || exchange.sent === exchange.requests.length;
    return isAllSent && this.#socket.writableLength === 0 ? 'reading' : 'writing';
  }
}

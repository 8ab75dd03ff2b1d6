/**
 * Links of a tool that dies in the middle: every command it sends is counted, and after so many the tool is
 * no more. The last one is still done by its server, which is the most a death can leave behind; the rest of
 * its packet is never sent, its reply never seen, and nothing else either.
 */
import type { NodeAddress } from '../../src/lib/cluster/model.js';
import type { BinaryReply, CallOptions, Link, Links, Reply } from '../../src/lib/execute/links.js';
import { TribError } from '../../src/lib/kernel/errors.js';

interface Taken {
  readonly count: number;
  readonly isLast: boolean;
}

type Words = readonly (string | number | Buffer)[];

export class CutLinks implements Links {
  readonly #inner: Links;
  readonly #last: number;
  readonly #atLast: (command: string) => Promise<void> | void;
  #count = 0;
  readonly #dies: boolean;
  readonly #death = new AbortController();
  #isDying = false;
  #isDead = false;
  /** Nodes and first words of all commands, in the order they were sent. */
  readonly sent: string[] = [];

  /**
   * @param last the number of commands it lives for.
   * @param atLast instead of its death: what happens when that command was done.
   */
  constructor(inner: Links, last = Infinity, atLast?: (command: string) => Promise<void> | void) {
    this.#inner = inner;
    this.#last = last;
    this.#dies = atLast === undefined;
    this.#atLast =
      atLast ??
      (() => {
        this.#isDead = true;
        this.#death.abort();
        inner.closeAll();
      });
  }

  /** For those who would wait for something long after it is dead. */
  get death(): AbortSignal {
    return this.#death.signal;
  }

  get count(): number {
    return this.#count;
  }

  to(address: NodeAddress): Link {
    return this.#cut(this.#inner.to(address));
  }

  apart(address: NodeAddress): Link {
    return this.#cut(this.#inner.apart(address));
  }

  closeAll(): void {
    this.#inner.closeAll();
  }

  #cut(link: Link): Link {
    const pack = async <R>(
      requests: readonly (readonly string[])[],
      send: (some: readonly (readonly string[])[]) => Promise<readonly (R | TribError)[]>,
    ): Promise<readonly (R | TribError)[]> => {
      const taken = this.#take(link, requests);
      return this.#answered(taken, send(requests.slice(0, taken.count)));
    };
    return {
      address: link.address,
      call: (args, options) => this.#one(link, args, () => link.call(args, options)),
      callBytes: (args, options) => this.#one(link, args, () => link.callBytes(args, options)),
      ask: (questions, options?: CallOptions) =>
        pack<Reply>(questions, (some) => link.ask(some, options)),
      askBinary: (requests, options?: CallOptions) =>
        pack<BinaryReply>(requests, (some) => link.askBinary(some, options)),
      close: () => link.close(),
    };
  }

  async #one<T>(link: Link, args: Words, send: () => Promise<T>): Promise<T> {
    const taken = this.#take(link, [args]);
    return this.#answered(taken, send());
  }

  /** How many of them are sent. @throws when it is dead already */
  #take(link: Link, requests: readonly Words[]): Taken {
    if (this.#isDead || this.#isDying) throw dead();
    const { host, port } = link.address;
    const left = this.#last - this.#count;
    const isLast = left > 0 && requests.length >= left;
    const count = isLast ? left : requests.length;
    // Whatever happens at the last command, a tool that dies sends nothing while it does.
    this.#isDying = isLast && this.#dies;
    this.#count += count;
    for (const words of requests.slice(0, count)) {
      this.sent.push(`${host}:${port} ${words.map(String).join(' ')}`);
    }
    return { count, isLast };
  }

  async #answered<T>({ isLast }: Taken, replies: Promise<T>): Promise<T> {
    let reply: T | undefined;
    let failure: unknown;
    try {
      reply = await replies;
    } catch (error) {
      failure = error;
    }
    if (isLast) await this.#atLast(this.sent.at(-1)!);
    if (this.#isDead) throw dead();
    if (failure !== undefined) throw failure as Error;
    return reply!;
  }
}

const dead = (): TribError => new TribError('NODE_UNREACHABLE', 'the tool is dead');

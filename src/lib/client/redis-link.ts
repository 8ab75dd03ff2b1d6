/**
 * A link to one server: commands over ioredis, questions over the light link beside it, each opened when
 * it is first needed; a program that only looks never loads ioredis. ioredis is built for applications that would rather wait than fail:
 * it queues, reconnects and resends. An administrator wants the opposite, for a command sent twice may
 * do its work twice. So everything of the kind is switched off here, logging in is done by hand (ioredis
 * writes its own warnings to the console), and every call ends by its deadline, whatever the server does.
 *
 * This file is the only one that knows ioredis.
 */
import type { Redis } from 'ioredis';
import type { NodeAddress } from '../cluster/model.js';
import type { BinaryReply, CallOptions, Link, Reply } from '../execute/links.js';
import { latin1ToUtf8 } from '../kernel/bytes.js';
import { AssertionFailure, TribError, messageOf, unreachable } from '../kernel/errors.js';
import type { Reply as RawReply } from '../wire/resp/reply.js';
import {
  CALL_DEADLINE_MS,
  CONNECT_TIMEOUT_MS,
  type ConnectionOptions,
} from './connection-options.js';
import { formatAddress } from '../cluster/address.js';
import {
  aborted,
  closedByServer,
  connectFailure,
  deadlinePassed,
  loginRefused,
  replyError,
} from './link-errors.js';
import { RawLink } from './raw-link.js';
import { tlsFor } from './tls.js';

type Argument = string | number | Buffer;
type Ioredis = Pick<typeof import('ioredis'), 'Redis' | 'Command'>;

export class RedisLink implements Link {
  readonly address: NodeAddress;
  readonly #reachedAt: NodeAddress;
  readonly #options: ConnectionOptions;
  #open: Promise<Redis> | undefined;
  #redis: Redis | undefined;
  #raw: RawLink | undefined;
  #ioredis: Ioredis | undefined;
  #closings = 0;
  #isCorked = false;

  /** @param reachedAt where to connect, when that is not where the cluster says the node is. */
  constructor(address: NodeAddress, reachedAt: NodeAddress, options: ConnectionOptions) {
    this.address = address;
    this.#reachedAt = reachedAt;
    this.#options = options;
  }

  async call(args: readonly (string | number)[], options: CallOptions = {}): Promise<Reply> {
    return (await this.#send(args, 'utf8', options)) as Reply;
  }

  callBytes(args: readonly Argument[], options: CallOptions = {}): Promise<unknown> {
    return this.#send(args, null, options);
  }

  ask(
    questions: readonly (readonly string[])[],
    options: CallOptions = {},
  ): Promise<readonly (Reply | TribError)[]> {
    return this.#ask(questions, options, textOf);
  }

  askBinary(
    requests: readonly (readonly string[])[],
    options: CallOptions = {},
  ): Promise<readonly (BinaryReply | TribError)[]> {
    return this.#ask(requests, options, (latin1) => latin1);
  }

  async #ask(
    requests: readonly (readonly string[])[],
    options: CallOptions,
    decode: (latin1: string) => string,
  ): Promise<readonly (Reply | TribError)[]> {
    if (requests.length === 0) return [];
    const raw = (this.#raw ??= new RawLink(this.#where, this.#reachedAt, this.#options));
    const replies = await raw.ask(requests, options);
    return replies.map((reply, index) =>
      reply.kind === 'error'
        ? replyError(this.#where, requests[index]!, textOf(reply.text))
        : plain(reply, decode),
    );
  }

  close(): void {
    this.#raw?.close();
    this.#raw = undefined;
    this.#closings++;
    this.#closeCommands();
  }

  #closeCommands(): void {
    const redis = this.#redis;
    this.#open = undefined;
    this.#redis = undefined;
    if (!redis) return;
    redis.disconnect();
    // A stopped server would never finish a polite farewell.
    const stream = redis.stream as Redis['stream'] | undefined;
    stream?.destroy();
  }

  async #send(
    args: readonly Argument[],
    replyEncoding: 'utf8' | null,
    options: CallOptions,
  ): Promise<unknown> {
    const deadlineMs = options.deadlineMs ?? this.#options.callDeadlineMs ?? CALL_DEADLINE_MS;
    const answer = this.#exchange(args, replyEncoding);
    return new Promise((resolve, reject) => {
      const { signal } = options;
      const onAbort = (): void => finish(() => reject(aborted(this.#where, args)));
      const timer = setTimeout(() => {
        // A late answer must not be taken for the answer to the next call: the connection goes.
        this.#closeCommands();
        finish(() => reject(deadlinePassed(this.#where, args, deadlineMs)));
      }, deadlineMs);
      const finish = (settle: () => void): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        settle();
      };
      if (signal?.aborted === true) {
        onAbort();
        return;
      }
      signal?.addEventListener('abort', onAbort, { once: true });
      answer.then(
        (reply) => finish(() => resolve(reply)),
        (error: unknown) => finish(() => reject(this.#translate(error, args))),
      );
    });
  }

  async #exchange(args: readonly Argument[], replyEncoding: 'utf8' | null): Promise<unknown> {
    const closings = this.#closings;
    const ioredis = (this.#ioredis ??= await import('ioredis'));
    // Closed while it was being loaded: nobody would close what is opened now.
    if (closings !== this.#closings) throw new Error('Connection is closed.');
    const redis = await (this.#open ??= this.#connect(ioredis));
    this.#cork(redis);
    const [name, ...rest] = args;
    return redis.sendCommand(new ioredis.Command(String(name), rest, { replyEncoding }));
  }

  /** Calls of one turn leave in one packet: a round of four questions costs one round trip. */
  #cork(redis: Redis): void {
    if (this.#isCorked) return;
    this.#isCorked = true;
    redis.stream.cork();
    process.nextTick(() => {
      this.#isCorked = false;
      redis.stream.uncork();
    });
  }

  async #connect(ioredis: Ioredis): Promise<Redis> {
    const { family, tls, password } = this.#options;
    const redis = new ioredis.Redis({
      host: this.#reachedAt.host,
      port: this.#reachedAt.port,
      ...(family === undefined ? {} : { family }),
      ...(tls === undefined ? {} : { tls: tlsFor(this.#reachedAt.host, tls) }),
      connectTimeout: this.#options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
      protocol: 2,
      lazyConnect: true,
      enableOfflineQueue: false,
      enableReadyCheck: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      retryStrategy: () => null,
      disableClientInfo: true,
    });
    this.#redis = redis;
    let reason: unknown;
    redis.on('error', (error: unknown) => (reason = error));
    redis.once('end', () => {
      // A connection that ended must not be found again by the next call.
      if (this.#redis === redis) this.#closeCommands();
    });
    try {
      await redis.connect();
      if (password !== undefined) await this.#login(ioredis, redis, password);
      return redis;
    } catch (error) {
      if (this.#redis === redis) this.#closeCommands();
      if (error instanceof TribError) throw error;
      throw connectFailure(this.#where, reason ?? error, this.#options);
    }
  }

  async #login({ Command }: Ioredis, redis: Redis, password: string): Promise<void> {
    const { username } = this.#options;
    const args = username === undefined ? [password] : [username, password];
    try {
      await redis.sendCommand(new Command('AUTH', args, { replyEncoding: 'utf8' }));
    } catch (error) {
      const words = messageOf(error);
      // The server asks for none: what was offered is simply not needed, as redis-cli has it.
      if (/no password is set|without any password configured/.test(words)) return;
      if (isServerWords(error)) throw loginRefused(this.#where, username, words);
      throw error;
    }
  }

  #translate(error: unknown, args: readonly Argument[]): Error {
    if (error instanceof TribError || error instanceof AssertionFailure) return error;
    if (isServerWords(error)) return replyError(this.#where, args, messageOf(error));
    return closedByServer(this.#where, args, error);
  }

  get #where(): string {
    const announced = formatAddress(this.address);
    const reached = formatAddress(this.#reachedAt);
    return announced === reached ? announced : `${announced} (reached at ${reached})`;
  }
}

/** As ioredis gives them. Text that is ASCII, as nearly all is, needs no second copy. */
function plain(reply: RawReply, decode: (latin1: string) => string): Reply {
  switch (reply.kind) {
    case 'status':
    case 'error':
    case 'bulk':
    case 'bulk-error':
    case 'verbatim':
      return decode(reply.text);
    case 'integer':
      return typeof reply.value === 'number' ? reply.value : String(reply.value);
    case 'double':
    case 'big-number':
    case 'boolean':
      return String(reply.value);
    case 'null':
      return null;
    case 'array':
    case 'set':
    case 'push':
      return reply.items.map((item) => plain(item, decode));
    case 'map':
      return reply.pairs.flatMap(([key, value]) => [plain(key, decode), plain(value, decode)]);
    case 'attribute':
      return plain(reply.of, decode);
    default:
      return unreachable(reply);
  }
}

function textOf(latin1: string): string {
  return /[\x80-\xff]/.test(latin1) ? latin1ToUtf8(latin1) : latin1;
}

/** An error the server sent, as against one of the connection. */
function isServerWords(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError';
}

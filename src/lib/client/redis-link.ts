/**
 * A link to one server, over ioredis. ioredis is built for applications that would rather wait than fail:
 * it queues, reconnects and resends. An administrator wants the opposite, for a command sent twice may
 * do its work twice. So everything of the kind is switched off here, logging in is done by hand (ioredis
 * writes its own warnings to the console), and every call ends by its deadline, whatever the server does.
 *
 * This file is the only one that knows ioredis.
 */
import { Command, Redis } from 'ioredis';
import type { NodeAddress } from '../cluster/model.js';
import type { CallOptions, Link, Reply } from '../execute/links.js';
import { AssertionFailure, TribError, messageOf } from '../kernel/errors.js';
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
import { tlsFor } from './tls.js';

type Argument = string | number | Buffer;

export class RedisLink implements Link {
  readonly address: NodeAddress;
  readonly #reachedAt: NodeAddress;
  readonly #options: ConnectionOptions;
  #open: Promise<Redis> | undefined;
  #redis: Redis | undefined;
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

  close(): void {
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
        this.close();
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
    const redis = await (this.#open ??= this.#connect());
    this.#cork(redis);
    const [name, ...rest] = args;
    return redis.sendCommand(new Command(String(name), rest, { replyEncoding }));
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

  async #connect(): Promise<Redis> {
    const { family, tls, username, password } = this.#options;
    const redis = new Redis({
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
      if (this.#redis === redis) this.close();
    });
    try {
      await redis.connect();
      if (password !== undefined) await this.#login(redis, username, password);
      return redis;
    } catch (error) {
      if (this.#redis === redis) this.close();
      if (error instanceof TribError) throw error;
      throw connectFailure(this.#where, reason ?? error, this.#options);
    }
  }

  async #login(redis: Redis, username: string | undefined, password: string): Promise<void> {
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

/** An error the server sent, as against one of the connection. */
function isServerWords(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError';
}

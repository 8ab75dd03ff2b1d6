/**
 * A snapshot over a connection of its own, which is closed behind it: the server takes us for a replica that
 * asks for everything (PSYNC ? -1). Questions go one by one, since a server refuses PSYNC while an
 * answer is still on its way out. A server that sends nothing, not even a line end, is given up.
 */
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { formatAddress } from '../cluster/address.js';
import type { NodeAddress } from '../cluster/model.js';
import type { Snapshot, Snapshots } from '../execute/backup/snapshots.js';
import { utf8ToLatin1 } from '../kernel/bytes.js';
import { AssertionFailure, TribError } from '../kernel/errors.js';
import { encodeRequest } from '../wire/resp/request-encoder.js';
import { SyncFramer, type SyncPiece } from '../wire/sync-framer.js';
import { CONNECT_TIMEOUT_MS, type ConnectionOptions } from './connection-options.js';
import {
  aborted,
  closedByServer,
  connectFailure,
  deadlinePassed,
  loginRefused,
  notRedis,
  replyError,
} from './link-errors.js';
import { tlsFor } from './tls.js';

const COMMAND = ['PSYNC', '?', '-1'] as const;

export class SnapshotLinks implements Snapshots {
  readonly #options: ConnectionOptions;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  async take(
    address: NodeAddress,
    options: { readonly idleMs: number; readonly signal?: AbortSignal | undefined },
  ): Promise<Snapshot> {
    const link = new SnapshotLink(address, this.#options, options);
    try {
      await link.login();
      // Offered, not needed: a server that knows neither says so, and sends what it can.
      await link.ask(['REPLCONF', 'capa', 'eof', 'capa', 'psync2']);
      await link.ask(['REPLCONF', 'rdb-only', '1']);
      const reply = await link.ask(COMMAND);
      const found = /^\+FULLRESYNC ([0-9a-zA-Z]{40}) (\d+)/.exec(reply);
      if (!found && !reply.startsWith('+')) throw link.refused(reply);
      const origin = {
        replicationId: found?.[1],
        offset: found === null ? undefined : Number(found[2]),
      };
      return { origin, chunks: link.chunks() };
    } catch (error) {
      link.close();
      throw error;
    }
  }
}

class SnapshotLink {
  readonly #where: string;
  readonly #options: ConnectionOptions;
  readonly #socket: Socket;
  readonly #framer = new SyncFramer();
  readonly #incoming: AsyncIterator<Buffer>;
  readonly #signal: AbortSignal | undefined;
  readonly #idleMs: number;
  readonly #onAbort: () => void;
  readonly #patience: NodeJS.Timeout;
  #pieces: Generator<SyncPiece, void, undefined> | undefined;
  #isConnected = false;
  #failure: Error | undefined;

  constructor(
    address: NodeAddress,
    options: ConnectionOptions,
    { idleMs, signal }: { readonly idleMs: number; readonly signal?: AbortSignal | undefined },
  ) {
    const reachedAt = options.natMap?.reachable(address) ?? address;
    this.#where = formatAddress(address);
    this.#options = options;
    this.#idleMs = idleMs;
    this.#signal = signal;
    const { family, tls } = options;
    const target = {
      host: reachedAt.host,
      port: reachedAt.port,
      noDelay: true,
      ...(family === undefined ? {} : { family }),
    };
    this.#socket =
      tls === undefined
        ? connectPlain(target)
        : connectTls({ ...target, ...tlsFor(reachedAt.host, tls) });
    this.#patience = setTimeout(
      () => this.#fail(Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' })),
      options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    );
    this.#socket.once(tls === undefined ? 'connect' : 'secureConnect', () => {
      this.#isConnected = true;
      clearTimeout(this.#patience);
      this.#socket.setTimeout(idleMs);
    });
    this.#socket.on('timeout', () => this.#fail(deadlinePassed(this.#where, COMMAND, idleMs)));
    this.#socket.on('error', (error) => this.#fail(error));
    this.#onAbort = () => this.#fail(aborted(this.#where, COMMAND));
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    this.#incoming = this.#socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    if (signal?.aborted === true) this.#onAbort();
  }

  async login(): Promise<void> {
    const { username, password } = this.#options;
    if (password === undefined) return;
    const words = username === undefined ? ['AUTH', password] : ['AUTH', username, password];
    const reply = await this.ask(words.map(utf8ToLatin1));
    if (!reply.startsWith('-')) return;
    if (/no password is set|without any password configured/.test(reply)) return;
    throw loginRefused(this.#where, username, reply.slice(1));
  }

  /** @returns the line that answers, with its first character. */
  async ask(words: readonly string[]): Promise<string> {
    this.#socket.write(encodeRequest(words), 'latin1');
    const piece = await this.#next();
    if (piece.kind === 'line') return piece.text;
    throw new TribError('PROTOCOL', `${this.#where} sent a snapshot that nobody asked for.`);
  }

  async *chunks(): AsyncGenerator<Buffer, void, undefined> {
    try {
      for (;;) {
        const piece = await this.#next();
        if (piece.kind === 'end') return;
        if (piece.kind === 'line') throw this.refused(piece.text);
        yield piece.bytes;
      }
    } finally {
      this.close();
    }
  }

  refused(reply: string): TribError {
    return replyError(this.#where, COMMAND, reply.replace(/^-/, ''));
  }

  close(): void {
    clearTimeout(this.#patience);
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#socket.destroy();
  }

  async #next(): Promise<SyncPiece> {
    for (;;) {
      const piece = this.#piece();
      if (piece !== undefined) return piece;
      this.#pieces = this.#framer.push(await this.#chunk());
    }
  }

  #piece(): SyncPiece | undefined {
    try {
      const piece = this.#pieces?.next();
      return piece?.done === false ? piece.value : undefined;
    } catch (error) {
      throw this.#translate(error);
    }
  }

  async #chunk(): Promise<Buffer> {
    let next: IteratorResult<Buffer, unknown>;
    if (this.#isConnected) this.#socket.setTimeout(this.#idleMs);
    try {
      next = await this.#incoming.next();
    } catch (error) {
      throw this.#translate(this.#failure ?? error);
    }
    if (next.done === true || this.#failure !== undefined) {
      throw this.#translate(this.#failure ?? new Error('Connection is closed.'));
    }
    // While nobody listens, the silence is ours.
    this.#socket.setTimeout(0);
    return next.value;
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.close();
  }

  #translate(error: unknown): Error {
    if (error instanceof AssertionFailure) return error;
    if (error instanceof TribError) {
      return error.code === 'PROTOCOL' ? notRedis(this.#where, error) : error;
    }
    if (!this.#isConnected) return connectFailure(this.#where, error, this.#options);
    return closedByServer(this.#where, COMMAND, error);
  }
}

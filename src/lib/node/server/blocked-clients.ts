/**
 * Clients that wait for keys (BLPOP and its kin), in the order they came, by key.
 *
 * A key that comes into being is noted as ready while a command runs; nobody is served then, because the
 * command, or the transaction it is part of, is not through. Afterwards the runner takes one client at a time
 * from here (`nextReady`) and lets it have its turn, an execution of its own. That may make further keys
 * ready (BLMOVE feeds a list that somebody waits for), so this goes on until nothing is ready: a loop, not a
 * recursion, however long the chain.
 */
import type { ReplySink } from '../../wire/resp/reply-sink.js';
import type { BlockRequest } from '../commands/store-call.js';
import type { Keyspace } from '../store/keyspace.js';
import { typeName } from '../store/value.js';
import type { Connection } from './connection.js';
import { guarded } from './fault.js';
import { type Deadline, Deadlines } from './deadlines.js';

export interface Blocking {
  readonly connection: Connection;
  readonly argv: readonly string[];
  readonly db: number;
  readonly request: BlockRequest;
  readonly nowMs: number;
}

export class BlockedClient implements Deadline {
  readonly connection: Connection;
  readonly argv: readonly string[];
  readonly db: number;
  readonly request: BlockRequest;
  readonly deadlineMs: number;
  isOver = false;
  /** Ends the wait with the reply that `write` makes. */
  answer: (write: (reply: ReplySink) => void) => void = () => undefined;

  constructor({ connection, argv, db, request, nowMs }: Blocking) {
    this.connection = connection;
    this.argv = argv;
    this.db = db;
    this.request = request;
    this.deadlineMs = request.timeoutMs === 0 ? Infinity : nowMs + request.timeoutMs;
  }
}

/** A client whose turn it is, and for which of its keys. */
export interface ReadyClient {
  readonly client: BlockedClient;
  readonly key: string;
}

export interface BlockedClientsOptions {
  readonly keyspace: Keyspace;
  readonly nowMs: () => number;
  readonly onFatal: (reason: string) => void;
}

interface ReadyKey {
  readonly db: number;
  readonly key: string;
}

interface Turns {
  readonly ready: ReadyKey;
  readonly clients: Iterator<BlockedClient>;
}

/** Timers take no longer waits. */
const DELAY_MS_MAX = 0x7fff_ffff;

export class BlockedClients {
  /** Keys came into being that somebody waits for. */
  hasReady = false;
  readonly #options: BlockedClientsOptions;
  readonly #keyspace: Keyspace;
  /** By database, then by key. A Set keeps the order of arrival. */
  readonly #waiting = new Map<number, Map<string, Set<BlockedClient>>>();
  readonly #all = new Set<BlockedClient>();
  readonly #deadlines = new Deadlines<BlockedClient>();
  #ready: ReadyKey[] = [];
  /** The clients of the key being served that have not had their turn. */
  #turns: Turns | undefined;
  #timer: NodeJS.Timeout | undefined;
  #timerMs = Infinity;

  constructor(options: BlockedClientsOptions) {
    this.#options = options;
    this.#keyspace = options.keyspace;
  }

  add(blocking: Blocking): void {
    const client = new BlockedClient(blocking);
    client.answer = client.connection.suspend(() => this.#leave(client));
    this.#all.add(client);
    this.#keyspace.onInsert = this.#noteInsert;
    this.#keyspace.onSwap = this.#noteSwap;
    let keys = this.#waiting.get(client.db);
    if (keys === undefined) {
      keys = new Map<string, Set<BlockedClient>>();
      this.#waiting.set(client.db, keys);
    }
    for (const key of client.request.keys) {
      const clients = keys.get(key);
      if (clients === undefined) keys.set(key, new Set([client]));
      else clients.add(client);
    }
    if (client.deadlineMs === Infinity) return;
    this.#deadlines.add(client);
    this.#schedule();
  }

  /** The next client that can be served; undefined when nobody can. */
  nextReady(nowMs: number): ReadyClient | undefined {
    for (;;) {
      this.#turns ??= this.#nextKey();
      if (this.#turns === undefined) {
        this.hasReady = false;
        return undefined;
      }
      const { ready, clients } = this.#turns;
      const entry = this.#keyspace.db(ready.db).lookup(ready.key, nowMs);
      const next = entry === undefined ? undefined : clients.next();
      if (entry === undefined || next?.done !== false) this.#turns = undefined;
      else if (next.value.request.type === typeName(entry.value)) {
        return { client: next.value, key: ready.key };
      }
    }
  }

  /** The client has its reply. */
  finish(client: BlockedClient): void {
    this.#leave(client);
    client.answer(() => undefined);
  }

  /**
   * Sends clients away who wait for what will not come here any more.
   * @param refusal the error for a client that waits for these keys; undefined lets it wait on
   */
  releaseWhere(
    refusal: (keys: readonly string[], connection: Connection) => string | undefined,
  ): void {
    for (const client of [...this.#all]) {
      const text = refusal(client.request.keys, client.connection);
      if (text === undefined) continue;
      this.#leave(client);
      client.answer((reply) => reply.error(text));
    }
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timerMs = -Infinity;
  }

  readonly #noteInsert = (db: number, key: string): void => {
    if (this.#waiting.get(db)?.has(key) !== true) return;
    this.#ready.push({ db, key });
    this.hasReady = true;
  };

  readonly #noteSwap = (db: number): void => {
    for (const key of this.#waiting.get(db)?.keys() ?? []) {
      if (this.#keyspace.db(db).raw(key) !== undefined) this.#noteInsert(db, key);
    }
  };

  #nextKey(): Turns | undefined {
    const ready = this.#ready.shift();
    if (ready === undefined) return undefined;
    // Whoever leaves meanwhile leaves this row, too; nobody joins it, as no client runs a command meanwhile.
    const clients = this.#waiting.get(ready.db)?.get(ready.key) ?? [];
    return { ready, clients: clients.values() };
  }

  #leave(client: BlockedClient): void {
    if (client.isOver) return;
    this.#remove(client);
    if (client.deadlineMs !== Infinity) this.#deadlines.noteOver();
  }

  #remove(client: BlockedClient): void {
    client.isOver = true;
    this.#all.delete(client);
    const keys = this.#waiting.get(client.db)!;
    for (const key of client.request.keys) {
      const clients = keys.get(key);
      if (clients?.delete(client) && clients.size === 0) keys.delete(key);
    }
    if (this.#all.size > 0) return;
    this.#keyspace.onInsert = undefined;
    this.#keyspace.onSwap = undefined;
  }

  #schedule(): void {
    const nextMs = this.#deadlines.nextMs ?? Infinity;
    if (nextMs >= this.#timerMs) return;
    clearTimeout(this.#timer);
    this.#timerMs = nextMs;
    const delayMs = Math.max(1, Math.min(nextMs - this.#options.nowMs(), DELAY_MS_MAX));
    const timeOut = (): void => guarded(() => this.#timeOut(), this.#options.onFatal);
    this.#timer = setTimeout(timeOut, delayMs);
  }

  #timeOut(): void {
    this.#timerMs = Infinity;
    const nowMs = this.#options.nowMs();
    for (;;) {
      const client = this.#deadlines.takeDue(nowMs);
      if (client === undefined) break;
      client.answer((reply) => client.request.writeTimeout(reply));
      this.#remove(client);
    }
    this.#schedule();
  }
}

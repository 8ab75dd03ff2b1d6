/**
 * Commands that no client sends: the primary's stream, append-only files at the start, the slots of another
 * node. Each runs as that of a client without a socket and with full rights.
 */
import { Socket } from 'node:net';
import type { ConfigWing, Log } from '../ports/wings.js';
import { Connection, type ConnectionOwner } from './connection.js';
import type { Dispatcher } from './dispatcher.js';
import type { Eviction } from './eviction.js';
import type { ServingRules } from './serving-rules.js';

export interface CommandStreamsOptions {
  readonly config: ConfigWing;
  readonly log: Log;
  readonly dispatcher: Dispatcher;
  readonly eviction: Eviction;
  readonly rules: ServingRules;
  readonly owner: ConnectionOwner;
  readonly nowMs: () => number;
  readonly onFatal: (reason: string) => void;
}

/** A broken disk is told of once a second, not with every write. */
const COMPLAINT_MS = 1000;

const OUT_OF_MEMORY = 'Ran out of memory (OOM) during slot import';

export class CommandStreams {
  readonly #options: CommandStreamsOptions;
  readonly #dispatcher: Dispatcher;
  readonly #rules: ServingRules;
  /** Files are read before a primary is heard, so that one serves both. */
  readonly #history: Connection;
  readonly #imported: Connection;
  #complainedAtMs = 0;

  constructor(options: CommandStreamsOptions) {
    this.#options = options;
    this.#dispatcher = options.dispatcher;
    this.#rules = options.rules;
    this.#history = newStream(options.owner);
    this.#imported = newStream(options.owner);
  }

  /** One command of the primary's stream. @throws TribError when it cannot be applied */
  applyReplicated(argv: readonly string[], db: number): void {
    this.#history.db = db;
    if (this.#rules.diskError !== undefined) this.#meetDiskError();
    this.#dispatcher.executeReplicated(this.#history, argv);
  }

  /** @throws TribError when no such command exists here */
  vetReplicated(argv: readonly string[]): void {
    this.#dispatcher.vetReplicated(this.#history, argv);
  }

  /** One command of an append-only file. @returns false when there is no such command */
  applyLoaded(argv: readonly string[], db: number): boolean {
    this.#history.db = db;
    return this.#dispatcher.executeLoaded(this.#history, argv);
  }

  /** One command that another node has run on a slot that moves here. @returns what is wrong */
  applyImported(argv: readonly string[], db: number): string | undefined {
    const { eviction } = this.#options;
    if (eviction.limitBytes > 0 && !eviction.relieve()) return OUT_OF_MEMORY;
    this.#imported.db = db;
    return this.#dispatcher.executeImported(this.#imported, argv);
  }

  /** A replica cannot refuse what its primary has done: it takes it and forgets it, or ends. */
  #meetDiskError(): void {
    const { config, log, nowMs, onFatal } = this.#options;
    if (!config.boolean('replica-ignore-disk-write-errors')) {
      onFatal('its primary has written, and it cannot write that to its disk');
    } else if (nowMs() - this.#complainedAtMs > COMPLAINT_MS) {
      this.#complainedAtMs = nowMs();
      log('warning', 'The primary has written, and it cannot be written to disk here');
    }
  }
}

function newStream(owner: ConnectionOwner): Connection {
  const stream = new Connection(0, new Socket(), owner, false);
  stream.isAuthenticated = true;
  return stream;
}

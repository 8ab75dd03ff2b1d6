/**
 * One execution of one command, as the command sees it. The runner keeps one of these and fills it
 * anew for each command: the hot path makes no object per call.
 */
import { assert } from '../../kernel/errors.js';
import type { Prng } from '../../kernel/prng.js';
import type { ReplySink } from '../../wire/resp/reply-sink.js';
import type { BlockRequest, StoreCall } from '../commands/store-call.js';
import type { SessionsPort } from '../ports/session.js';
import type { Wings } from '../ports/wings.js';
import type { Database } from '../store/database.js';
import type { Keyspace } from '../store/keyspace.js';
import type { BlockedClients } from './blocked-clients.js';
import type { Connection } from './connection.js';
import type { Propagation } from './propagation.js';

export class Execution implements StoreCall {
  argv: readonly string[] = [];
  client!: Connection;
  reply!: ReplySink;
  db!: Database;
  nowMs = 0;
  isReplicated = false;
  /** Inside EXEC nothing may wait. */
  maySuspend = true;
  /** The command said itself what travels (possibly nothing), so argv does not. */
  hasSpoken = false;
  readonly keyspace: Keyspace;
  readonly wings: Wings;
  readonly sessions: SessionsPort;
  readonly prng: Prng;
  readonly #propagation: Propagation;
  readonly #blocked: BlockedClients;

  constructor(options: {
    readonly keyspace: Keyspace;
    readonly wings: Wings;
    readonly sessions: SessionsPort;
    readonly prng: Prng;
    readonly propagation: Propagation;
    readonly blocked: BlockedClients;
  }) {
    this.keyspace = options.keyspace;
    this.wings = options.wings;
    this.sessions = options.sessions;
    this.prng = options.prng;
    this.#propagation = options.propagation;
    this.#blocked = options.blocked;
  }

  /** Make this the execution of another command. */
  begin(client: Connection, argv: readonly string[], nowMs: number, isReplicated: boolean): void {
    this.client = client;
    this.argv = argv;
    this.reply = client.replies;
    this.db = this.keyspace.databases[client.db]!;
    this.nowMs = nowMs;
    this.isReplicated = isReplicated;
    this.hasSpoken = false;
  }

  propagate(...argv: readonly string[]): void {
    this.hasSpoken = true;
    if (!this.isReplicated) this.#propagation.add(this.db.index, argv);
  }

  propagateNothing(): void {
    this.hasSpoken = true;
  }

  suspend(onCancel: () => void): (answer: (reply: ReplySink) => void) => void {
    assert(this.maySuspend, `${this.argv[0] ?? ''} may not wait inside a transaction`);
    return this.client.suspend(onCancel);
  }

  block(request: BlockRequest): void {
    if (!this.maySuspend || this.isReplicated) {
      request.writeTimeout(this.reply);
      return;
    }
    this.#blocked.add({
      connection: this.client,
      argv: this.argv,
      db: this.db.index,
      request,
      nowMs: this.nowMs,
    });
  }
}

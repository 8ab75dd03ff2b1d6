/**
 * Runs what was admitted: one command or a whole transaction, with its time, its errors and its share of the
 * replication stream accounted for.
 */
import type { Prng } from '../../kernel/prng.js';
import { slotOfKey } from '../../kernel/slot.js';
import { encodedBytes } from '../../wire/resp/request-encoder.js';
import type { SessionsPort } from '../ports/session.js';
import type { Wings } from '../ports/wings.js';
import type { Keyspace } from '../store/keyspace.js';
import type { BlockedClients, ReadyClient } from './blocked-clients.js';
import type { CallClock } from './call-clock.js';
import type { Command } from './command-table.js';
import type { Connection } from './connection.js';
import { OwnExpiries } from './own-expiries.js';
import { Execution } from './execution.js';
import { describeFault, INTERNAL_ERROR } from './fault.js';
import type { Monitors } from './monitors.js';
import type { Pauses } from './pauses.js';
import { type Appender, Propagation, type WriteTap } from './propagation.js';
import { redact } from './redaction.js';
import type { ServingRules } from './serving-rules.js';
import type { QueuedCommand } from './transaction.js';

export interface CommandRunnerOptions {
  readonly keyspace: Keyspace;
  readonly wings: Wings;
  readonly appender: Appender;
  /** Present where slots can move whole. */
  readonly tap: WriteTap | undefined;
  readonly sessions: SessionsPort;
  readonly monitors: Monitors;
  readonly pauses: Pauses;
  readonly rules: ServingRules;
  readonly blocked: BlockedClients;
  readonly prng: Prng;
  readonly clock: CallClock;
  readonly nowMs: () => number;
}

/** More words, or a longer answer, make quick commands slow. */
const QUICK_WORDS_MAX = 16;
const QUICK_REPLY_BYTES_MAX = 8 * 1024;

/** A command that has run, for what its slot cost. */
interface Work {
  readonly execution: Execution;
  readonly command: Command;
  readonly argv: readonly string[];
  readonly micros: number;
  readonly bytesOut: number;
}

/** MULTI as it travelled. */
const MULTI_BYTES = encodedBytes(['multi']);

export class CommandRunner {
  readonly #options: CommandRunnerOptions;
  readonly #keyspace: Keyspace;
  readonly #wings: Wings;
  readonly #rules: ServingRules;
  readonly #blocked: BlockedClients;
  readonly #clock: CallClock;
  readonly #propagation: Propagation;
  readonly #execution: Execution;
  readonly #ownExpiries: OwnExpiries;
  #isRunning = false;
  /** Of the transaction that is running, or that ran last. */
  #queueSlot: number | undefined;

  constructor(options: CommandRunnerOptions) {
    this.#options = options;
    this.#keyspace = options.keyspace;
    this.#wings = options.wings;
    this.#rules = options.rules;
    this.#blocked = options.blocked;
    this.#clock = options.clock;
    this.#propagation = new Propagation(options.wings, options.appender, options.tap);
    this.#execution = this.#newExecution();
    this.#ownExpiries = new OwnExpiries(options.keyspace);
    options.keyspace.onExpired = (db, key) => this.#noteExpired(db, key);
  }

  run(
    connection: Connection,
    command: Command,
    argv: readonly string[],
    isReplicated = false,
  ): void {
    const isOutermost = !this.#isRunning;
    this.#isRunning = true;
    try {
      this.#runWith(this.#execution, connection, command, argv, isReplicated);
    } finally {
      if (isOutermost) this.#isRunning = false;
    }
    if (!isOutermost) return;
    this.#propagation.flush();
    connection.streamOffset = this.#wings.replication.offset;
    if (this.#blocked.hasReady) this.serveBlocked();
  }

  /** EXEC: the queue runs as one, and travels as one. */
  runTransaction(connection: Connection, isReplicated = false): void {
    const transaction = connection.transaction!;
    const { replies } = connection;
    const isStale = connection.isDirty || connection.hasExpiredWatch(this.#options.nowMs());
    connection.transaction = undefined;
    connection.unwatch();
    if (transaction.isFlagged) {
      replies.error('EXECABORT Transaction discarded because of previous errors.');
      return;
    }
    if (isStale) {
      replies.nullArray();
      return;
    }
    replies.array(transaction.queue.length);
    this.#queueSlot = slotOfQueue(transaction.queue);
    const execution = this.#newExecution();
    execution.maySuspend = false;
    for (const { command, argv } of transaction.queue) {
      this.#runWith(execution, connection, command, argv, isReplicated);
    }
  }

  /** Clients that waited for keys which have come: one after the other, each as if it came just now. */
  serveBlocked(): void {
    for (;;) {
      const ready = this.#blocked.nextReady(this.#options.nowMs());
      if (ready === undefined) break;
      this.#isRunning = true;
      try {
        this.#serve(ready);
      } finally {
        this.#isRunning = false;
      }
      this.#propagation.flush();
    }
  }

  /** The data have changes that no file and no replica knows of yet. */
  get hasUntold(): boolean {
    return this.#propagation.hasPending;
  }

  /** A transaction of the primary's stream, whose commands come one by one. */
  together(run: () => void): void {
    this.#propagation.together(run);
  }

  /** One command of a file, for its effect on the data alone. */
  runLoaded(connection: Connection, command: Command, argv: readonly string[]): void {
    this.#keyspace.expiryMode = 'ignore';
    this.#execution.begin(connection, argv, this.#options.nowMs(), true);
    command.run(this.#execution);
  }

  /** One command that another node has run for us: it changes what it says, and our replicas hear it as it is. */
  runImported(connection: Connection, command: Command, argv: readonly string[]): void {
    this.#keyspace.expiryMode = 'ignore';
    this.#execution.begin(connection, argv, this.#options.nowMs(), true);
    const changesBefore = this.#keyspace.changeCount;
    command.run(this.#execution);
    if (this.#keyspace.changeCount !== changesBefore) {
      this.#propagation.add(connection.db, argv);
      this.#propagation.flush();
    }
  }

  /** Propagate one command from outside of any client: expiry cycle, dropped slots. */
  propagateAlone(db: number, argv: readonly string[]): void {
    this.#propagation.add(db, argv);
    if (!this.#isRunning) this.#propagation.flush();
  }

  /** For work outside of commands (the expiry cycle): the mode as it is now. */
  refreshExpiryMode(): void {
    this.#keyspace.expiryMode = this.#expiryMode();
  }

  /** A writable replica deletes by itself what only it has given a time to live. */
  expireOwn(nowMs: number): void {
    this.#ownExpiries.expire(nowMs, this.#isReplica);
    this.refreshExpiryMode();
  }

  #runWith(
    execution: Execution,
    connection: Connection,
    command: Command,
    argv: readonly string[],
    isReplicated: boolean,
  ): void {
    const clock = this.#clock;
    const { replies } = connection;
    const isQuick = command.isQuick && !this.#rules.timesEach && argv.length <= QUICK_WORDS_MAX;
    let beganMicros = 0;
    if (isQuick) clock.beginQuick();
    else beganMicros = clock.begin();
    const errorsBefore = replies.errorCount;
    const bytesBefore = replies.pendingBytes;
    this.#call(execution, connection, command, argv, isReplicated);
    const { stats } = this.#wings;
    // Not before: CONFIG RESETSTAT counts as the first call.
    const stat = stats.statOf(command);
    if (replies.errorCount !== errorsBefore) {
      stats.errorReplied(replies.lastError);
      stat.failedCalls++;
    }
    if (isQuick && replies.pendingBytes - bytesBefore <= QUICK_REPLY_BYTES_MAX) {
      clock.endQuick(stat);
    } else {
      const micros = isQuick ? clock.endUnexpected() : clock.end(beganMicros);
      stats.charge(stat, micros);
      this.#judgeDuration(execution, command, argv, micros);
      const bytesOut = replies.pendingBytes - bytesBefore;
      this.#noteTraffic({ execution, command, argv, micros, bytesOut });
    }
    if (this.#options.monitors.isAny) this.#feedMonitors(execution, command, argv);
  }

  #call(
    execution: Execution,
    connection: Connection,
    command: Command,
    argv: readonly string[],
    isReplicated: boolean,
  ): void {
    const keyspace = this.#keyspace;
    const isOwnWrite = !isReplicated && command.isWrite && this.#isReplica;
    keyspace.expiryMode = isReplicated ? 'ignore' : isOwnWrite ? 'delete' : this.#expiryMode();
    execution.begin(connection, argv, this.#clock.nowMs, isReplicated);
    const changesBefore = keyspace.changeCount;
    const expiredBefore = keyspace.expiredCount;
    const bytesBefore = connection.replies.pendingBytes;
    try {
      if (isOwnWrite) {
        const write = (): void => command.run(execution);
        this.#ownExpiries.watch(execution.db, command.keysOf(argv), write);
      } else command.run(execution);
    } catch (error) {
      this.#noteFault(connection, command.fullName, bytesBefore, error);
    }
    // Keys that expired under a command have their own DEL; they are no change of its making.
    const changes = keyspace.changeCount - changesBefore - (keyspace.expiredCount - expiredBefore);
    if (isReplicated) this.#noteReplicated(execution, command);
    else if (changes > 0 && command.isWrite && !execution.hasSpoken) {
      this.#propagation.add(execution.db.index, argv);
    }
  }

  /** What it has changed until then is passed on like any change: replicas go as far as we did. */
  #noteFault(connection: Connection, name: string, bytesBefore: number, error: unknown): void {
    const { replies } = connection;
    this.#wings.log('warning', `Internal error in ${name}: ${describeFault(error)}`);
    const isWhole = replies.rewind(bytesBefore);
    replies.error(INTERNAL_ERROR);
    // A part of its answer has left, or another will follow: nothing said here could be understood.
    if (!isWhole || connection.isSuspended) connection.close();
  }

  #judgeDuration(
    { client, nowMs }: Execution,
    command: Command,
    argv: readonly string[],
    micros: number,
  ): void {
    const { latency } = this.#wings.stats;
    if (latency.thresholdMs > 0) {
      const event = command.spec.flags.includes('fast') ? 'fast-command' : 'command';
      latency.note(event, micros / 1000, nowMs);
    }
    if (this.#rules.slowerThanMicros >= 0 && micros >= this.#rules.slowerThanMicros) {
      this.#noteSlow(client, command, argv, micros);
    }
  }

  /** The time and the answers of a transaction are those of its EXEC; what came in, each command's own. */
  #noteTraffic({ execution, command, argv, micros, bytesOut }: Work): void {
    const traffic = this.#wings.cluster?.traffic;
    if (traffic === undefined || execution.isReplicated) return;
    const [key] = command.keysOf(argv);
    const slot = command.isExec ? this.#queueSlot : key === undefined ? undefined : slotOfKey(key);
    if (slot === undefined) return;
    const isQueued = execution !== this.#execution;
    const bytesIn = encodedBytes(argv) + (command.isExec ? MULTI_BYTES : 0);
    traffic.note(slot, isQueued ? 0 : micros, bytesIn, isQueued ? 0 : bytesOut);
  }

  /** The stream says exactly what to do, so its words are what a file needs. */
  #noteReplicated({ argv, db }: Execution, command: Command): void {
    if (command.isWrite && this.#propagation.takesReplicated) {
      this.#propagation.add(db.index, argv);
    }
  }

  #feedMonitors(
    { client, isReplicated, nowMs }: Execution,
    command: Command,
    argv: readonly string[],
  ): void {
    const { primaryAddress } = this.#wings.replication;
    const from =
      isReplicated && primaryAddress !== undefined
        ? `${primaryAddress.host}:${primaryAddress.port}`
        : client.address;
    this.#options.monitors.feed(command, argv, client.db, from, nowMs);
  }

  /** Counted as a call it was when it began to wait. */
  #serve({ client, key }: ReadyClient): void {
    const { connection, argv, request } = client;
    const { replies } = connection;
    this.#keyspace.expiryMode = this.#expiryMode();
    const execution = this.#execution;
    execution.begin(connection, argv, this.#options.nowMs(), false);
    const errorsBefore = replies.errorCount;
    const before = replies.mark();
    const bytesBefore = replies.pendingBytes;
    try {
      if (!request.serve(execution, key)) return;
    } catch (error) {
      this.#blocked.finish(client);
      this.#noteFault(connection, connection.lastCommand, bytesBefore, error);
      return;
    }
    if (connection.isAnswerMuted) replies.withdraw(before);
    this.#blocked.finish(client);
    if (replies.errorCount !== errorsBefore) this.#wings.stats.errorReplied(replies.lastError);
  }

  /** A pause holds writes back: the stream must stand still, so nothing may be deleted unasked. */
  get isPaused(): boolean {
    const { pauses } = this.#options;
    return pauses.isAny && pauses.scope(this.#options.nowMs()) !== undefined;
  }

  get #isReplica(): boolean {
    return this.#wings.replication.role === 'replica';
  }

  /** A replica, and a primary whose writes are paused, may not delete: its stream must stand still. */
  #expiryMode(): 'delete' | 'hide' {
    if (this.#isReplica) return 'hide';
    return this.isPaused ? 'hide' : 'delete';
  }

  #noteExpired(db: number, key: string): void {
    this.propagateAlone(db, [this.#rules.expiryWord, key]);
    this.#wings.stats.counters.expiredKeys++;
  }

  #noteSlow(
    connection: Connection,
    command: Command,
    argv: readonly string[],
    micros: number,
  ): void {
    if (command.spec.flags.includes('skip_slowlog')) return;
    this.#wings.stats.slow(
      {
        atSeconds: Math.floor(this.#options.nowMs() / 1000),
        micros: Math.round(micros),
        argv: redact(command.fullName, argv),
        address: connection.address,
        clientName: connection.name,
      },
      this.#wings.config.number('slowlog-max-len'),
    );
  }

  #newExecution(): Execution {
    return new Execution({
      keyspace: this.#keyspace,
      wings: this.#wings,
      sessions: this.#options.sessions,
      prng: this.#options.prng,
      propagation: this.#propagation,
      blocked: this.#blocked,
    });
  }
}

/** All keys of a transaction are in one slot. */
function slotOfQueue(queue: readonly QueuedCommand[]): number | undefined {
  for (const { command, argv } of queue) {
    const [key] = command.keysOf(argv);
    if (key !== undefined) return slotOfKey(key);
  }
  return undefined;
}

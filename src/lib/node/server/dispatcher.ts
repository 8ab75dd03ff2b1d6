/**
 * From words to a reply: which command, may it run now and here, run it, tell the replicas.
 *
 * The order of the checks is that of real servers, because clients see it: an unknown command is unknown
 * before it is unauthenticated, and MOVED wins over READONLY. The common case (a known command of a plain
 * client on a slot served here) passes only boolean tests.
 */
import { TribError } from '../../kernel/errors.js';
import type { Prng } from '../../kernel/prng.js';
import { slotOfKey } from '../../kernel/slot.js';
import { quotable } from '../commands/arguments.js';
import type { SessionsPort } from '../ports/session.js';
import type { Wings } from '../ports/wings.js';
import type { Keyspace } from '../store/keyspace.js';
import type { Command, CommandTable } from './command-table.js';
import type { Connection } from './connection.js';
import { Execution, type Propagated } from './execution.js';
import type { HeldKeys } from './held-keys.js';
import type { Pauses } from './pauses.js';
import type { ServingRules } from './serving-rules.js';
import type { QueuedCommand } from './transaction.js';

export interface DispatcherOptions {
  readonly table: CommandTable;
  readonly keyspace: Keyspace;
  readonly wings: Wings;
  readonly sessions: SessionsPort;
  readonly pauses: Pauses;
  /** Keys that MIGRATE has under way; commands on them wait. */
  readonly heldKeys: HeldKeys;
  readonly rules: ServingRules;
  readonly prng: Prng;
  readonly nowMs: () => number;
  readonly nowMicros: () => number;
  /** A command must wait until a pause ends. */
  readonly postpone: (connection: Connection, argv: string[]) => void;
}

/** What runs at once inside MULTI; everything else is queued. */
const NEVER_QUEUED = new Set(['exec', 'discard', 'multi', 'watch', 'quit', 'reset']);

/** What a RESP2 subscriber may send. */
const SUBSCRIBER_COMMANDS = new Set([
  'ping',
  'subscribe',
  'ssubscribe',
  'sunsubscribe',
  'psubscribe',
  'unsubscribe',
  'punsubscribe',
  'quit',
  'reset',
]);

const SHARD_PUBSUB = new Set(['ssubscribe', 'sunsubscribe', 'spublish']);

/** Web pages that post to our port; real servers hang up on them too. */
const HTTP_WORDS = new Set(['host:', 'post']);

export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #table: CommandTable;
  readonly #keyspace: Keyspace;
  readonly #wings: Wings;
  readonly #pauses: Pauses;
  readonly #heldKeys: HeldKeys;
  readonly #pending: Propagated[] = [];
  readonly #execution: Execution;
  #isRunning = false;
  readonly #rules: ServingRules;
  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#table = options.table;
    this.#keyspace = options.keyspace;
    this.#wings = options.wings;
    this.#pauses = options.pauses;
    this.#heldKeys = options.heldKeys;
    this.#rules = options.rules;
    this.#execution = this.#newExecution();
    options.keyspace.onExpired = (db, key) => this.#noteExpired(db, key);
  }

  execute(connection: Connection, argv: string[]): void {
    const command = this.#resolve(connection, argv);
    if (command === undefined) return;
    connection.lastCommand = command.fullName;
    if (connection.replyMode === 'on') {
      this.#admit(connection, command, argv);
    } else {
      this.#executeMuted(connection, command, argv);
    }
    if (
      connection.isAsking &&
      connection.transaction === undefined &&
      connection.postponed === undefined &&
      command.fullName !== 'asking'
    ) {
      connection.isAsking = false;
    }
  }

  /** Apply one command of the primary's stream. */
  executeReplicated(stream: Connection, argv: readonly string[]): void {
    const words = [...argv];
    const { replies } = stream;
    const errorsBefore = replies.errorCount;
    const command = this.#resolve(stream, words);
    if (command !== undefined) {
      const { transaction } = stream;
      if (transaction !== undefined && command.fullName === 'exec') {
        this.runTransaction(stream, true);
      } else if (transaction !== undefined && !NEVER_QUEUED.has(command.fullName)) {
        transaction.queue.push({ command, argv: words });
      } else {
        this.#run(stream, command, words, true);
      }
    }
    replies.take();
    if (replies.errorCount !== errorsBefore) {
      const name = words[0] ?? '';
      throw new TribError(
        'PROTOCOL',
        `the primary's stream has a ${name} that fails here: ${replies.lastError}`,
      );
    }
  }

  /** EXEC: the queue runs as one, and travels as one. */
  runTransaction(connection: Connection, isReplicated = false): void {
    const transaction = connection.transaction!;
    const { replies } = connection;
    const nowMs = this.#options.nowMs();
    const isStale = connection.isDirty || connection.hasExpiredWatch(nowMs);
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
    const execution = this.#newExecution();
    execution.maySuspend = false;
    for (const { command, argv } of transaction.queue) {
      this.#runWith(execution, connection, { command, argv }, isReplicated);
    }
  }

  /** Propagate one command from outside of any client: expiry cycle, dropped slots. */
  propagateAlone(db: number, argv: readonly string[]): void {
    this.#pending.push({ db, argv });
    if (!this.#isRunning) this.#flushPending();
  }

  // --- which command --------------------------------------------------------

  #resolve(connection: Connection, argv: readonly string[]): Command | undefined {
    const name = argv[0]!;
    let command = this.#table.find(name);
    if (command === undefined) {
      if (HTTP_WORDS.has(name.toLowerCase())) connection.close();
      else this.#refuse(connection, undefined, unknownCommand(argv));
      return undefined;
    }
    if (command.subcommands !== undefined && argv.length > 1) {
      const parent = command;
      command = command.subcommands.get(argv[1]!.toLowerCase());
      if (command === undefined) {
        this.#refuse(
          connection,
          undefined,
          `ERR unknown subcommand '${quotable(argv[1]!)}'. Try ${parent.fullName.toUpperCase()} HELP.`,
        );
        return undefined;
      }
    }
    if (!command.accepts(argv.length)) {
      this.#refuse(
        connection,
        command,
        `ERR wrong number of arguments for '${command.fullName}' command`,
      );
      return undefined;
    }
    return command;
  }

  // --- may it run -----------------------------------------------------------

  #admit(connection: Connection, command: Command, argv: string[]): void {
    if (!connection.isAuthenticated && !command.needsNoAuth && this.#rules.needsPassword) {
      this.#refuse(connection, command, 'NOAUTH Authentication required.');
      return;
    }
    const { transaction } = connection;
    if (transaction !== undefined && command.refusedInMulti) {
      this.#refuse(connection, command, 'ERR Command not allowed inside a transaction');
      return;
    }
    if (this.#wings.cluster !== undefined && this.#redirects(connection, command, argv)) return;
    const isWrite =
      command.isWrite ||
      (command.fullName === 'exec' &&
        (transaction?.queue.some((one) => one.command.isWrite) ?? false));
    if (isWrite && (this.#rules.isReadonlyReplica || this.#rules.minReplicasToWrite > 0)) {
      const refusal = this.#writeRefusal();
      if (refusal !== undefined) {
        this.#refuse(connection, command, refusal);
        return;
      }
    }
    if (
      connection.protocol === 2 &&
      connection.isSubscriber &&
      !SUBSCRIBER_COMMANDS.has(command.fullName)
    ) {
      this.#refuse(connection, command, subscriberRefusal(command.fullName));
      return;
    }
    if (
      this.#rules.refusesStaleReads &&
      !command.isAllowedWhileStale &&
      !this.#wings.replication.isLinkUp
    ) {
      this.#refuse(
        connection,
        command,
        "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
      );
      return;
    }
    if (connection.isReplica && (command.isWrite || command.hasKeys)) {
      this.#refuse(connection, command, "ERR Replica can't interact with the keyspace");
      return;
    }
    if (this.#pauses.isAny && this.#isHeld(connection, command, isWrite)) {
      this.#options.postpone(connection, argv);
      return;
    }
    if (transaction !== undefined && !NEVER_QUEUED.has(command.fullName)) {
      transaction.queue.push({ command, argv });
      connection.replies.status('QUEUED');
      return;
    }
    if (this.#heldKeys.isAny && this.#wantsHeldKey(connection, command, argv)) {
      this.#options.postpone(connection, argv);
      return;
    }
    this.#run(connection, command, argv, false);
  }

  #redirects(connection: Connection, command: Command, argv: readonly string[]): boolean {
    const cluster = this.#wings.cluster!;
    // The hot path: one key, on a slot served here without question.
    if (
      command.firstKey > 0 &&
      command.lastKey === command.firstKey &&
      command.spec.keyIndexes === undefined
    ) {
      if (cluster.served[slotOfKey(argv[command.firstKey]!)] === 1) return false;
    } else if (!command.hasKeys && command.fullName !== 'exec') {
      return false;
    }
    const isExec = command.fullName === 'exec';
    const queue = isExec ? (connection.transaction?.queue ?? []) : [{ command, argv }];
    const keys = queue.flatMap((one) => one.command.keysOf(one.argv));
    if (keys.length === 0) return false;
    const refusal = cluster.route({
      command: command.fullName,
      keys,
      isWrite: queue.some((one) => one.command.isWrite),
      hasAskingFlag: queue.some((one) => one.command.hasAskingFlag),
      isShardPubSub: queue.some((one) => SHARD_PUBSUB.has(one.command.fullName)),
      client: connection,
      nowMs: this.#options.nowMs(),
    });
    if (refusal === undefined) return false;
    this.#wings.stats.rejected(command.fullName);
    this.#wings.stats.errorReplied(refusal);
    if (isExec) this.#options.sessions.dropTransaction(connection);
    else if (connection.transaction) connection.transaction.isFlagged = true;
    connection.replies.error(refusal);
    return true;
  }

  #writeRefusal(): string | undefined {
    const { replication } = this.#wings;
    if (this.#rules.minReplicasToWrite > 0 && replication.role === 'primary') {
      if (replication.countGoodReplicas() < this.#rules.minReplicasToWrite) {
        return 'NOREPLICAS Not enough good replicas to write.';
      }
    }
    return this.#rules.isReadonlyReplica
      ? "READONLY You can't write against a read only replica."
      : undefined;
  }

  #isHeld(connection: Connection, command: Command, isWrite: boolean): boolean {
    const scope = this.#pauses.scope(this.#options.nowMs());
    if (scope === undefined || connection.isReplica) return false;
    if (scope === 'all') return true;
    if (isWrite || command.mayReplicate) return true;
    return (
      command.fullName === 'exec' &&
      (connection.transaction?.queue.some((one) => one.command.mayReplicate) ?? false)
    );
  }

  #wantsHeldKey(connection: Connection, command: Command, argv: readonly string[]): boolean {
    const queue = command.fullName === 'exec' ? connection.transaction?.queue : undefined;
    const wanted = queue ?? [{ command, argv }];
    return wanted.some((one) =>
      one.command.keysOf(one.argv).some((key) => this.#heldKeys.has(key)),
    );
  }

  #refuse(connection: Connection, command: Command | undefined, text: string): void {
    const { stats } = this.#wings;
    if (command !== undefined) stats.rejected(command.fullName);
    stats.errorReplied(text);
    if (connection.transaction) connection.transaction.isFlagged = true;
    if (command?.fullName === 'exec' && connection.transaction) {
      this.#options.sessions.dropTransaction(connection);
      connection.replies.error(`EXECABORT Transaction discarded because of: ${text}`);
    } else {
      connection.replies.error(text);
    }
    if (connection.replyMode !== 'on') connection.replies.text = '';
  }

  // --- run ------------------------------------------------------------------

  /** CLIENT REPLY OFF and SKIP: the command runs, its reply is withdrawn. */
  #executeMuted(connection: Connection, command: Command, argv: string[]): void {
    const { replies } = connection;
    const before = replies.text;
    const modeBefore = connection.replyMode;
    if (modeBefore === 'skip-next') connection.replyMode = 'on';
    this.#admit(connection, command, argv);
    // CLIENT REPLY ON answers; everything else stays unsaid.
    const turnedOn = modeBefore === 'off' && connection.replyMode === 'on';
    if (!turnedOn) replies.text = before;
  }

  #run(
    connection: Connection,
    command: Command,
    argv: readonly string[],
    isReplicated: boolean,
  ): void {
    const isOutermost = !this.#isRunning;
    this.#isRunning = true;
    try {
      this.#runWith(this.#execution, connection, { command, argv }, isReplicated);
    } finally {
      if (isOutermost) this.#isRunning = false;
    }
    if (isOutermost && this.#pending.length > 0) this.#flushPending();
  }

  #runWith(
    execution: Execution,
    connection: Connection,
    one: QueuedCommand,
    isReplicated: boolean,
  ): void {
    const { command, argv } = one;
    const keyspace = this.#keyspace;
    const { replies } = connection;
    const startedMicros = this.#options.nowMicros();
    keyspace.expiryMode = isReplicated ? 'ignore' : this.#expiryMode();
    execution.begin(connection, argv, this.#options.nowMs(), isReplicated);
    const changesBefore = keyspace.changeCount;
    const expiredBefore = keyspace.expiredCount;
    const errorsBefore = replies.errorCount;
    command.run(execution);
    // Keys that expired under a command have their own DEL; they are no change of its making.
    const changes = keyspace.changeCount - changesBefore - (keyspace.expiredCount - expiredBefore);
    if (changes > 0 && command.isWrite && !execution.hasSpoken && !isReplicated) {
      this.#pending.push({ db: execution.db.index, argv });
    }
    const hasFailed = replies.errorCount !== errorsBefore;
    const { stats } = this.#wings;
    if (hasFailed) stats.errorReplied(replies.lastError);
    const micros = this.#options.nowMicros() - startedMicros;
    stats.done(command.fullName, micros, hasFailed);
    if (this.#rules.slowerThanMicros >= 0 && micros >= this.#rules.slowerThanMicros) {
      this.#noteSlow(connection, one, micros);
    }
  }

  #expiryMode(): 'delete' | 'hide' {
    if (this.#wings.replication.role === 'replica') return 'hide';
    return this.#pauses.isAny && this.#pauses.scope(this.#options.nowMs()) !== undefined
      ? 'hide'
      : 'delete';
  }

  /** For work outside of commands (the expiry cycle): the mode as it is now. */
  refreshExpiryMode(): void {
    this.#keyspace.expiryMode = this.#expiryMode();
  }

  #noteExpired(db: number, key: string): void {
    this.propagateAlone(db, ['DEL', key]);
    this.#wings.stats.counters.expiredKeys++;
  }

  #flushPending(): void {
    const pending = this.#pending.splice(0);
    const { replication } = this.#wings;
    // A replica's stream is its primary's, byte for byte; what it executes adds nothing.
    if (replication.role === 'replica') return;
    if (pending.length === 1) {
      replication.propagate(pending[0]!.db, pending[0]!.argv);
      return;
    }
    replication.propagate(pending[0]!.db, ['MULTI']);
    for (const { db, argv } of pending) replication.propagate(db, argv);
    replication.propagate(pending.at(-1)!.db, ['EXEC']);
  }

  #noteSlow(connection: Connection, { command, argv }: QueuedCommand, micros: number): void {
    if (command.spec.flags.includes('skip_slowlog')) return;
    this.#wings.stats.slow(
      {
        atSeconds: Math.floor(this.#options.nowMs() / 1000),
        micros: Math.round(micros),
        argv,
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
      pending: this.#pending,
    });
  }
}

/** Up to about 128 bytes of the arguments are quoted, as real servers do. */
function unknownCommand(argv: readonly string[]): string {
  let args = '';
  for (let at = 1; at < argv.length && args.length < 128; at++) {
    args += `'${quotable(argv[at]!, 128 - args.length)}' `;
  }
  return `ERR unknown command '${quotable(argv[0]!)}', with args beginning with: ${args}`;
}

function subscriberRefusal(name: string): string {
  const allowed = '(P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET';
  return `ERR Can't execute '${name}': only ${allowed} are allowed in this context`;
}

/**
 * May this command run, now and here?
 *
 * The order of the checks is that of real servers, because clients see it: NOAUTH wins over MOVED, and MOVED
 * over READONLY. The common case (a plain client, a key on a slot served here) passes only boolean tests.
 */
import { slotOfKey } from '../../kernel/slot.js';
import type { Wings } from '../ports/wings.js';
import type { Command } from './command-table.js';
import type { Connection } from './connection.js';
import type { Eviction } from './eviction.js';
import type { HeldKeys } from './held-keys.js';
import type { HeldSlots } from './held-slots.js';
import type { Pauses } from './pauses.js';
import type { ServingRules } from './serving-rules.js';
import { NEVER_QUEUED, type QueuedCommand } from './transaction.js';

export interface Refusal {
  /** As it goes to the client: code, blank, words. */
  readonly text: string;
  /** MOVED and its kin reach the client of an EXEC as they are; other refusals are told as EXECABORT. */
  readonly isRedirect: boolean;
}

/** `queue`: into the transaction. `wait`: until a pause or a MIGRATE ends, then ask again. */
export type Verdict = 'run' | 'queue' | 'wait' | Refusal;

export interface AdmissionOptions {
  readonly wings: Wings;
  readonly pauses: Pauses;
  /** Keys that MIGRATE has under way; commands on them wait. */
  readonly heldKeys: HeldKeys;
  /** Writes to these slots wait. */
  readonly heldSlots: HeldSlots;
  readonly rules: ServingRules;
  readonly eviction: Eviction;
  readonly nowMs: () => number;
}

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

export class Admission {
  readonly #wings: Wings;
  readonly #pauses: Pauses;
  readonly #heldKeys: HeldKeys;
  readonly #heldSlots: HeldSlots;
  readonly #rules: ServingRules;
  readonly #eviction: Eviction;
  readonly #nowMs: () => number;

  constructor(options: AdmissionOptions) {
    this.#wings = options.wings;
    this.#pauses = options.pauses;
    this.#heldKeys = options.heldKeys;
    this.#heldSlots = options.heldSlots;
    this.#rules = options.rules;
    this.#eviction = options.eviction;
    this.#nowMs = options.nowMs;
  }

  judge(connection: Connection, command: Command, argv: readonly string[]): Verdict {
    if (!connection.isAuthenticated && !command.needsNoAuth && this.#rules.needsPassword) {
      return refuse('NOAUTH Authentication required.');
    }
    const { transaction } = connection;
    if (transaction !== undefined && command.refusedInMulti) {
      return refuse('ERR Command not allowed inside a transaction');
    }
    if (this.#wings.cluster !== undefined) {
      const redirect = this.#redirect(connection, command, argv);
      if (redirect !== undefined) return redirect;
    }
    if (this.#eviction.limitBytes > 0 && !this.#eviction.relieve()) {
      if (needsMemory(connection, command)) return OUT_OF_MEMORY;
    }
    const isWrite =
      command.isWrite || (command.isExec && queueOf(connection, command).some(isWriting));
    const refusal =
      (isWrite ? this.#writeRefusal() : this.#pingRefusal(command)) ??
      subscriberRefusal(connection, command) ??
      this.#staleRefusal(command) ??
      this.#loadingRefusal(command) ??
      replicaRefusal(connection, command);
    if (refusal !== undefined) return refusal;
    if (this.#pauses.isAny && this.#isPaused(connection, command, isWrite)) return 'wait';
    if (transaction !== undefined && !NEVER_QUEUED.has(command.fullName)) return 'queue';
    if (this.#heldKeys.isAny && this.#wantsHeldKey(connection, command, argv)) return 'wait';
    if (isWrite && this.#heldSlots.isAny && this.#wantsHeldSlot(connection, command, argv)) {
      return 'wait';
    }
    return 'run';
  }

  #redirect(
    connection: Connection,
    command: Command,
    argv: readonly string[],
  ): Refusal | undefined {
    const cluster = this.#wings.cluster!;
    // The hot path: one key, on a slot served here without question.
    if (
      command.firstKey > 0 &&
      command.lastKey === command.firstKey &&
      command.spec.keyIndexes === undefined
    ) {
      if (cluster.served[slotOfKey(argv[command.firstKey]!)] === 1) return undefined;
    } else if (!command.hasKeys && !command.isExec) {
      return undefined;
    }
    const affected = commandsOf(connection, command, argv);
    const keys = affected.flatMap((one) => one.command.keysOf(one.argv));
    if (keys.length === 0) return undefined;
    const text = cluster.route({
      command: command.fullName,
      keys,
      isWrite: affected.some((one) => one.command.isWrite),
      hasAskingFlag: affected.some((one) => one.command.hasAskingFlag),
      isShardPubSub: affected.some((one) => SHARD_PUBSUB.has(one.command.fullName)),
      client: connection,
      nowMs: this.#nowMs(),
    });
    return text === undefined ? undefined : { text, isRedirect: true };
  }

  #writeRefusal(): Refusal | undefined {
    const { diskError, minReplicasToWrite, isReadonlyReplica } = this.#rules;
    if (diskError !== undefined) return refuse(diskError);
    const { replication } = this.#wings;
    if (
      minReplicasToWrite > 0 &&
      replication.role === 'primary' &&
      replication.countGoodReplicas() < minReplicasToWrite
    ) {
      return refuse('NOREPLICAS Not enough good replicas to write.');
    }
    return isReadonlyReplica
      ? refuse("READONLY You can't write against a read only replica.")
      : undefined;
  }

  /** Who asks whether all is well hears of a broken disk as well. */
  #pingRefusal(command: Command): Refusal | undefined {
    const { diskError } = this.#rules;
    return diskError !== undefined && command.fullName === 'ping' ? refuse(diskError) : undefined;
  }

  #loadingRefusal(command: Command): Refusal | undefined {
    const { loading } = this.#rules;
    if (loading === undefined) return undefined;
    const isAllowed =
      loading === 'plain' ? command.isAllowedWhileLoading : command.isAllowedWhileAsyncLoading;
    return isAllowed ? undefined : refuse('LOADING Redis is loading the dataset in memory');
  }

  #staleRefusal(command: Command): Refusal | undefined {
    const isStale = this.#rules.refusesStaleReads && !this.#wings.replication.isLinkUp;
    return isStale && !command.isAllowedWhileStale
      ? refuse("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.")
      : undefined;
  }

  #isPaused(connection: Connection, command: Command, isWrite: boolean): boolean {
    const scope = this.#pauses.scope(this.#nowMs());
    if (scope === undefined || connection.isReplica) return false;
    if (scope === 'all' || isWrite || command.mayReplicate) return true;
    return queueOf(connection, command).some((one) => one.command.mayReplicate);
  }

  /** All keys of a command, or of a transaction, are in one slot. */
  #wantsHeldSlot(connection: Connection, command: Command, argv: readonly string[]): boolean {
    for (const one of commandsOf(connection, command, argv)) {
      const [key] = one.command.keysOf(one.argv);
      if (key !== undefined) return this.#heldSlots.has(slotOfKey(key));
    }
    return false;
  }

  #wantsHeldKey(connection: Connection, command: Command, argv: readonly string[]): boolean {
    return commandsOf(connection, command, argv).some((one) =>
      one.command.keysOf(one.argv).some((key) => this.#heldKeys.has(key)),
    );
  }
}

const refuse = (text: string): Refusal => ({ text, isRedirect: false });

const OUT_OF_MEMORY = refuse("OOM command not allowed when used memory > 'maxmemory'.");

/** What is queued is kept too, whatever it will do. */
function needsMemory(connection: Connection, command: Command): boolean {
  if (command.deniesOom || queueOf(connection, command).some((one) => one.command.deniesOom)) {
    return true;
  }
  return connection.transaction !== undefined && !NEVER_QUEUED.has(command.fullName);
}

const isWriting = (one: QueuedCommand): boolean => one.command.isWrite;

const NO_COMMANDS: readonly QueuedCommand[] = Object.freeze([]);

/** What an EXEC is about to run; nothing for any other command. */
function queueOf(connection: Connection, command: Command): readonly QueuedCommand[] {
  if (!command.isExec) return NO_COMMANDS;
  return connection.transaction?.queue ?? NO_COMMANDS;
}

/** The command, or what stands behind it. */
function commandsOf(
  connection: Connection,
  command: Command,
  argv: readonly string[],
): readonly QueuedCommand[] {
  return command.isExec ? queueOf(connection, command) : [{ command, argv }];
}

function subscriberRefusal(connection: Connection, command: Command): Refusal | undefined {
  if (connection.protocol === 3 || !connection.isSubscriber) return undefined;
  const name = command.fullName;
  if (SUBSCRIBER_COMMANDS.has(name)) return undefined;
  const allowed = '(P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET';
  return refuse(`ERR Can't execute '${name}': only ${allowed} are allowed in this context`);
}

function replicaRefusal(connection: Connection, command: Command): Refusal | undefined {
  const wantsKeys = command.isWrite || command.hasKeys;
  return (connection.isReplica || connection.isMonitor) && wantsKeys
    ? refuse("ERR Replica can't interact with the keyspace")
    : undefined;
}

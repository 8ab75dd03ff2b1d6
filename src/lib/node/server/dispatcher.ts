/**
 * From words to a reply: which command is meant, may it run (`admission.ts`), run it (`command-runner.ts`).
 *
 * An unknown command is unknown before it is unauthenticated: clients see this order, and it is that of real
 * servers.
 */
import { TribError } from '../../kernel/errors.js';
import { quotable } from '../commands/arguments.js';
import { notServed } from '../commands/not-served.js';
import type { SessionsPort } from '../ports/session.js';
import type { ServerStats } from '../ports/stats.js';
import type { Admission, Refusal } from './admission.js';
import type { CommandRunner } from './command-runner.js';
import type { Command, CommandTable } from './command-table.js';
import type { Connection } from './connection.js';
import { NEVER_QUEUED } from './transaction.js';

export interface DispatcherOptions {
  readonly table: CommandTable;
  readonly admission: Admission;
  readonly runner: CommandRunner;
  readonly sessions: SessionsPort;
  readonly stats: ServerStats;
  /** The command runs again when what it waits for has ended. */
  readonly postpone: (connection: Connection, argv: string[]) => void;
}

/** Web pages that post to our port; real servers hang up on them too. */
const HTTP_WORDS = new Set(['host:', 'post']);

export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #table: CommandTable;
  readonly #admission: Admission;
  readonly #runner: CommandRunner;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#table = options.table;
    this.#admission = options.admission;
    this.#runner = options.runner;
  }

  /** One command of a client; its reply goes to `connection.replies`. */
  execute(connection: Connection, argv: string[]): void {
    if (connection.replyMode === 'on') this.#execute(connection, argv);
    else this.#executeMuted(connection, argv);
  }

  /** Apply one command of the primary's stream. */
  executeReplicated(stream: Connection, argv: readonly string[]): void {
    const { replies, transaction } = stream;
    const errorsBefore = replies.errorCount;
    const command = this.#resolve(stream, argv);
    if (command !== undefined) {
      if (transaction !== undefined && command.fullName === 'exec') {
        this.#runner.runTransaction(stream, true);
        this.#runner.serveBlocked();
      } else if (transaction !== undefined && !NEVER_QUEUED.has(command.fullName)) {
        transaction.queue.push({ command, argv });
      } else {
        this.#runner.run(stream, command, argv, true);
      }
    }
    expectNoError(stream, argv, errorsBefore);
  }

  /** Throws as `executeReplicated` would when there is no such command. */
  vetReplicated(stream: Connection, argv: readonly string[]): void {
    const errorsBefore = stream.replies.errorCount;
    this.#resolve(stream, argv);
    expectNoError(stream, argv, errorsBefore);
  }

  /** Apply one command of an append-only file; what it answers is nobody's. @returns false when there is none. */
  executeLoaded(stream: Connection, argv: readonly string[]): boolean {
    const command = this.#resolve(stream, argv);
    if (command !== undefined) this.#runner.runLoaded(stream, command, argv);
    stream.replies.discard();
    return command !== undefined;
  }

  /** Apply one command of another node's slots. @returns the error it would answer. */
  executeImported(stream: Connection, argv: readonly string[]): string | undefined {
    const { replies } = stream;
    const errorsBefore = replies.errorCount;
    const command = this.#resolve(stream, argv);
    if (command !== undefined) this.#runner.runImported(stream, command, argv);
    replies.discard();
    return replies.errorCount === errorsBefore ? undefined : replies.lastError;
  }

  #execute(connection: Connection, argv: string[]): void {
    const command = this.#resolve(connection, argv);
    if (command === undefined) return;
    connection.lastCommand = command.fullName;
    const verdict = this.#admission.judge(connection, command, argv);
    if (verdict === 'run') {
      this.#runner.run(connection, command, argv);
    } else if (verdict === 'queue') {
      connection.transaction!.queue.push({ command, argv });
      connection.replies.status('QUEUED');
    } else if (verdict === 'wait') {
      this.#options.postpone(connection, argv);
    } else {
      this.#refuse(connection, command, verdict);
    }
    // Good for one command, or for the transaction or the wait that it is part of.
    if (
      connection.isAsking &&
      connection.transaction === undefined &&
      connection.postponed === undefined &&
      command.fullName !== 'asking'
    ) {
      connection.isAsking = false;
    }
  }

  /** CLIENT REPLY OFF and SKIP: the command runs, its reply is withdrawn. */
  #executeMuted(connection: Connection, argv: string[]): void {
    const { replies } = connection;
    const before = replies.mark();
    const modeBefore = connection.replyMode;
    if (modeBefore === 'skip-next') connection.replyMode = 'on';
    this.#execute(connection, argv);
    // CLIENT REPLY ON answers; everything else stays unsaid.
    const turnedOn = modeBefore === 'off' && connection.replyMode === 'on';
    if (!turnedOn) replies.withdraw(before);
    if (connection.isSuspended) connection.muteAnswer();
  }

  #resolve(connection: Connection, argv: readonly string[]): Command | undefined {
    const name = argv[0]!;
    const found = this.#table.find(name);
    if (found === undefined) {
      if (HTTP_WORDS.has(name.toLowerCase())) connection.close();
      else {
        const text = notServed(name.toLowerCase()) ?? unknownCommand(argv);
        this.#refuse(connection, undefined, plain(text));
      }
      return undefined;
    }
    let command = found;
    if (found.subcommands !== undefined && argv.length > 1) {
      const subcommand = found.subcommands.get(argv[1]!.toLowerCase());
      if (subcommand === undefined) {
        const fullName = `${found.fullName}|${argv[1]!.toLowerCase()}`;
        const text = notServed(fullName) ?? unknownSubcommand(found, argv[1]!);
        this.#refuse(connection, undefined, plain(text));
        return undefined;
      }
      command = subcommand;
    }
    if (!command.accepts(argv.length)) {
      const text = `ERR wrong number of arguments for '${command.fullName}' command`;
      this.#refuse(connection, command, plain(text));
      return undefined;
    }
    return command;
  }

  /** A refusal while queueing spoils the transaction; a refused EXEC ends it, if there is one. */
  #refuse(connection: Connection, command: Command | undefined, refusal: Refusal): void {
    const { stats, sessions } = this.#options;
    const { transaction, replies } = connection;
    if (command !== undefined) stats.rejected(command.fullName);
    const isExec = command?.fullName === 'exec';
    const text = isExec && !refusal.isRedirect ? abortion(refusal) : refusal.text;
    stats.errorReplied(text);
    if (transaction !== undefined) {
      if (isExec) sessions.dropTransaction(connection);
      else transaction.isFlagged = true;
    }
    replies.error(text);
  }
}

/** Nobody reads what the primary's stream is answered; that it is an error must not be lost. */
function expectNoError(
  { replies }: Connection,
  argv: readonly string[],
  errorsBefore: number,
): void {
  replies.discard();
  if (replies.errorCount === errorsBefore) return;
  throw new TribError('PROTOCOL', `${briefly(argv)} fails here: ${replies.lastError}`);
}

/** The command and the key, if it has one: enough to find it on the primary. */
function briefly(argv: readonly string[]): string {
  const [name = '', key] = argv;
  return key === undefined ? name : `${name} '${quotable(key)}'`;
}

/** The code of the refusal is said where it tells more than that it is one. */
function abortion({ text }: Refusal): string {
  return `EXECABORT Transaction discarded because of: ${text.replace(/^ERR /, '')}`;
}

const plain = (text: string): Refusal => ({ text, isRedirect: false });

/** Up to about 128 bytes of the arguments are quoted, as real servers do. */
function unknownCommand(argv: readonly string[]): string {
  let args = '';
  for (let at = 1; at < argv.length && args.length < 128; at++) {
    args += `'${quotable(argv[at]!, 128 - args.length)}' `;
  }
  return `ERR unknown command '${quotable(argv[0]!)}', with args beginning with: ${args}`;
}

function unknownSubcommand(parent: Command, name: string): string {
  return `ERR unknown subcommand '${quotable(name)}'. Try ${parent.fullName.toUpperCase()} HELP.`;
}

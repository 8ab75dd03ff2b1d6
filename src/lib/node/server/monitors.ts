/** MONITOR: clients that are told of every command as it has run. Nearly always there are none. */
import { quoteAlways } from '../../wire/quoted-words.js';
import type { Command } from './command-table.js';
import type { Connection } from './connection.js';
import { redact } from './redaction.js';

export class Monitors {
  readonly #connections = new Set<Connection>();
  /** The hot path asks nothing else. */
  isAny = false;

  add(connection: Connection): void {
    connection.isMonitor = true;
    this.#connections.add(connection);
    this.isAny = true;
    connection.onClose(() => this.remove(connection));
  }

  remove(connection: Connection): void {
    connection.isMonitor = false;
    this.#connections.delete(connection);
    this.isAny = this.#connections.size > 0;
  }

  /**
   * One command as everybody sees it: time, database and client, then each word in quotes.
   * @param from the client's address
   */
  feed(command: Command, argv: readonly string[], db: number, from: string, nowMs: number): void {
    // What an administrator does, and passwords, are nobody else's business.
    const { flags } = command.spec;
    if (flags.includes('skip_monitor') || flags.includes('admin')) return;
    const seconds = Math.floor(nowMs / 1000);
    const micros = String(Math.floor((nowMs % 1000) * 1000)).padStart(6, '0');
    const words = redact(command.fullName, argv).map(quoteAlways).join(' ');
    const line = `${seconds}.${micros} [${db} ${from}] ${words}`;
    for (const connection of this.#connections) connection.notify((sink) => sink.status(line));
  }
}

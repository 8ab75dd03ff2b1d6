/** The commands a client queued since MULTI. */
import type { Transaction } from '../ports/session.js';
import type { Command } from './command-table.js';

export interface QueuedCommand {
  readonly command: Command;
  readonly argv: readonly string[];
}

export class TransactionQueue implements Transaction {
  readonly queue: QueuedCommand[] = [];
  isFlagged = false;

  get length(): number {
    return this.queue.length;
  }
}

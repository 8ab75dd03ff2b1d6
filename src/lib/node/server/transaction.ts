/** The commands a client queued since MULTI. */
import type { Transaction } from '../ports/session.js';
import type { Command } from './command-table.js';

export interface QueuedCommand {
  readonly command: Command;
  readonly argv: readonly string[];
}

/** What runs at once inside MULTI; everything else is queued. */
export const NEVER_QUEUED = new Set(['exec', 'discard', 'multi', 'watch', 'quit', 'reset']);

export class TransactionQueue implements Transaction {
  readonly queue: QueuedCommand[] = [];
  isFlagged = false;

  get length(): number {
    return this.queue.length;
  }
}

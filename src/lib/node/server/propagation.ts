/**
 * What commands add to the replication stream. A turn's commands are gathered and leave together: several
 * effects of one client command travel as one transaction, so that a replica never shows half of them.
 */
import type { Wings } from '../ports/wings.js';

interface Propagated {
  readonly db: number;
  readonly argv: readonly string[];
}

export class Propagation {
  readonly #wings: Pick<Wings, 'replication'>;
  #pending: Propagated[] = [];

  constructor(wings: Pick<Wings, 'replication'>) {
    this.#wings = wings;
  }

  add(db: number, argv: readonly string[]): void {
    this.#pending.push({ db, argv });
  }

  flush(): void {
    if (this.#pending.length === 0) return;
    const pending = this.#pending;
    this.#pending = [];
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
}

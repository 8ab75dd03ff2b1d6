/**
 * What commands add to the replication stream, and to the append-only file. A command's effects are gathered
 * and leave together: several effects of one client command travel as one transaction, so that nobody who
 * reads them, a replica or a start after a crash, ever shows half of them.
 */
import type { Wings } from '../ports/wings.js';

/** Takes commands to a file. */
export interface Appender {
  readonly isAppending: boolean;
  append(db: number, argv: readonly string[]): void;
}

interface Propagated {
  readonly db: number;
  readonly argv: readonly string[];
}

/** Hears of every write of a primary. */
export interface WriteTap {
  feed(db: number, argv: readonly string[]): void;
}

export class Propagation {
  readonly #wings: Pick<Wings, 'replication'>;
  readonly #appender: Appender;
  readonly #tap: WriteTap | undefined;
  #pending: Propagated[] = [];
  #isHeld = false;

  constructor(wings: Pick<Wings, 'replication'>, appender: Appender, tap?: WriteTap) {
    this.#wings = wings;
    this.#appender = appender;
    this.#tap = tap;
  }

  /** A replica's executed commands matter to its file alone. */
  get takesReplicated(): boolean {
    return this.#appender.isAppending;
  }

  /** Something has changed the data and has not left yet: inside of a transaction. */
  get hasPending(): boolean {
    return this.#pending.length > 0;
  }

  add(db: number, argv: readonly string[]): void {
    this.#pending.push({ db, argv });
  }

  /** What `run` leads to leaves as one. */
  together(run: () => void): void {
    this.#isHeld = true;
    try {
      run();
    } finally {
      this.#isHeld = false;
      this.flush();
    }
  }

  flush(): void {
    if (this.#pending.length === 0 || this.#isHeld) return;
    const pending = this.#pending;
    this.#pending = [];
    const { replication } = this.#wings;
    const appender = this.#appender;
    if (appender.isAppending) inOne(pending, (db, argv) => appender.append(db, argv));
    // A replica's stream is its primary's, byte for byte; what it executes adds nothing.
    if (replication.role === 'replica') return;
    inOne(pending, (db, argv) => replication.propagate(db, argv));
    if (this.#tap !== undefined) for (const { db, argv } of pending) this.#tap.feed(db, argv);
  }
}

function inOne(
  pending: readonly Propagated[],
  send: (db: number, argv: readonly string[]) => void,
): void {
  if (pending.length === 1) {
    send(pending[0]!.db, pending[0]!.argv);
    return;
  }
  send(pending[0]!.db, ['MULTI']);
  for (const { db, argv } of pending) send(db, argv);
  send(pending.at(-1)!.db, ['EXEC']);
}

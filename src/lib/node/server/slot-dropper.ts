/** Frees the keys of slots that went away, a few at a time, so that a million of them hold up nobody. */
import type { Database } from '../store/database.js';
import type { Keyspace } from '../store/keyspace.js';

const KEYS_PER_STEP = 100;
/** Long enough to get somewhere, short enough not to be felt by clients. */
const SLICE_MS = 2;

export class SlotDropper {
  readonly #keyspace: Keyspace;
  readonly #onFreed: (key: string) => void;
  #isAtWork = false;

  constructor(keyspace: Keyspace, onFreed: (key: string) => void) {
    this.#keyspace = keyspace;
    this.#onFreed = onFreed;
  }

  drop(slot: number): void {
    this.#db.doomSlot(slot, this.#onFreed);
    if (this.#isAtWork) return;
    this.#isAtWork = true;
    this.#advance();
  }

  spare(): void {
    this.#db.spareDoomed();
  }

  get #db(): Database {
    return this.#keyspace.db(0);
  }

  #advance(): void {
    const untilMs = performance.now() + SLICE_MS;
    do this.#isAtWork = this.#db.freeDoomed(KEYS_PER_STEP);
    while (this.#isAtWork && performance.now() < untilMs);
    if (this.#isAtWork) setImmediate(() => this.#advance());
  }
}

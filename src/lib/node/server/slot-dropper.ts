/** Frees the keys of slots that went away, a few at a time, so that a million of them hold up nobody. */
import type { Keyspace } from '../store/keyspace.js';
import { guarded } from './fault.js';

const KEYS_PER_STEP = 100;
/** Long enough to get somewhere, short enough not to be felt by clients. */
const SLICE_MS = 2;

export class SlotDropper {
  readonly #keyspace: Keyspace;
  readonly #onFreed: (db: number, key: string) => void;
  readonly #onFatal: (reason: string) => void;
  #isAtWork = false;

  constructor(
    keyspace: Keyspace,
    onFreed: (db: number, key: string) => void,
    onFatal: (reason: string) => void,
  ) {
    this.#keyspace = keyspace;
    this.#onFreed = onFreed;
    this.#onFatal = onFatal;
  }

  drop(slot: number): void {
    for (const db of this.#keyspace.databases) {
      db.doomSlot(slot, (key) => this.#onFreed(db.index, key));
    }
    if (this.#isAtWork) return;
    this.#isAtWork = true;
    this.#advance();
  }

  spare(): void {
    for (const db of this.#keyspace.databases) db.spareDoomed();
  }

  #advance(): void {
    const untilMs = performance.now() + SLICE_MS;
    do this.#isAtWork = this.#freeSome();
    while (this.#isAtWork && performance.now() < untilMs);
    if (this.#isAtWork) setImmediate(() => guarded(() => this.#advance(), this.#onFatal));
  }

  /** @returns true when there are more. */
  #freeSome(): boolean {
    return this.#keyspace.databases.some((db) => db.freeDoomed(KEYS_PER_STEP));
  }
}

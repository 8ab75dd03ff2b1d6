/** A snapshot on its way in: it is loaded beside the data that are still served, then takes their place. */
import { RdbError } from '../../wire/rdb/format.js';
import type { RdbListener } from '../../wire/rdb/reader.js';
import type { Database } from '../store/database.js';
import type { Keyspace } from '../store/keyspace.js';

export class StagedLoad implements RdbListener {
  readonly #keyspace: Keyspace;
  readonly #staged: readonly Database[];
  readonly #nowMs: number;
  #db: Database;
  #streamDb = 0;

  constructor(keyspace: Keyspace, nowMs: number) {
    this.#keyspace = keyspace;
    this.#staged = keyspace.stage();
    this.#db = this.#staged[0]!;
    this.#nowMs = nowMs;
  }

  /** The database the primary's stream has selected behind this snapshot. */
  get streamDb(): number {
    return this.#streamDb;
  }

  aux(name: string, value: string): void {
    if (name === 'repl-stream-db') this.#streamDb = Math.max(0, Number.parseInt(value, 10) || 0);
  }

  selectDb(db: number): void {
    const staged = this.#staged[db];
    if (staged === undefined) {
      throw new RdbError(
        'unsupported',
        `RDB: has keys in database ${db}, and this node has ${this.#staged.length}`,
      );
    }
    this.#db = staged;
  }

  /** Keys whose time has come are kept: the primary says when they go. */
  string(key: string, value: string, expireAtMs: number | undefined): void {
    const entry = this.#db.set(key, value, this.#nowMs);
    if (expireAtMs !== undefined) this.#db.setExpiry(entry, expireAtMs);
  }

  adopt(): void {
    this.#keyspace.adopt(this.#staged);
  }
}

/** A snapshot on its way in: it is loaded beside the data that are still served, then takes their place. */
import { RdbError } from '../../wire/rdb/format.js';
import type { RdbListener } from '../../wire/rdb/reader.js';
import type { Database } from '../store/database.js';
import type { Keyspace } from '../store/keyspace.js';

export interface StagedLoadOptions {
  /** A replica keeps keys whose time has come: its primary says when they go. Default: keep. */
  readonly expired?: 'keep' | 'drop';
  /** Load into these, in use already, and adopt nothing. */
  readonly into?: readonly Database[];
  /** What a key does that is there already; by itself a snapshot has each key once. Default: refuse. */
  readonly twice?: 'refuse' | 'replace';
}

/** Where in the history of its writes a snapshot was taken. */
export interface StreamPosition {
  readonly replicationId: string;
  readonly offset: number;
  readonly streamDb: number;
}

export class StagedLoad implements RdbListener {
  readonly #keyspace: Keyspace;
  readonly #staged: readonly Database[];
  readonly #nowMs: number;
  readonly #dropsExpired: boolean;
  readonly #refusesTwice: boolean;
  readonly #aux = new Map<string, string>();
  #db: Database;
  #loadedKeys = 0;
  #expiredKeys = 0;

  constructor(keyspace: Keyspace, nowMs: number, options: StagedLoadOptions = {}) {
    this.#keyspace = keyspace;
    this.#staged = options.into ?? keyspace.stage();
    this.#db = this.#staged[0]!;
    this.#nowMs = nowMs;
    this.#dropsExpired = options.expired === 'drop';
    this.#refusesTwice = options.twice !== 'replace';
  }

  /** The database the primary's stream has selected behind this snapshot. */
  get streamDb(): number {
    return Math.max(0, this.#number('repl-stream-db'));
  }

  /** Present in what a member of a replication wrote. */
  get position(): StreamPosition | undefined {
    const replicationId = this.#aux.get('repl-id');
    if (replicationId === undefined || !this.#aux.has('repl-offset')) return undefined;
    return { replicationId, offset: this.#number('repl-offset'), streamDb: this.streamDb };
  }

  /** It was written to be followed by the commands of an append-only file. */
  get isAofBase(): boolean {
    return this.#number('aof-base') === 1;
  }

  get createdAtSeconds(): number {
    return this.#number('ctime');
  }

  get usedMemoryBytes(): number {
    return this.#number('used-mem');
  }

  get loadedKeys(): number {
    return this.#loadedKeys;
  }

  /** Left out because their time had come. */
  get expiredKeys(): number {
    return this.#expiredKeys;
  }

  aux(name: string, value: string): void {
    this.#aux.set(name, value);
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

  string(key: string, value: string, expireAtMs: number | undefined): void {
    if (this.#admits(key, expireAtMs)) {
      const entry = this.#db.set(key, value, this.#nowMs);
      if (expireAtMs !== undefined) this.#db.setExpiry(entry, expireAtMs);
    }
  }

  adopt(): void {
    this.#keyspace.adopt(this.#staged);
  }

  /** False for a key that is left out. What it replaces is gone when this returns. */
  #admits(key: string, expireAtMs: number | undefined): boolean {
    if (this.#dropsExpired && expireAtMs !== undefined && expireAtMs < this.#nowMs) {
      this.#expiredKeys++;
      return false;
    }
    if (this.#db.raw(key) !== undefined) {
      if (this.#refusesTwice) {
        throw new RdbError('malformed', `RDB: has key ${JSON.stringify(key)} twice`);
      }
      this.#db.delete(key);
    }
    this.#loadedKeys++;
    return true;
  }

  #number(name: string): number {
    return Number.parseInt(this.#aux.get(name) ?? '', 10) || 0;
  }
}

/** A snapshot on its way in: it is loaded beside the data that are still served, then takes their place. */
import type { CollectionSink } from '../../wire/rdb/collection-reader.js';
import { RdbError } from '../../wire/rdb/format.js';
import type { KeyUse, RdbListener } from '../../wire/rdb/reader.js';
import type { Database } from '../store/database.js';
import type { Keyspace } from '../store/keyspace.js';
import { type Collection, sizeOf, type Value } from '../store/value.js';
import { growCollection } from '../store/value-builder.js';

/** A collection whose elements are still coming; clients see it when it is complete. */
interface Growing {
  readonly key: string;
  readonly value: Collection;
  readonly expireAtMs: number | undefined;
  readonly use: KeyUse | undefined;
}

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
  #growing: Growing | undefined;

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

  string(key: string, value: string, expireAtMs: number | undefined, use?: KeyUse): void {
    this.#insert(key, value, expireAtMs, use);
  }

  collection(
    kind: Collection['kind'],
    key: string,
    expireAtMs: number | undefined,
    use?: KeyUse,
  ): CollectionSink {
    const { value, sink } = growCollection(kind, this.#keyspace.layout);
    this.#growing = { key, value, expireAtMs, use };
    return sink;
  }

  collected(): void {
    const { key, value, expireAtMs, use } = this.#growing!;
    this.#growing = undefined;
    // Servers had bugs that left empty ones in files; nothing else could be done with such a key.
    if (sizeOf(value) > 0) this.#insert(key, value, expireAtMs, use);
  }

  adopt(): void {
    this.#keyspace.adopt(this.#staged);
  }

  #number(name: string): number {
    return Number.parseInt(this.#aux.get(name) ?? '', 10) || 0;
  }

  #insert(key: string, value: Value, expireAtMs: number | undefined, use?: KeyUse): void {
    if (this.#dropsExpired && expireAtMs !== undefined && expireAtMs < this.#nowMs) {
      this.#expiredKeys++;
      return;
    }
    if (!this.#refusesTwice) this.#db.delete(key);
    // A key that was there already shows in the count, without a look of its own for every key.
    const before = this.#db.size;
    const entry = this.#db.set(key, value, this.#nowMs);
    if (this.#db.size === before) {
      throw new RdbError('malformed', `RDB: has key ${JSON.stringify(key)} twice`);
    }
    this.#loadedKeys++;
    if (expireAtMs !== undefined) this.#db.setExpiry(entry, expireAtMs);
    if (use?.kind === 'idle') this.#db.setIdle(entry, use.seconds, this.#nowMs);
    if (use?.kind === 'frequency') this.#db.setUses(entry, use.counter, this.#nowMs);
  }
}

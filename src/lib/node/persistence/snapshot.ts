/**
 * A picture of the keyspace at one moment, written in slices while clients go on writing.
 *
 * Real servers fork; Node cannot. Instead each entry is written down before it changes for the first
 * time. Entries are numbered in the order of insertion and the snapshot walks them upwards, so one
 * comparison tells whether a changing entry lies behind (written), ahead (write it now, and remember to
 * pass over it later), or was born after the moment (not part of the picture). Nothing is copied up front,
 * and a key that nobody touches costs nothing but its own bytes in the file.
 */
import { RdbWriter } from '../../wire/rdb/writer.js';
import type { ChangeObserver, Database } from '../store/database.js';
import { type Entry, NEVER } from '../store/entry.js';
import type { Keyspace } from '../store/keyspace.js';
import { CommandWriter } from './command-writer.js';
import { RDB_TYPE_OF, writeRdbBody } from '../store/rdb-body.js';

export interface SnapshotOptions {
  readonly keyspace: Keyspace;
  /** Those of its databases that belong in the picture. */
  readonly databases: readonly Database[];
  readonly emit: (chunk: Buffer) => void;
  readonly checksum: boolean;
  readonly aux: Iterable<readonly [name: string, value: string]>;
  /** As commands instead of an RDB file; `annotation` stands before them. */
  readonly commands?: { readonly annotation: string | undefined };
}

/** What a picture is written in. */
interface PictureWriter {
  selectDb(db: number, keys: number, expiring: number): void;
  entry(entry: Entry): void;
  end(): void;
}

export class Snapshot implements ChangeObserver {
  readonly #keyspace: Keyspace;
  readonly #writer: PictureWriter;
  readonly #scans: DatabaseScan[];
  #writtenDb = -1;
  #writtenKeys = 0;
  #isOver = false;

  /** The moment is now. */
  constructor(options: SnapshotOptions) {
    this.#keyspace = options.keyspace;
    this.#writer = writerFor(options);
    this.#scans = options.databases.filter((db) => db.size > 0).map((db) => new DatabaseScan(db));
    observersOf(this.#keyspace).add(this);
  }

  get writtenKeys(): number {
    return this.#writtenKeys;
  }

  /** Writes up to `entries` more. @returns true when the snapshot is complete. */
  advance(entries: number): boolean {
    let left = entries;
    for (const scan of this.#scans) {
      while (!scan.isDone) {
        if (left <= 0) return false;
        left -= scan.advance(left, (entry) => this.#write(scan.db.index, entry));
      }
    }
    this.#writer.end();
    this.cancel();
    return true;
  }

  /** Stop looking at changes; harmless after the end. */
  cancel(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    observersOf(this.#keyspace).delete(this);
  }

  beforeChange(db: number, entry: Entry): void {
    const scan = this.#scanOf(db);
    if (scan?.claim(entry)) this.#write(db, entry);
  }

  beforeClear(db: Database): void {
    this.#scanOf(db.index)?.detach();
  }

  #scanOf(db: number): DatabaseScan | undefined {
    return this.#scans.find((scan) => scan.db.index === db);
  }

  #write(db: number, entry: Entry): void {
    if (db !== this.#writtenDb) {
      const { size, expiringCount } = this.#keyspace.db(db);
      this.#writer.selectDb(db, size, expiringCount);
      this.#writtenDb = db;
    }
    this.#writtenKeys++;
    this.#writer.entry(entry);
  }
}

function writerFor({ emit, checksum, aux, commands }: SnapshotOptions): PictureWriter {
  if (commands !== undefined) {
    const writer = new CommandWriter(emit);
    if (commands.annotation !== undefined) writer.annotate(commands.annotation);
    return writer;
  }
  const writer = new RdbWriter({ emit, checksum });
  writer.header(aux);
  return {
    selectDb: (db, keys, expiring) => writer.selectDb(db, keys, expiring),
    entry: (entry) => writeRdbEntry(writer, entry),
    end: () => writer.end(),
  };
}

function writeRdbEntry(writer: RdbWriter, entry: Entry): void {
  const { key, value } = entry;
  const expireAtMs = entry.expireAtMs === NEVER ? undefined : entry.expireAtMs;
  if (typeof value === 'string') writer.string(key, value, expireAtMs);
  else {
    writer.record(RDB_TYPE_OF[value.kind], key, expireAtMs);
    writeRdbBody(writer, value);
  }
}

/** How far one database has been written. */
class DatabaseScan {
  readonly db: Database;
  readonly #last: number;
  #frontier = 0;
  /** Entries ahead of the frontier that are written already. */
  readonly #early = new Set<Entry>();
  /** After a FLUSHALL: the entries that were still ahead; nothing changes them any more. */
  #orphans: Entry[] | undefined;
  #orphansWritten = 0;

  constructor(db: Database) {
    this.db = db;
    this.#last = db.lastSequence;
  }

  get isDone(): boolean {
    if (this.#orphans) return this.#orphansWritten >= this.#orphans.length;
    return this.#frontier >= this.#last;
  }

  /** @returns how many entries were looked at. */
  advance(limit: number, write: (entry: Entry) => void): number {
    let seen = 0;
    const visit = (entry: Entry): void => {
      seen++;
      if (!this.#early.delete(entry)) write(entry);
    };
    if (this.#orphans) {
      const from = this.#orphansWritten;
      this.#orphansWritten = Math.min(from + limit, this.#orphans.length);
      this.#orphans.slice(from, this.#orphansWritten).forEach(visit);
    } else this.#frontier = this.db.ascend(this.#frontier, this.#last, limit, visit);
    // An empty stretch is work as well; without this, it would never use up the budget.
    return Math.max(seen, 1);
  }

  /** True when the entry belongs to the picture and is not in it yet: the caller writes it now. */
  claim(entry: Entry): boolean {
    if (this.#orphans || entry.sequence <= this.#frontier || entry.sequence > this.#last)
      return false;
    if (this.#early.has(entry)) return false;
    this.#early.add(entry);
    return true;
  }

  detach(): void {
    if (this.#orphans) return;
    const orphans: Entry[] = [];
    this.db.ascend(this.#frontier, this.#last, Infinity, (entry) => orphans.push(entry));
    this.#orphans = orphans;
  }
}

/** The keyspace has one place for an observer; several snapshots may share it. */
class Observers implements ChangeObserver {
  readonly #all = new Set<ChangeObserver>();
  readonly #keyspace: Keyspace;

  constructor(keyspace: Keyspace) {
    this.#keyspace = keyspace;
  }

  add(observer: ChangeObserver): void {
    this.#all.add(observer);
    this.#keyspace.observer = this;
  }

  delete(observer: ChangeObserver): void {
    this.#all.delete(observer);
    // Writes pay for observers only while there are some.
    if (this.#all.size === 0) this.#keyspace.observer = undefined;
  }

  beforeChange(db: number, entry: Entry): void {
    for (const observer of this.#all) observer.beforeChange(db, entry);
  }

  beforeClear(db: Database): void {
    for (const observer of this.#all) observer.beforeClear(db);
  }
}

function observersOf(keyspace: Keyspace): Observers {
  const { observer } = keyspace;
  return observer instanceof Observers ? observer : new Observers(keyspace);
}

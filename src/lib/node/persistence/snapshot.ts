/**
 * A picture of the keyspace at one moment, written in slices while clients go on writing.
 *
 * Real servers fork; Node cannot. Instead each entry is taken out of the reach of changes before it changes
 * for the first time: its key, its expiry and its string, which nobody can change, or references to
 * the elements of its collection. What was taken is written in the next slices, before all else. Nothing
 * is copied up front, and a key that nobody touches costs nothing but its own bytes in the file.
 *
 * A slice may end in the middle of a collection; what is to be taken meanwhile waits for its end.
 */
import type { ChangeObserver, Database } from '../store/database.js';
import { type Entry, NEVER } from '../store/entry.js';
import type { Keyspace } from '../store/keyspace.js';
import { writeRdbBody } from '../store/rdb-body.js';
import { RdbBodyWalk } from '../store/rdb-body-walk.js';
import { type Collection, sizeOf } from '../store/value.js';
import { CommandWriter } from './command-writer.js';
import { DatabaseScan } from './database-scan.js';
import { type PictureWriter, RdbPicture } from './picture-writer.js';

export interface SnapshotOptions {
  readonly keyspace: Keyspace;
  /** Those of its databases that belong in the picture. */
  readonly databases: readonly Database[];
  /** Which entries belong in it; all of them, unless given. */
  readonly belongs?: (entry: Entry) => boolean;
  readonly emit: (chunk: Buffer) => void;
  readonly checksum: boolean;
  /** See RdbWriterOptions. */
  readonly compression?: boolean;
  readonly aux: Iterable<readonly [name: string, value: string]>;
  /** As commands instead of an RDB file; `annotation` stands before them. */
  readonly commands?: { readonly annotation: string | undefined };
}

/** An entry as it was, taken before it changed. */
interface TakenEntry {
  readonly scan: DatabaseScan;
  readonly key: string;
  readonly expireAtMs: number;
  readonly content: string | { readonly kind: Collection['kind']; readonly walk: RdbBodyWalk };
}

/** Up to here a collection is written in one go: a fraction of a millisecond. */
const ELEMENTS_AT_ONCE = 1000;

export class Snapshot implements ChangeObserver {
  readonly #keyspace: Keyspace;
  readonly #writer: PictureWriter;
  readonly #scans: readonly DatabaseScan[];
  /** Scans before this one are over. */
  #scanning = 0;
  #taken: TakenEntry[] = [];
  #takenWritten = 0;
  /** The collection whose body is written in part, and its entry unless that has been taken. */
  #open: RdbBodyWalk | undefined;
  #openEntry: Entry | undefined;
  #selected: DatabaseScan | undefined;
  #writtenKeys = 0;
  #isOver = false;

  /** The moment is now. */
  constructor(options: SnapshotOptions) {
    this.#keyspace = options.keyspace;
    this.#writer = writerFor(options);
    this.#scans = options.databases
      .filter((db) => db.lastSequence > 0)
      .map((db) => new DatabaseScan(db, options.belongs));
    observersOf(this.#keyspace).add(this);
  }

  get writtenKeys(): number {
    return this.#writtenKeys;
  }

  /** Writes up to so many more entries, or elements of large ones. @returns true when it is complete. */
  advance(units: number): boolean {
    let left = units;
    while (left > 0) {
      const used = this.#writeSome(left);
      if (used === undefined) {
        this.#writer.end();
        this.cancel();
        return true;
      }
      left -= used;
    }
    return false;
  }

  /** Stop looking at changes; harmless after the end. */
  cancel(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    observersOf(this.#keyspace).delete(this);
  }

  beforeChange(db: Database, entry: Entry): void {
    if (entry === this.#openEntry) this.#open?.hold();
    const scan = this.#scanOf(db);
    if (scan?.claim(entry)) this.#taken.push(taken(scan, entry));
  }

  beforeClear(db: Database): void {
    this.#scanOf(db)?.detach();
  }

  #scanOf(db: Database): DatabaseScan | undefined {
    return this.#scans.find((scan) => scan.db === db);
  }

  /** @returns how many of the units were used; undefined when nothing is left to write. */
  #writeSome(units: number): number | undefined {
    if (this.#open) return this.#goOn(this.#open, units);
    if (this.#takenWritten < this.#taken.length) {
      this.#writeTaken(this.#taken[this.#takenWritten++]!);
      if (this.#takenWritten === this.#taken.length) {
        this.#taken = [];
        this.#takenWritten = 0;
      }
      return 1;
    }
    for (; this.#scanning < this.#scans.length; this.#scanning++) {
      const scan = this.#scans[this.#scanning]!;
      const entry = scan.next();
      if (entry !== undefined) return this.#writeEntry(scan, entry);
    }
    return undefined;
  }

  #goOn(walk: RdbBodyWalk, units: number): number {
    const used = walk.advance(this.#writer, units);
    if (walk.isDone) {
      this.#writer.endCollection();
      this.#open = undefined;
      this.#openEntry = undefined;
    }
    return Math.max(used, 1);
  }

  #writeEntry(scan: DatabaseScan, entry: Entry): number {
    const { key, value } = entry;
    const expireAtMs = entry.expireAtMs === NEVER ? undefined : entry.expireAtMs;
    this.#begin(scan);
    if (typeof value === 'string') {
      this.#writer.string(key, value, expireAtMs);
      return 1;
    }
    this.#writer.beginCollection(value.kind, key, expireAtMs);
    const size = sizeOf(value);
    if (size <= ELEMENTS_AT_ONCE) {
      writeRdbBody(this.#writer, value);
      this.#writer.endCollection();
      return 1 + size;
    }
    this.#open = RdbBodyWalk.of(value);
    this.#openEntry = entry;
    return 1;
  }

  #writeTaken(entry: TakenEntry): void {
    const { scan, key, content } = entry;
    const expireAtMs = entry.expireAtMs === NEVER ? undefined : entry.expireAtMs;
    this.#begin(scan);
    if (typeof content === 'string') this.#writer.string(key, content, expireAtMs);
    else {
      this.#writer.beginCollection(content.kind, key, expireAtMs);
      this.#open = content.walk;
    }
  }

  #begin(scan: DatabaseScan): void {
    this.#writtenKeys++;
    if (scan === this.#selected) return;
    this.#selected = scan;
    this.#writer.selectDb(scan.index, scan.size, scan.expiringCount);
  }
}

function writerFor({ commands, ...options }: SnapshotOptions): PictureWriter {
  if (commands !== undefined) {
    const writer = new CommandWriter(options.emit);
    if (commands.annotation !== undefined) writer.annotate(commands.annotation);
    return writer;
  }
  const writer = new RdbPicture(options);
  writer.header(options.aux);
  return writer;
}

function taken(scan: DatabaseScan, entry: Entry): TakenEntry {
  const { key, value, expireAtMs } = entry;
  if (typeof value === 'string') return { scan, key, expireAtMs, content: value };
  const walk = RdbBodyWalk.of(value);
  walk.hold();
  return { scan, key, expireAtMs, content: { kind: value.kind, walk } };
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

  beforeChange(db: Database, entry: Entry): void {
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

/**
 * One numbered database: keys to entries, with the indexes kept at write time.
 *
 * Expiry has three faces, chosen by the keyspace's `expiryMode`: a primary deletes what it finds expired
 * and says so (its replicas get a DEL); a replica, and a primary paused for a failover, only hides it;
 * while the primary's stream is applied the clock is ignored, because the primary decides.
 */
import { slotOfKey } from '../../kernel/slot.js';
import type { AccessClock } from './access.js';
import { DoomedSlots } from './doomed-slots.js';
import { Entry, NEVER, SlotEntry } from './entry.js';
import type { EventClass, EventListener } from './events.js';
import { Expiries } from './expiries.js';
import { HiddenSlots } from './hidden-slots.js';
import { KeyOrder } from './key-order.js';
import { KeyTable } from './key-table.js';
import type { LayoutLimits } from './layout.js';
import { SlotIndex } from './slot-index.js';
import type { Value } from './value.js';
import { entryWeight } from './weight.js';

/** Told when a watched key may have changed. */
export interface Watcher {
  isDirty: boolean;
}

/** delete: a primary. hide: a replica, or paused. ignore: applying the primary's stream, or loading. */
export type ExpiryMode = 'delete' | 'hide' | 'ignore';

/**
 * Told before an entry that exists changes or goes, so that a snapshot in progress can write it down as
 * it was (`persistence/snapshot.ts`).
 */
export interface ChangeObserver {
  beforeChange(db: Database, entry: Entry): void;
  beforeClear(db: Database): void;
}

/**
 * Visits up to `count` entries inserted after number `after` and not after `upTo`, oldest first.
 * @returns the number to go on after; `upTo` when there is nothing more
 */
export type Walk = (
  after: number,
  upTo: number,
  count: number,
  visit: (entry: Entry) => void,
) => number;

/** What databases share; the keyspace implements it. */
export interface DatabaseOwner {
  readonly expiryMode: ExpiryMode;
  /** Present while a snapshot is being taken. */
  readonly observer: ChangeObserver | undefined;
  readonly layout: LayoutLimits;
  readonly access: AccessClock;
  /** Present while somebody wants to hear of events. */
  readonly onEvent: EventListener | undefined;
  /** Those in use; a database that is still being loaded is none of them. */
  readonly databases: readonly Database[];
  /** Present while somebody waits for keys to come into being. */
  readonly onInsert: ((db: number, key: string) => void) | undefined;
  changeCount: number;
  noteExpired(db: number, key: string): void;
}

/** Draws that find nothing but doomed keys before the first survivor is looked for in order. */
const RANDOM_ATTEMPTS_MAX = 64;

/** Enough to weigh a collection once for many changes in a row, few enough to be weighed in passing. */
const CHANGING_MAX = 64;

export class Database {
  #index: number;
  readonly #keyspace: DatabaseOwner;
  readonly #entries = new KeyTable();
  #order = new KeyOrder();
  #expiries = new Expiries();
  readonly #slots: SlotIndex | undefined;
  /** Present while keys of slots that went away wait to be freed; see there. */
  #doomed: DoomedSlots | undefined;
  /** Present while keys of slots come in from another node; see there. */
  #hidden: HiddenSlots | undefined;
  #watchers = new Map<string, Set<Watcher>>();
  #lastSequence = 0;
  #weight = 0;
  /** Collections that have changed since they were weighed. */
  #changing: Entry[] = [];

  constructor(index: number, keyspace: DatabaseOwner, indexesSlots: boolean) {
    this.#index = index;
    this.#keyspace = keyspace;
    this.#slots = indexesSlots ? new SlotIndex() : undefined;
  }

  /** The number clients select it by. */
  get index(): number {
    return this.#index;
  }

  /** Keys, expired ones that nobody deleted yet included (as DBSIZE counts). */
  get size(): number {
    return this.#entries.size - (this.#doomed?.count ?? 0) - this.#hiddenCount();
  }

  /** Keys with an expiry. */
  get expiringCount(): number {
    return this.#expiries.size;
  }

  /** The entry as clients see it now; an expired one is deleted or hidden (see above). */
  lookup(key: string, nowMs: number): Entry | undefined {
    const entry = this.#find(key);
    if (entry === undefined) return undefined;
    if (entry.expireAtMs <= nowMs && this.expireIfDue(entry, nowMs)) return undefined;
    return entry;
  }

  /** As `lookup`, without side effects: nothing is deleted. */
  peek(key: string, nowMs: number): Entry | undefined {
    const entry = this.#find(key);
    if (entry === undefined || !this.#hides(entry, nowMs)) return entry;
    return undefined;
  }

  /** Whatever is stored under the key, expired or not. */
  raw(key: string): Entry | undefined {
    return this.#find(key);
  }

  /** Store a value; an existing key keeps its place in SCAN and its expiry (see `setExpiry`). */
  set(key: string, value: Value, nowMs: number): Entry {
    const entry = this.#find(key);
    if (entry === undefined) {
      if (this.#doomed !== undefined) this.#free(this.#entries.get(key));
      return this.#insert(key, value, nowMs);
    }
    this.#keyspace.observer?.beforeChange(this, entry);
    entry.value = value;
    entry.encoding = 'natural';
    entry.access = this.#keyspace.access.next(entry.access, nowMs);
    this.#weigh(entry);
    this.touch(key);
    return entry;
  }

  /** `NEVER` removes the expiry. */
  setExpiry(entry: Entry, expireAtMs: number): void {
    this.#keyspace.observer?.beforeChange(this, entry);
    if (this.#hidden?.holds(entry) === true) this.#hidden.postpone(entry, expireAtMs);
    else this.#expiries.schedule(entry, expireAtMs);
  }

  /** @returns whether there was such a key, expired or not. */
  delete(key: string): boolean {
    const entry = this.#find(key);
    if (entry === undefined) return false;
    this.#remove(entry);
    this.touch(key);
    return true;
  }

  /** A collection is about to be changed in place; `touch` follows. */
  willChange(entry: Entry): void {
    this.#keyspace.observer?.beforeChange(this, entry);
    this.#weighLater(entry);
  }

  /** What keys and values weigh, in bytes; see `entryWeight`. */
  weight(): number {
    if (this.#changing.length > 0) this.#weighChanged();
    return this.#weight;
  }

  /** The key was used: OBJECT IDLETIME and FREQ, and eviction, go by it. */
  noteAccess(entry: Entry, nowMs: number): void {
    entry.access = this.#keyspace.access.next(entry.access, nowMs);
  }

  idleMs(entry: Entry, nowMs: number): number {
    return this.#keyspace.access.idleMs(entry.access, nowMs);
  }

  /** 0 to 255, while the eviction policy counts uses. */
  uses(entry: Entry, nowMs: number): number {
    return this.#keyspace.access.uses(entry.access, nowMs);
  }

  /** A restored entry was last used that long ago. */
  setIdle(entry: Entry, idleSeconds: number, nowMs: number): void {
    entry.access = this.#keyspace.access.afterIdle(idleSeconds, nowMs);
  }

  setUses(entry: Entry, uses: number, nowMs: number): void {
    entry.access = this.#keyspace.access.afterUses(uses, nowMs);
  }

  /** For new collections of this database. */
  get layout(): LayoutLimits {
    return this.#keyspace.layout;
  }

  /** Something happened to a key; said after it did, in the order it did. */
  notify(kind: EventClass, event: string, key: string): void {
    const { databases, onEvent } = this.#keyspace;
    if (onEvent !== undefined && databases[this.index] === this) {
      onEvent(kind, event, this.index, key);
    }
  }

  /** A value was changed in place, or the key came or went. */
  touch(key: string): void {
    this.#keyspace.changeCount++;
    if (this.#watchers.size === 0) return;
    const watchers = this.#watchers.get(key);
    if (watchers) for (const watcher of watchers) watcher.isDirty = true;
  }

  /** True when the entry counts as gone; on a primary it then is gone. */
  expireIfDue(entry: Entry, nowMs: number): boolean {
    if (!this.#hides(entry, nowMs)) return false;
    if (this.#keyspace.expiryMode === 'delete') {
      this.#remove(entry);
      this.touch(entry.key);
      this.notify('expired', 'expired', entry.key);
      this.#keyspace.noteExpired(this.index, entry.key);
    }
    return true;
  }

  /** Delete up to `limit` expired keys. @returns how many. */
  expireDue(nowMs: number, limit: number): number {
    let expired = 0;
    while (expired < limit) {
      const entry = this.#expiries.due(nowMs);
      if (entry === undefined) break;
      this.expireIfDue(entry, nowMs);
      expired++;
    }
    return expired;
  }

  /** See KeyOrder.scan: about `count` entries from `cursor` on; 0 starts and ends. */
  scan(cursor: number, count: number, visit: (entry: Entry) => void): number {
    return this.#order.scan(cursor, count, sparing(this.#hidden, sparing(this.#doomed, visit)));
  }

  random(below: (bound: number) => number): Entry | undefined {
    if (this.#doomed === undefined && this.#hidden === undefined) return this.#order.random(below);
    if (this.size === 0) return undefined;
    for (let attempt = 0; attempt < RANDOM_ATTEMPTS_MAX; attempt++) {
      const entry = this.#order.random(below);
      if (entry !== undefined && !this.#isUnseen(entry)) return entry;
    }
    // Nearly everything is doomed or hidden: any other will do.
    return this[Symbol.iterator]().next().value as Entry | undefined;
  }

  /** An entry that has an expiry. */
  randomExpiring(below: (bound: number) => number): Entry | undefined {
    return this.#expiries.random(below);
  }

  /** All entries in order of insertion, expired ones included. */
  *[Symbol.iterator](): Generator<Entry> {
    for (const entry of this.#order) if (!this.#isUnseen(entry)) yield entry;
  }

  /** The newest entry's number in the order of insertion; later entries have higher ones. */
  get lastSequence(): number {
    return this.#lastSequence;
  }

  /** See `Walk`: over the entries as they are now, also after `clear`. */
  walk(): Walk {
    const order = this.#order;
    let doomed = this.#doomed;
    return (after, upTo, count, visit) => {
      if (order === this.#order) doomed = this.#doomed;
      return order.ascend(after, upTo, count, sparing(doomed, visit));
    };
  }

  /** Another database takes this one's place: to whoever watches, every key may have changed. */
  disturbWatchers(): void {
    for (const watchers of this.#watchers.values()) {
      for (const watcher of watchers) watcher.isDirty = true;
    }
  }

  /**
   * SWAPDB: each takes the other's number. Whoever watches a key watches it by number, so the watchers stay
   * where they are, and the key has changed for them if either database has one of that name.
   */
  exchange(other: Database): void {
    for (const watchedBy of [this.#watchers, other.#watchers]) {
      for (const [key, watchers] of watchedBy) {
        if (!this.#entries.has(key) && !other.#entries.has(key)) continue;
        for (const watcher of watchers) watcher.isDirty = true;
      }
    }
    [this.#watchers, other.#watchers] = [other.#watchers, this.#watchers];
    [this.#index, other.#index] = [other.#index, this.#index];
  }

  countKeysInSlot(slot: number): number {
    return this.#hidden?.has(slot) === true ? 0 : (this.#slots?.count(slot) ?? 0);
  }

  keysInSlot(slot: number, limit: number): string[] {
    return this.#hidden?.has(slot) === true ? [] : (this.#slots?.keys(slot, limit) ?? []);
  }

  /**
   * A slot went away: none of its keys is here any more. `freeDoomed` frees them, or one by one whoever
   * writes to a key of that name again.
   */
  doomSlot(slot: number, onFreed: (key: string) => void): void {
    const count = this.#slots?.count(slot) ?? 0;
    const first = this.#slots?.take(slot);
    if (first === undefined) return;
    for (const [key, watchers] of this.#watchers) {
      const entry = this.#entries.get(key);
      if (!(entry instanceof SlotEntry) || entry.slot !== slot) continue;
      for (const watcher of watchers) watcher.isDirty = true;
    }
    this.#doomed ??= new DoomedSlots(onFreed);
    this.#doomed.add(slot, first, count, this.#lastSequence);
  }

  /**
   * Free up to `limit` keys of slots that went away.
   * @returns true when there are more.
   */
  freeDoomed(limit: number): boolean {
    for (let freed = 0; freed < limit; freed++) {
      const entry = this.#doomed?.take();
      if (entry === undefined) {
        this.#doomed = undefined;
        return false;
      }
      this.#free(entry);
    }
    return true;
  }

  /** Slots that went away are back with what is left of them. */
  spareDoomed(): void {
    for (let entry = this.#doomed?.take(); entry !== undefined; entry = this.#doomed?.take()) {
      entry.previousInSlot = undefined;
      this.#slots?.add(entry);
    }
    this.#doomed = undefined;
  }

  /** Keys of the slot are on their way here: whoever lists or counts keys does not see them. */
  hideSlot(slot: number): void {
    if (this.#slots === undefined) return;
    this.#hidden ??= new HiddenSlots();
    this.#hidden.add(slot);
  }

  /** The keys of these slots are keys like others. */
  showSlots(slots: Iterable<number>): void {
    const hidden = this.#hidden;
    if (hidden === undefined) return;
    for (const slot of slots) hidden.delete(slot);
    for (const entry of hidden.takeDue()) {
      const { expireAtMs } = entry;
      entry.expireAtMs = NEVER;
      if (entry.isLive) this.#expiries.schedule(entry, expireAtMs);
    }
    if (hidden.isEmpty) this.#hidden = undefined;
  }

  clear(): void {
    this.#hidden?.clear();
    this.#doomed = undefined;
    this.#keyspace.observer?.beforeClear(this);
    for (const [key, watchers] of this.#watchers) {
      if (this.#entries.has(key)) for (const watcher of watchers) watcher.isDirty = true;
    }
    this.#keyspace.changeCount += this.#entries.size;
    // New ones take their place, so that it takes no longer for a million keys. A snapshot goes on with the
    // old order.
    this.#entries.clear();
    this.#order = new KeyOrder();
    this.#expiries = new Expiries();
    this.#slots?.clear();
    this.#weight = 0;
    this.#changing.length = 0;
  }

  watch(key: string, watcher: Watcher): void {
    let watchers = this.#watchers.get(key);
    if (watchers === undefined) this.#watchers.set(key, (watchers = new Set()));
    watchers.add(watcher);
  }

  unwatch(key: string, watcher: Watcher): void {
    const watchers = this.#watchers.get(key);
    if (watchers?.delete(watcher) && watchers.size === 0) this.#watchers.delete(key);
  }

  #hiddenCount(): number {
    let count = 0;
    for (const slot of this.#hidden?.slots ?? []) count += this.#slots!.count(slot);
    return count;
  }

  #isUnseen(entry: Entry): boolean {
    return this.#doomed?.holds(entry) === true || this.#hidden?.holds(entry) === true;
  }

  #find(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (this.#doomed === undefined || entry === undefined) return entry;
    return this.#doomed.holds(entry) ? undefined : entry;
  }

  #free(entry: Entry | undefined): void {
    if (entry === undefined) return;
    this.#remove(entry);
    this.touch(entry.key);
    this.notify('generic', 'del', entry.key);
    this.#doomed?.onFreed(entry.key);
  }

  #weigh(entry: Entry): void {
    const weight = entryWeight(entry);
    this.#weight += weight - entry.weight;
    entry.weight = weight;
    // A new collection is usually filled after it has been stored.
    if (typeof entry.value !== 'string') this.#weighLater(entry);
  }

  #weighLater(entry: Entry): void {
    const changing = this.#changing;
    if (changing.at(-1) === entry) return;
    if (changing.length >= CHANGING_MAX) this.#weighChanged();
    changing.push(entry);
  }

  #weighChanged(): void {
    for (const entry of this.#changing) {
      if (!entry.isLive) continue;
      const weight = entryWeight(entry);
      this.#weight += weight - entry.weight;
      entry.weight = weight;
    }
    this.#changing.length = 0;
  }

  #hides(entry: Entry, nowMs: number): boolean {
    return entry.expireAtMs <= nowMs && this.#keyspace.expiryMode !== 'ignore';
  }

  #insert(key: string, value: Value, nowMs: number): Entry {
    const access = this.#keyspace.access.first(nowMs);
    const sequence = ++this.#lastSequence;
    let entry: Entry;
    if (this.#slots === undefined) entry = new Entry(key, value, sequence, access);
    else {
      const inSlot = new SlotEntry(key, value, sequence, access, slotOfKey(key));
      this.#slots.add(inSlot);
      entry = inSlot;
    }
    this.#entries.add(entry);
    this.#weigh(entry);
    this.#order.add(entry);
    this.touch(key);
    this.notify('new', 'new', key);
    this.#keyspace.onInsert?.(this.index, key);
    return entry;
  }

  #remove(entry: Entry): void {
    const isDoomed = this.#doomed?.holds(entry) === true;
    if (!isDoomed) this.#keyspace.observer?.beforeChange(this, entry);
    this.#weight -= entry.weight;
    this.#entries.remove(entry.key);
    if (isDoomed) this.#doomed!.count--;
    else if (entry instanceof SlotEntry) this.#slots?.remove(entry);
    entry.isLive = false;
    this.#order.noteDead(entry);
    if (this.#hidden?.forget(entry) !== true) this.#expiries.forget(entry);
    entry.expireAtMs = NEVER;
  }
}

function sparing(
  spared: DoomedSlots | HiddenSlots | undefined,
  visit: (entry: Entry) => void,
): (entry: Entry) => void {
  if (spared === undefined) return visit;
  return (entry) => {
    if (!spared.holds(entry)) visit(entry);
  };
}

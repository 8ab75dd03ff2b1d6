/**
 * One key with its value. Entries are linked into the structures that find them (order of insertion,
 * slot, expiry), so that each of these costs O(1) per write and no second hash of the key.
 *
 * There are as many of these as keys, so every field counts: eight bytes each, and sixteen more for a number
 * that is no small integer, as times in milliseconds are.
 */
import { ByteString } from './byte-string.js';
import type { Value } from './value.js';

/** "Never expires", chosen so that `expireAtMs <= nowMs` is one comparison without a special case. */
export const NEVER = Infinity;

/** raw: APPEND or SETRANGE grew it, however short it is. text: INCRBYFLOAT wrote it, though it may read as an integer. */
export type EncodingHint = 'natural' | 'raw' | 'text';

export class Entry {
  readonly key: string;
  /** The value as it is kept; for everybody else there are `value` and `edited`. */
  stored: Value | ByteString;
  /** Milliseconds since the epoch; `NEVER` without an expiry. */
  expireAtMs: number;
  /** Rises with every insertion into the database: the order SCAN walks. */
  readonly sequence: number;
  /** False once deleted or replaced; indexes drop dead entries when they meet them. */
  isLive: boolean;
  /** When, or how often, it was used; see `AccessClock`. */
  access: number;
  /** What the database has counted for it; see `entryWeight`. */
  weight: number;
  /** What OBJECT ENCODING says of a string that does not show it. */
  encoding: EncodingHint;

  constructor(key: string, value: Value, sequence: number, access: number) {
    this.key = key;
    this.stored = value;
    this.expireAtMs = NEVER;
    this.sequence = sequence;
    this.isLive = true;
    this.access = access;
    this.weight = 0;
    this.encoding = 'natural';
  }

  get value(): Value {
    const stored = this.stored;
    if (typeof stored === 'string' || !(stored instanceof ByteString)) return stored;
    return (this.stored = stored.text());
  }

  set value(value: Value) {
    this.stored = value;
  }

  /** A string while it is changed byte by byte: until somebody asks for its `value`. */
  get edited(): ByteString | undefined {
    return this.stored instanceof ByteString ? this.stored : undefined;
  }

  /** The string, to be changed in place; `value` must be one. */
  edit(): ByteString {
    const { edited } = this;
    if (edited !== undefined) return edited;
    const begun = new ByteString(this.value as string);
    this.stored = begun;
    return begun;
  }
}

/** An entry of a database that is indexed by slot. */
export class SlotEntry extends Entry {
  readonly slot: number;
  previousInSlot: SlotEntry | undefined;
  nextInSlot: SlotEntry | undefined;

  constructor(key: string, value: Value, sequence: number, access: number, slot: number) {
    super(key, value, sequence, access);
    this.slot = slot;
    this.previousInSlot = undefined;
    this.nextInSlot = undefined;
  }
}

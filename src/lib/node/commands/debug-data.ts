/** The subcommands of DEBUG that look into one key, and the one that makes a million. */
import { RdbWriter } from '../../wire/rdb/writer.js';
import type { Entry } from '../store/entry.js';
import { writeRdbBody } from '../store/rdb-body.js';
import { integer, NO_SUCH_KEY } from './arguments.js';
import { encodingOf, referencesOf } from './key-operations.js';
import type { StoreCall } from './store-call.js';

/** The clock of a real server's objects counts seconds in 24 bits. */
const LRU_CLOCK_MASK = 0xff_ffff;
/** Nothing here has an address that could be told; the number of an entry tells it from others as well. */
const ADDRESS_BASE = 0x7f00_0000_0000;
const ADDRESS_STEP = 16;

export function debugObject(call: StoreCall, key: string): void {
  const { db, nowMs, reply, wings } = call;
  const entry = db.raw(key);
  if (entry === undefined) {
    reply.error(NO_SUCH_KEY);
    return;
  }
  const idleMs = db.idleMs(entry, nowMs);
  const address = ADDRESS_BASE + entry.sequence * ADDRESS_STEP;
  const fields = [
    `Value at:0x${address.toString(16)}`,
    `refcount:${referencesOf(entry)}`,
    `encoding:${encodingOf(entry)}`,
    `serializedlength:${serializedBytes(entry, wings.config.boolean('rdbcompression'))}`,
    `lru:${Math.floor((nowMs - idleMs) / 1000) & LRU_CLOCK_MASK}`,
    `lru_seconds_idle:${Math.floor(idleMs / 1000)}`,
  ];
  reply.status(fields.join(' '));
}

/** Bytes of its value in an RDB file of this node. */
function serializedBytes({ value }: Entry, compression: boolean): number {
  let bytes = 0;
  const writer = new RdbWriter({
    emit: (chunk) => (bytes += chunk.length),
    checksum: false,
    compression,
  });
  writeRdbBody(writer, value);
  writer.flush();
  return bytes;
}

/** There is no listpack here whose insides could be printed; tests ask only whether there would be one. */
export function debugListpack({ db, nowMs, reply }: StoreCall, key: string): void {
  const entry = db.lookup(key, nowMs);
  if (entry === undefined) reply.error(NO_SUCH_KEY);
  else if (encodingOf(entry) === 'listpack') reply.status('Listpack structure printed on stdout');
  else reply.error('ERR Not a listpack encoded object.');
}

/** Keys `prefix:0` and on, those that are there left as they are; replicas hear nothing of it. */
export function debugPopulate(call: StoreCall, words: readonly string[]): void {
  const { db, nowMs, reply } = call;
  const [count, size] = [words[0]!, words[2] ?? '0'].map(integer);
  if (count === undefined || count < 0 || size === undefined || size < 0) {
    reply.error('ERR value is out of range, must be positive');
    return;
  }
  const prefix = words[1] ?? 'key';
  for (let number = 0; number < count; number++) {
    const key = `${prefix}:${number}`;
    if (db.raw(key) === undefined) db.set(key, sized(`value:${number}`, size), nowMs);
  }
  call.propagateNothing();
  reply.status('OK');
}

/** @param size 0 leaves the text as it is */
function sized(text: string, size: number): string {
  return size === 0 ? text : text.slice(0, size).padEnd(size, '\0');
}

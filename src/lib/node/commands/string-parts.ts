/** What the commands about parts of strings do. Their table is in `strings.ts`. */
import { stringLength, textBetween } from '../store/string-bytes.js';
import { integer, NOT_AN_INTEGER } from './arguments.js';
import { patchString, readString, stringForWriting } from './string-access.js';
import type { StoreCall } from './store-call.js';
import { overwrite, refusesLength } from './value-access.js';

export function append(call: StoreCall): void {
  const key = call.argv[1]!;
  const tail = call.argv[2]!;
  const entry = stringForWriting(call, key);
  if (entry === null) return;
  const before = entry === undefined ? 0 : stringLength(entry);
  const length = before + tail.length;
  if (refusesLength(call, length)) return;
  if (entry?.edited !== undefined) patchString(call, key, entry, before, tail);
  else {
    // V8 links the two and joins them when somebody looks: cheaper than a buffer of our own.
    const text = entry === undefined ? tail : (entry.value as string) + tail;
    const after = overwrite(call, key, text);
    if (entry !== undefined) after.encoding = 'raw';
  }
  call.db.notify('string', 'append', key);
  call.reply.integer(length);
}

export function strlen(call: StoreCall): void {
  const entry = readString(call, call.argv[1]!);
  if (entry !== null) call.reply.integer(entry === undefined ? 0 : stringLength(entry));
}

export function setrange(call: StoreCall): void {
  const { argv, reply } = call;
  const key = argv[1]!;
  const patch = argv[3]!;
  const offset = integer(argv[2]!);
  if (offset === undefined) {
    reply.error(NOT_AN_INTEGER);
    return;
  }
  if (offset < 0) {
    reply.error('ERR offset is out of range');
    return;
  }
  const entry = stringForWriting(call, key);
  if (entry === null) return;
  if (patch.length === 0) {
    reply.integer(entry === undefined ? 0 : stringLength(entry));
    return;
  }
  if (refusesLength(call, offset + patch.length)) return;
  const patched = patchString(call, key, entry, offset, patch);
  call.db.notify('string', 'setrange', key);
  reply.integer(stringLength(patched));
}

export function getrange(call: StoreCall): void {
  const { argv, reply } = call;
  const from = integer(argv[2]!);
  const to = integer(argv[3]!);
  if (from === undefined || to === undefined) {
    reply.error(NOT_AN_INTEGER);
    return;
  }
  const entry = readString(call, argv[1]!);
  if (entry === null) return;
  const length = entry === undefined ? 0 : stringLength(entry);
  // Both negative and the wrong way round is empty, even where clamping would meet at byte 0.
  if (entry === undefined || (from < 0 && to < 0 && from > to)) {
    reply.bulk('');
    return;
  }
  const first = from < 0 ? Math.max(0, length + from) : from;
  const last = to < 0 ? Math.max(0, length + to) : to;
  reply.bulk(textBetween(entry, first, last + 1));
}

/**
 * BITFIELD: integers of 1 to 64 bits anywhere in a string, read and written as one command. Their table is in
 * `bits.ts`. Values are big integers: 64 bits do not fit into a number.
 */
import { STRING_BYTES_MAX } from '../../kernel/limits.js';
import { err, ok, type Result } from '../../kernel/result.js';
import type { Entry } from '../store/entry.js';
import { byteAt, stringLength } from '../store/string-bytes.js';
import { int64, NOT_AN_INTEGER, SYNTAX_ERROR } from './arguments.js';
import { BAD_BIT_OFFSET } from './bit-operations.js';
import { patchString, readString, stringForWriting } from './string-access.js';
import type { StoreCall } from './store-call.js';
import type { Found } from './value-access.js';

type Overflow = 'wrap' | 'sat' | 'fail';

/** Where an integer lies, and which ones fit. */
interface Field {
  readonly isSigned: boolean;
  readonly bits: number;
  /** In bits. */
  readonly offset: number;
}

type Operation = Field &
  (
    | { readonly kind: 'get' }
    | { readonly kind: 'set' | 'incrby'; readonly value: bigint; readonly overflow: Overflow }
  );

export function bitfield(call: StoreCall): void {
  runOperations(call, false);
}

export function bitfieldRo(call: StoreCall): void {
  runOperations(call, true);
}

function runOperations(call: StoreCall, isReadonly: boolean): void {
  const { argv, reply } = call;
  const key = argv[1]!;
  const read = readOperations(call);
  if (!read.ok) {
    reply.error(read.error);
    return;
  }
  const operations = read.value;
  const writes = operations.filter(({ kind }) => kind !== 'get');
  if (writes.length > 0 && isReadonly) {
    reply.error('ERR BITFIELD_RO only supports the GET subcommand');
    return;
  }
  let entry: Found<Entry>;
  let grows = false;
  if (writes.length === 0) entry = readString(call, key);
  else {
    entry = stringForWriting(call, key);
    if (entry === null) return;
    const endBit = writes.reduce((end, { offset, bits }) => Math.max(end, offset + bits), 0);
    const end = Math.ceil(endBit / 8);
    grows = entry === undefined || stringLength(entry) < end;
    // Room is made first, and stays even when every operation fails.
    if (grows) entry = patchString(call, key, entry, end - 1, '\0');
    else entry!.encoding = 'raw';
  }
  if (entry === null) return;
  reply.array(operations.length);
  const outcomes = operations.map((operation) => runOne(call, entry, operation));
  const hasChanged = outcomes.some((one) => one === 'changed' || (one === 'same' && grows));
  if (hasChanged) call.db.notify('string', 'setbit', key);
  else if (grows) call.propagateNothing();
}

// --- reading the words ------------------------------------------------------

function readOperations({ argv }: StoreCall): Result<Operation[]> {
  const operations: Operation[] = [];
  let overflow: Overflow = 'wrap';
  for (let at = 2; at < argv.length;) {
    const kind = argv[at]!.toLowerCase();
    const left = argv.length - at - 1;
    if (kind === 'overflow' && left >= 1) {
      const how = argv[at + 1]!.toLowerCase();
      if (!isOverflow(how)) return err('ERR Invalid OVERFLOW type specified');
      overflow = how;
      at += 2;
      continue;
    }
    const isWrite = kind === 'set' || kind === 'incrby';
    if (!(kind === 'get' && left >= 2) && !(isWrite && left >= 3)) return err(SYNTAX_ERROR);
    const field = readField(argv[at + 1]!, argv[at + 2]!);
    if (!field.ok) return field;
    at += 3;
    if (!isWrite) {
      operations.push({ ...field.value, kind: 'get' });
      continue;
    }
    const value = int64(argv[at++]!);
    if (value === undefined) return err(NOT_AN_INTEGER);
    operations.push({ ...field.value, kind, value: BigInt(value), overflow });
  }
  return ok(operations);
}

function isOverflow(word: string): word is Overflow {
  return word === 'wrap' || word === 'sat' || word === 'fail';
}

/** `i16 100`, or `u8 #3`: the third after the first of its kind. */
function readField(type: string, place: string): Result<Field> {
  const isSigned = type.startsWith('i');
  const bits = int64(type.slice(1));
  const bitsMax = isSigned ? 64 : 63;
  if (!/^[iu]/.test(type) || typeof bits !== 'number' || bits < 1 || bits > bitsMax) {
    return err(
      'ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.',
    );
  }
  const isCounted = place.startsWith('#');
  const given = int64(isCounted ? place.slice(1) : place);
  const offset = Number(given ?? -1) * (isCounted ? bits : 1);
  if (offset < 0 || offset + bits > STRING_BYTES_MAX * 8) return err(BAD_BIT_OFFSET);
  return ok({ isSigned, bits, offset });
}

// --- running ----------------------------------------------------------------

/** What became of one operation: `failed` when it would have overflown and must not. */
type Outcome = 'read' | 'same' | 'changed' | 'failed';

function runOne(call: StoreCall, entry: Entry | undefined, operation: Operation): Outcome {
  const before = entry === undefined ? 0n : readInteger(entry, operation);
  if (operation.kind === 'get') {
    call.reply.integer(before);
    return 'read';
  }
  const { value, kind } = operation;
  const wanted = kind === 'set' ? settable(operation, value) : before + value;
  const fitted = fit(operation, wanted, operation.overflow);
  if (fitted === undefined) {
    call.reply.null();
    return 'failed';
  }
  call.reply.integer(kind === 'set' ? before : fitted);
  if (fitted === before) return 'same';
  writeInteger(call, entry!, operation, fitted);
  return 'changed';
}

/** A negative number is a very large one where there are no signs. */
function settable({ isSigned }: Field, value: bigint): bigint {
  return isSigned ? value : BigInt.asUintN(64, value);
}

function fit({ isSigned, bits }: Field, value: bigint, overflow: Overflow): bigint | undefined {
  const width = BigInt(isSigned ? bits - 1 : bits);
  const max = (1n << width) - 1n;
  const min = isSigned ? -max - 1n : 0n;
  if (value >= min && value <= max) return value;
  switch (overflow) {
    case 'wrap':
      return isSigned ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
    case 'sat':
      return value > max ? max : min;
    case 'fail':
      return undefined;
  }
}

/** The bytes an integer touches, as one number, and how far from its lowest bit it begins. */
function windowOf(entry: Entry, { bits, offset }: Field): { window: bigint; shift: bigint } {
  const first = Math.floor(offset / 8);
  const end = Math.ceil((offset + bits) / 8);
  let window = 0n;
  for (let at = first; at < end; at++) window = (window << 8n) | BigInt(byteAt(entry, at));
  return { window, shift: BigInt(end * 8 - offset - bits) };
}

function readInteger(entry: Entry, field: Field): bigint {
  const { window, shift } = windowOf(entry, field);
  const value = window >> shift;
  return field.isSigned ? BigInt.asIntN(field.bits, value) : BigInt.asUintN(field.bits, value);
}

function writeInteger(call: StoreCall, entry: Entry, field: Field, value: bigint): void {
  const { window, shift } = windowOf(entry, field);
  const { bits, offset } = field;
  const mask = ((1n << BigInt(bits)) - 1n) << shift;
  let rest = (window & ~mask) | (BigInt.asUintN(bits, value) << shift);
  const first = Math.floor(offset / 8);
  let patch = '';
  for (let at = Math.ceil((offset + bits) / 8) - 1; at >= first; at--, rest >>= 8n) {
    patch = String.fromCharCode(Number(rest & 0xffn)) + patch;
  }
  patchString(call, entry.key, entry, first, patch);
}

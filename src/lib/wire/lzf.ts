/**
 * LZF, the compression inside RDB strings. A control byte below 32 starts a run of literals; any other one
 * points back into what has been written already, perhaps overlapping the end (which is how runs are made).
 */
import { err, ok, type Result } from '../kernel/result.js';

/** Expands `input` to exactly `length` bytes, or says why it cannot be what it claims. */
export function lzfDecompress(input: Uint8Array, length: number): Result<Buffer> {
  // A back reference takes at least two bytes and makes at most 264: a larger claim is a lie that
  // would only cost us the memory.
  if (length > input.length * 264) return err('LZF data too short for the length it claims');
  const output = Buffer.allocUnsafe(length);
  let from = 0;
  let to = 0;
  while (from < input.length) {
    const control = input[from++]!;
    if (control < 32) {
      const run = control + 1;
      if (from + run > input.length || to + run > length) return err('LZF literals out of bounds');
      output.set(input.subarray(from, from + run), to);
      from += run;
      to += run;
      continue;
    }
    let matched = control >> 5;
    if (matched === 7) matched += input[from++] ?? 0;
    if (from >= input.length) return err('LZF data ends inside a reference');
    let source = to - (((control & 31) << 8) | input[from++]!) - 1;
    const end = to + matched + 2;
    if (source < 0 || end > length) return err('LZF reference out of bounds');
    while (to < end) output[to++] = output[source++]!;
  }
  return to === length ? ok(output) : err('LZF data shorter than the length it claims');
}

const LITERALS_MAX = 32;
const DISTANCE_MAX = 8192;
const MATCH_MIN = 3;
const MATCH_MAX = 264;
const TABLE_BITS = 14;

/**
 * Finds what was there before by three bytes at a time, and takes the first place it remembers: quick rather
 * than thorough, as what it is for. One object serves many strings; its table is never cleared,
 * because places of earlier strings lie below the present one's and are known by that.
 */
export class LzfCompressor {
  readonly #table = new Int32Array(1 << TABLE_BITS).fill(-1);
  /** What the present string's first byte counts as. */
  #base = 0;

  /**
   * Writes `input` in its short form to `output` from `at` on.
   * @returns the position behind it, or -1 when it would take more than `bytesMax`.
   */
  compress(input: Uint8Array, output: Uint8Array, at: number, bytesMax: number): number {
    if (this.#base + input.length > 0x7fff_ffff) {
      this.#table.fill(-1);
      this.#base = 0;
    }
    const end = this.#run(input, output, at, at + bytesMax);
    this.#base += input.length;
    return end;
  }

  #run(input: Uint8Array, output: Uint8Array, start: number, limit: number): number {
    const { length } = input;
    let to = start;
    let from = 0;
    let literalsFrom = 0;
    while (from + MATCH_MIN <= length) {
      const source = this.#remember(input, from);
      const matched = source < 0 ? 0 : matchLength(input, source, from);
      if (matched < MATCH_MIN) {
        from++;
        continue;
      }
      to = writeLiterals(input, literalsFrom, from, output, to, limit);
      if (to < 0 || to + 3 > limit) return -1;
      to = writeReference(output, to, matched, from - source - 1);
      const next = from + matched;
      // What lies inside a match is remembered as well, or the next one would be found late.
      for (from++; from < next && from + MATCH_MIN <= length; from++) this.#remember(input, from);
      from = next;
      literalsFrom = next;
    }
    return writeLiterals(input, literalsFrom, length, output, to, limit);
  }

  /** @returns where the three bytes at `from` may have been before, near enough; -1 if nowhere. */
  #remember(input: Uint8Array, from: number): number {
    const three = (input[from]! << 16) | (input[from + 1]! << 8) | input[from + 2]!;
    const slot = Math.imul(three, 0x9e37_79b1) >>> (32 - TABLE_BITS);
    const source = this.#table[slot]! - this.#base;
    this.#table[slot] = this.#base + from;
    return source >= 0 && from - source <= DISTANCE_MAX ? source : -1;
  }
}

function matchLength(input: Uint8Array, source: number, from: number): number {
  const most = Math.min(MATCH_MAX, input.length - from);
  let matched = 0;
  while (matched < most && input[source + matched] === input[from + matched]) matched++;
  return matched;
}

/** @returns the position behind them, or -1 when they do not fit. */
function writeLiterals(
  input: Uint8Array,
  from: number,
  end: number,
  output: Uint8Array,
  at: number,
  limit: number,
): number {
  let to = at;
  for (let run = from; run < end; run += LITERALS_MAX) {
    const count = Math.min(LITERALS_MAX, end - run);
    if (to + 1 + count > limit) return -1;
    output[to++] = count - 1;
    for (let offset = 0; offset < count; offset++) output[to++] = input[run + offset]!;
  }
  return to;
}

function writeReference(output: Uint8Array, at: number, matched: number, distance: number): number {
  const length = matched - 2;
  let to = at;
  if (length < 7) output[to++] = (length << 5) | (distance >> 8);
  else {
    output[to++] = (7 << 5) | (distance >> 8);
    output[to++] = length - 7;
  }
  output[to++] = distance & 0xff;
  return to;
}

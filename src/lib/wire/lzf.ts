/**
 * LZF, the compression inside RDB strings; only the way back, because plain strings are always legal to
 * write. A control byte below 32 starts a run of literals; any other one points back into what has been
 * written already, perhaps overlapping the end (which is how runs are made).
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

/**
 * LCS: the longest common subsequence of two strings, by the table of lengths of all prefixes, and the
 * matching ranges read back from its far corner.
 */
import { BULK_BYTES_MAX } from '../../kernel/limits.js';
import { integer, NOT_AN_INTEGER, SYNTAX_ERROR } from './arguments.js';
import type { StoreCall } from './store-call.js';
import { readAny } from './value-access.js';

interface Match {
  readonly a: readonly [from: number, to: number];
  readonly b: readonly [from: number, to: number];
}

interface Options {
  readonly wantsLength: boolean;
  readonly wantsRanges: boolean;
  readonly withLengths: boolean;
  readonly lengthMin: number;
}

export function lcs(call: StoreCall): void {
  const { argv, reply } = call;
  const [a, b] = [argv[1]!, argv[2]!].map((key) => {
    const value = readAny(call, key) ?? '';
    return typeof value === 'string' ? value : undefined;
  });
  if (a === undefined || b === undefined) {
    reply.error('ERR The specified keys must contain string values');
    return;
  }
  const options = readOptions(call);
  if (options === undefined) return;
  const width = b.length + 1;
  // One 32-bit length per pair of prefixes.
  if ((a.length + 1) * width * 4 > BULK_BYTES_MAX) {
    reply.error('ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len');
    return;
  }
  const lengths = lengthTable(a, b);
  const total = lengths[a.length * width + b.length]!;
  if (options.wantsLength) {
    reply.integer(total);
    return;
  }
  const { common, matches } = trace(a, b, lengths);
  if (!options.wantsRanges) {
    reply.bulk(common);
    return;
  }
  replyRanges(call, matches, total, options);
}

function readOptions(call: StoreCall): Options | undefined {
  const { argv, reply } = call;
  let wantsLength = false;
  let wantsRanges = false;
  let withLengths = false;
  let lengthMin = 0;
  for (let at = 3; at < argv.length; at++) {
    const word = argv[at]!.toLowerCase();
    if (word === 'idx') wantsRanges = true;
    else if (word === 'len') wantsLength = true;
    else if (word === 'withmatchlen') withLengths = true;
    else if (word === 'minmatchlen' && at + 1 < argv.length) {
      const least = integer(argv[++at]!);
      if (least === undefined) {
        reply.error(NOT_AN_INTEGER);
        return undefined;
      }
      lengthMin = Math.max(0, least);
    } else {
      reply.error(SYNTAX_ERROR);
      return undefined;
    }
  }
  if (wantsRanges && wantsLength) {
    reply.error('ERR If you want both the length and indexes, please just use IDX.');
    return undefined;
  }
  return { wantsLength, wantsRanges, withLengths, lengthMin };
}

function lengthTable(a: string, b: string): Uint32Array {
  const width = b.length + 1;
  const lengths = new Uint32Array((a.length + 1) * width);
  for (let i = 1; i <= a.length; i++) {
    const char = a.charCodeAt(i - 1);
    for (let j = 1; j <= b.length; j++) {
      const at = i * width + j;
      lengths[at] =
        char === b.charCodeAt(j - 1)
          ? lengths[at - width - 1]! + 1
          : Math.max(lengths[at - width]!, lengths[at - 1]!);
    }
  }
  return lengths;
}

/** Walks back from the end of both strings; matches come last first, as the command answers them. */
function trace(a: string, b: string, lengths: Uint32Array): { common: string; matches: Match[] } {
  const width = b.length + 1;
  const chars: string[] = [];
  const matches: Match[] = [];
  let open: { a: [number, number]; b: [number, number] } | undefined;
  let i = a.length;
  let j = b.length;
  while (i > 0 && j > 0) {
    if (a[i - 1] === b[j - 1]) {
      chars.push(a[i - 1]!);
      if (open !== undefined && open.a[0] === i && open.b[0] === j) {
        open.a[0] = i - 1;
        open.b[0] = j - 1;
      } else {
        open = { a: [i - 1, i - 1], b: [j - 1, j - 1] };
        matches.push(open);
      }
      i--;
      j--;
    } else if (lengths[(i - 1) * width + j]! > lengths[i * width + j - 1]!) i--;
    else j--;
  }
  return { common: chars.reverse().join(''), matches };
}

function replyRanges(
  call: StoreCall,
  matches: readonly Match[],
  total: number,
  options: Options,
): void {
  const { reply } = call;
  const shown = matches.filter(({ a }) => a[1] - a[0] + 1 >= options.lengthMin);
  reply.map(2);
  reply.bulk('matches');
  reply.array(shown.length);
  for (const { a, b } of shown) {
    reply.array(options.withLengths ? 3 : 2);
    for (const [from, to] of [a, b]) {
      reply.array(2);
      reply.integer(from);
      reply.integer(to);
    }
    if (options.withLengths) reply.integer(a[1] - a[0] + 1);
  }
  reply.bulk('len');
  reply.integer(total);
}

/** What SCAN and its kin (HSCAN, SSCAN, ZSCAN) read from their words. */
import { compileGlob } from '../../kernel/glob.js';
import { integer, NOT_AN_INTEGER, SYNTAX_ERROR } from './arguments.js';
import type { StoreCall } from './store-call.js';

const UINT64_MAX = 2n ** 64n - 1n;

export interface ScanOptions {
  readonly matches: (text: string) => boolean;
  readonly count: number;
  /** SCAN only: lower case. */
  readonly type: string | undefined;
}

/**
 * Rounded past 2^53, where no cursor of ours is. undefined: no cursor, and the client has been told. Real
 * servers read a C string: it ends at a NUL, and nothing at all is zero.
 */
export function scanCursor(call: StoreCall, text: string): number | undefined {
  const word = text.split('\0', 1)[0]!;
  if (word === '') return 0;
  const match = /^([+-]?)([0-9]+)$/.exec(word);
  if (match === null || BigInt(match[2]!) > UINT64_MAX) {
    call.reply.error('ERR invalid cursor');
    return undefined;
  }
  const value = BigInt(match[2]!);
  return Number(match[1] === '-' ? BigInt.asUintN(64, -value) : value);
}

/** The options from the word `from` on; undefined with the error written. */
export function scanOptions(
  call: StoreCall,
  from: number,
  knowsType = false,
): ScanOptions | undefined {
  const { argv, reply } = call;
  let matches: ScanOptions['matches'] = () => true;
  let count = 10;
  let wanted: string | undefined;
  for (let at = from; at < argv.length; at += 2) {
    const word = argv[at]!.toLowerCase();
    const value = argv[at + 1];
    if (value !== undefined && word === 'count') {
      const given = integer(value);
      if (given === undefined || given < 1) {
        reply.error(given === undefined ? NOT_AN_INTEGER : SYNTAX_ERROR);
        return undefined;
      }
      count = given;
    } else if (value !== undefined && word === 'match') matches = compileGlob(value);
    else if (knowsType && value !== undefined && word === 'type') wanted = value.toLowerCase();
    else {
      reply.error(SYNTAX_ERROR);
      return undefined;
    }
  }
  return { matches, count, type: wanted };
}

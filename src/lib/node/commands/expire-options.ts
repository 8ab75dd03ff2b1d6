/**
 * Expiry as commands give it: EX, PX, EXAT, PXAT with the checks and the error text they share.
 * Times are milliseconds since the epoch afterwards, which is how they travel to replicas: a relative
 * time would start anew there.
 */
import { INT64_MAX } from '../store/integers.js';
import { int64, NOT_AN_INTEGER, SYNTAX_ERROR } from './arguments.js';
import type { StoreCall } from './store-call.js';

export type ExpiryUnit = 'ex' | 'px' | 'exat' | 'pxat';

/** @returns the absolute time in ms, or undefined with the error written. */
export function absoluteExpiry(
  call: StoreCall,
  command: string,
  given: { readonly text: string; readonly unit: ExpiryUnit },
): number | undefined {
  const value = int64(given.text);
  if (value === undefined) {
    call.reply.error(NOT_AN_INTEGER);
    return undefined;
  }
  const { unit } = given;
  const isSeconds = unit === 'ex' || unit === 'exat';
  const isRelative = unit === 'ex' || unit === 'px';
  const ms = BigInt(value) * (isSeconds ? 1000n : 1n);
  const absolute = ms + (isRelative ? BigInt(call.nowMs) : 0n);
  if (value <= 0 || absolute > INT64_MAX) {
    call.reply.error(`ERR invalid expire time in '${command}' command`);
    return undefined;
  }
  return Number(absolute);
}

export interface StringOptions {
  readonly condition: 'nx' | 'xx' | undefined;
  readonly wantsOld: boolean;
  readonly keepsExpiry: boolean;
  readonly persists: boolean;
  readonly expiry: { readonly text: string; readonly unit: ExpiryUnit } | undefined;
}

/** The options of SET and GETEX from `from` on; undefined with the error written. */
export function stringOptions(
  call: StoreCall,
  from: number,
  command: 'set' | 'getex',
): StringOptions | undefined {
  const { argv } = call;
  let condition: 'nx' | 'xx' | undefined;
  let wantsOld = false;
  let keepsExpiry = false;
  let persists = false;
  let expiry: StringOptions['expiry'];
  for (let at = from; at < argv.length; at++) {
    const word = argv[at]!.toLowerCase();
    const isSet = command === 'set';
    if (isSet && (word === 'nx' || word === 'xx') && (condition ?? word) === word) condition = word;
    else if (isSet && word === 'get') wantsOld = true;
    else if (isSet && word === 'keepttl' && expiry === undefined) keepsExpiry = true;
    else if (!isSet && word === 'persist' && expiry === undefined) persists = true;
    else if (isUnit(word) && !keepsExpiry && !persists && at + 1 < argv.length) {
      // The same unit twice: the later one counts. Two units contradict each other.
      if (expiry !== undefined && expiry.unit !== word) return refuse(call);
      expiry = { text: argv[++at]!, unit: word };
    } else return refuse(call);
  }
  return { condition, wantsOld, keepsExpiry, persists, expiry };
}

function isUnit(word: string): word is ExpiryUnit {
  return word === 'ex' || word === 'px' || word === 'exat' || word === 'pxat';
}

function refuse(call: StoreCall): StringOptions | undefined {
  call.reply.error(SYNTAX_ERROR);
  return undefined;
}

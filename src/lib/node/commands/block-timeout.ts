/** How long a blocking command waits: seconds with a fraction, as BLPOP and its kin read them. */
import { INT64_MAX } from '../store/integers.js';
import { type LongDouble, parseLongDouble } from './long-double.js';
import type { StoreCall } from './store-call.js';

/** Milliseconds, rounded up; 0 waits for ever. undefined: no such time, and the client has been told. */
export function blockTimeoutMs(call: StoreCall, text: string): number | undefined {
  const seconds = parseLongDouble(text);
  if (seconds === undefined) {
    call.reply.error('ERR timeout is not a float or out of range');
    return undefined;
  }
  const ms = seconds === 'infinite' ? undefined : roundUp(seconds);
  // What does not fit counts as negative, too: so it is where the sum overflows.
  if (ms === undefined || ms < 0n || ms > INT64_MAX) {
    call.reply.error('ERR timeout is negative');
    return undefined;
  }
  return Number(ms);
}

function roundUp({ numerator, denominator }: LongDouble): bigint {
  const thousandfold = numerator * 1000n;
  const quotient = thousandfold / denominator;
  return thousandfold > 0n && thousandfold % denominator !== 0n ? quotient + 1n : quotient;
}

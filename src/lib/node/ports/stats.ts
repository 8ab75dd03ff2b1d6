/**
 * What a node counts while it serves. Dispatch calls `charge`, `rejected` and `errorReplied`; connections and
 * the store bump the plain counters; INFO, SLOWLOG and LATENCY read, and CONFIG RESETSTAT clears.
 *
 * Counting happens once per command, so it must cost nearly nothing: additions, and
 * one increment in a histogram of whole powers and sixteenths (an error of 1/16 is fine for a percentile).
 */

import { LatencyEvents } from './latency.js';

export interface CommandStat {
  calls: number;
  micros: number;
  rejectedCalls: number;
  failedCalls: number;
  /** Calls by duration; see `bucketOf`. Made with the first call. */
  histogram: Uint32Array | undefined;
  /** False once CONFIG RESETSTAT has put a new one in its place. */
  isCurrent: boolean;
}

/** A command keeps hold of what is counted of it: it is looked for with every call. */
export interface Counted {
  /** `get`, `config|set`. */
  readonly fullName: string;
  stat: CommandStat | undefined;
}

export interface SlowCall {
  readonly id: number;
  readonly atSeconds: number;
  readonly micros: number;
  readonly argv: readonly string[];
  readonly address: string;
  readonly clientName: string;
}

/** Counters that live and die with CONFIG RESETSTAT. */
const ZERO = {
  connectionsReceived: 0,
  connectionsRejected: 0,
  commandsProcessed: 0,
  netInputBytes: 0,
  netOutputBytes: 0,
  /** From our primary; what replicas are sent is in `netOutputBytes` as well, as they are connections. */
  netReplicationInputBytes: 0,
  netReplicationOutputBytes: 0,
  keyspaceHits: 0,
  keyspaceMisses: 0,
  expiredKeys: 0,
  evictedKeys: 0,
  evictedClients: 0,
  queryBufferLimitDisconnections: 0,
  outputBufferLimitDisconnections: 0,
  syncFull: 0,
  syncPartialOk: 0,
  syncPartialErr: 0,
  errorReplies: 0,
  authFailures: 0,
  unexpectedErrorReplies: 0,
  readsProcessed: 0,
  writesProcessed: 0,
};

export type Counter = keyof typeof ZERO;

/** The longest argument and the most arguments a slow log entry keeps, as SLOWLOG documents. */
const SLOWLOG_ARGUMENT_BYTES_MAX = 128;
const SLOWLOG_ARGUMENTS_MAX = 32;
/** Distinct error codes kept; past this something puts data into its error codes. */
const ERROR_CODES_MAX = 128;

/** Rates are averages over this many samples of about 100 ms each, as INFO's `instantaneous_*`. */
const RATE_SAMPLES = 16;

const SUB_BUCKETS = 16;
const BUCKET_COUNT = 32 * SUB_BUCKETS;

export class ServerStats {
  readonly latency = new LatencyEvents();
  /** The most memory this node has used, by account. */
  memoryPeakBytes = 0;
  readonly counters: Record<Counter, number> = { ...ZERO };
  readonly commands = new Map<string, CommandStat>();
  readonly errors = new Map<string, number>();
  /** Newest first. */
  slowCalls: SlowCall[] = [];
  #nextSlowId = 0;
  readonly #rates = new Rates();

  statOf(command: Counted): CommandStat {
    const { stat } = command;
    return stat?.isCurrent === true ? stat : (command.stat = this.#statOf(command.fullName));
  }

  /** A command ran. */
  charge(stat: CommandStat, micros: number): void {
    this.counters.commandsProcessed++;
    stat.calls++;
    stat.micros += micros;
    stat.histogram ??= new Uint32Array(BUCKET_COUNT);
    stat.histogram[bucketOf(micros)]!++;
  }

  /** A command was answered with an error before it ran (arity, NOAUTH, MOVED, ...). */
  rejected(name: string): void {
    this.#statOf(name).rejectedCalls++;
  }

  /** An error went out; `text` begins with its code. */
  errorReplied(text: string): void {
    this.counters.errorReplies++;
    const space = text.indexOf(' ');
    const code = space < 0 ? text : text.slice(0, space);
    const count = this.errors.get(code);
    if (count === undefined && this.errors.size >= ERROR_CODES_MAX) return;
    this.errors.set(code, (count ?? 0) + 1);
  }

  /** Remember a slow call; the caller compares with slowlog-log-slower-than, and passes slowlog-max-len. */
  slow(call: Omit<SlowCall, 'id'>, lengthMax: number): void {
    const kept =
      call.argv.length > SLOWLOG_ARGUMENTS_MAX ? SLOWLOG_ARGUMENTS_MAX - 1 : call.argv.length;
    const argv = call.argv.slice(0, kept).map(shorten);
    if (kept < call.argv.length) argv.push(`... (${call.argv.length - kept} more arguments)`);
    this.slowCalls.unshift({ ...call, argv, id: this.#nextSlowId++ });
    if (this.slowCalls.length > lengthMax) this.slowCalls.length = lengthMax;
  }

  /** Call about every 100 ms: feeds `perSecond`. */
  sample(nowMs: number): void {
    const { commandsProcessed, netInputBytes, netOutputBytes } = this.counters;
    this.#rates.sample(nowMs, [commandsProcessed, netInputBytes, netOutputBytes]);
  }

  perSecond(what: 'commands' | 'inputBytes' | 'outputBytes'): number {
    return this.#rates.perSecond(['commands', 'inputBytes', 'outputBytes'].indexOf(what));
  }

  /** CONFIG RESETSTAT. The slow log has its own reset. */
  reset(): void {
    Object.assign(this.counters, ZERO);
    for (const stat of this.commands.values()) stat.isCurrent = false;
    this.commands.clear();
    this.errors.clear();
    this.#rates.clear();
  }

  #statOf(name: string): CommandStat {
    let stat = this.commands.get(name);
    if (stat === undefined) {
      stat = {
        calls: 0,
        micros: 0,
        rejectedCalls: 0,
        failedCalls: 0,
        histogram: undefined,
        isCurrent: true,
      };
      this.commands.set(name, stat);
    }
    return stat;
  }
}

/** Micros below which `percent` of the calls ended; 0 without calls. */
export function percentileMicros(histogram: Uint32Array, percent: number): number {
  let total = 0;
  for (const count of histogram) total += count;
  let left = Math.ceil((total * percent) / 100);
  for (let bucket = 0; bucket < histogram.length; bucket++) {
    left -= histogram[bucket]!;
    if (left <= 0 && total > 0) return bucketTopMicros(bucket);
  }
  return 0;
}

/** Calls that took at most `limitMicros`. */
export function callsWithin(histogram: Uint32Array, limitMicros: number): number {
  let calls = 0;
  for (
    let bucket = 0;
    bucket < histogram.length && bucketTopMicros(bucket) <= limitMicros;
    bucket++
  ) {
    calls += histogram[bucket]!;
  }
  return calls;
}

/** Below 16 us one bucket per microsecond; above, sixteen buckets per doubling. */
function bucketOf(micros: number): number {
  const whole = Math.max(0, Math.min(micros | 0, 0x7fff_ffff));
  if (whole < SUB_BUCKETS) return whole;
  const power = 31 - Math.clz32(whole);
  const sub = (whole >>> (power - 4)) & (SUB_BUCKETS - 1);
  return Math.min(BUCKET_COUNT - 1, (power - 3) * SUB_BUCKETS + sub);
}

/** The largest number of microseconds that falls into a bucket. */
function bucketTopMicros(bucket: number): number {
  if (bucket < SUB_BUCKETS) return bucket;
  const power = Math.floor(bucket / SUB_BUCKETS) + 3;
  const sub = bucket % SUB_BUCKETS;
  return (SUB_BUCKETS + sub + 1) * 2 ** (power - 4) - 1;
}

function shorten(argument: string): string {
  if (argument.length <= SLOWLOG_ARGUMENT_BYTES_MAX) return argument;
  const more = argument.length - SLOWLOG_ARGUMENT_BYTES_MAX;
  return `${argument.slice(0, SLOWLOG_ARGUMENT_BYTES_MAX)}... (${more} more bytes)`;
}

/** Moving averages of several counters sampled together. */
class Rates {
  #lastAtMs: number | undefined;
  #last: readonly number[] = [];
  #samples: number[][] = [];

  sample(nowMs: number, values: readonly number[]): void {
    const elapsedMs = this.#lastAtMs === undefined ? 0 : nowMs - this.#lastAtMs;
    if (elapsedMs > 0) {
      const perSecond = values.map((value, at) => ((value - this.#last[at]!) * 1000) / elapsedMs);
      this.#samples.push(perSecond);
      if (this.#samples.length > RATE_SAMPLES) this.#samples.shift();
    }
    this.#lastAtMs = nowMs;
    this.#last = values;
  }

  perSecond(at: number): number {
    if (this.#samples.length === 0) return 0;
    const sum = this.#samples.reduce((total, sample) => total + Math.max(0, sample[at]!), 0);
    return sum / this.#samples.length;
  }

  clear(): void {
    this.#samples = [];
    this.#lastAtMs = undefined;
  }
}

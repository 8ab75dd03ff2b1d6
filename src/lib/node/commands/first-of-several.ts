/**
 * Taking elements off the first of several collections that is there, at once or when one is: BLPOP, LMPOP,
 * ZMPOP and their like. What is taken, and what is said of it, is theirs; whom to ask and how to wait is the
 * same for all.
 */
import type { ReplySink } from '../../wire/resp/reply-sink.js';
import { integer, SYNTAX_ERROR } from './arguments.js';
import { blockTimeoutMs } from './block-timeout.js';
import type { StoreCall } from './store-call.js';
import { entryForWriting, type EntryOf, type Found } from './value-access.js';

/** Types that serve as queues. */
type QueueType = 'list' | 'zset';

/** Takes elements off, answers and says what travels. */
export type Take<T extends QueueType> = (call: StoreCall, entry: EntryOf<T>) => void;

export interface Taking<T extends QueueType> {
  readonly type: T;
  readonly keys: readonly string[];
  readonly take: Take<T>;
}

/** What LMPOP and ZMPOP ask for. */
export interface MultiPop<End> {
  readonly keys: readonly string[];
  readonly end: End;
  readonly count: number;
}

/** LMPOP and ZMPOP take at once or not at all. */
export function takeOrNothing<T extends QueueType>(
  call: StoreCall,
  taking: Taking<T> | undefined,
): void {
  if (taking === undefined) return;
  if (takeFromFirst(call, taking) === undefined) call.reply.nullArray();
}

/** @param timeoutAt where the time stands: it is read last, and complained of last */
export function takeOrWait<T extends QueueType>(
  call: StoreCall,
  taking: Taking<T> | undefined,
  timeoutAt: number,
): void {
  if (taking === undefined) return;
  const timeoutMs = blockTimeoutMs(call, call.argv[timeoutAt]!);
  if (timeoutMs === undefined || takeFromFirst(call, taking) !== undefined) return;
  const { type, keys } = taking;
  call.block({
    keys,
    type,
    timeoutMs,
    serve: (later, key) => takeFromFirst(later, { ...taking, keys: [key] }) !== undefined,
    writeTimeout,
  });
}

export function writeTimeout(reply: ReplySink): void {
  reply.nullArray();
}

/** undefined: none is there. null: an error, and the client has been told. */
function takeFromFirst<T extends QueueType>(
  call: StoreCall,
  { type, keys, take }: Taking<T>,
): Found<true> {
  for (const key of keys) {
    const entry = entryForWriting(call, key, type);
    if (entry === null) return null;
    if (entry === undefined) continue;
    take(call, entry);
    return true;
  }
  return undefined;
}

/**
 * `numkeys key [key ...] END [COUNT count]` from the word `numberAt` on.
 * @param ends by their words, in small letters
 */
export function multiPop<End>(
  call: StoreCall,
  numberAt: number,
  ends: ReadonlyMap<string, End>,
): MultiPop<End> | undefined {
  const { argv, reply } = call;
  const number = integer(argv[numberAt]!);
  if (number === undefined || number < 1) {
    reply.error('ERR numkeys should be greater than 0');
    return undefined;
  }
  const endsAt = numberAt + number + 1;
  const end = ends.get(argv[endsAt]?.toLowerCase() ?? '');
  if (end === undefined) {
    reply.error(SYNTAX_ERROR);
    return undefined;
  }
  const count = countAfter(call, endsAt + 1);
  if (count === undefined) return undefined;
  return { keys: argv.slice(numberAt + 1, endsAt), end, count };
}

/** Nothing, or `COUNT count` and then nothing. */
function countAfter(call: StoreCall, at: number): number | undefined {
  const { argv, reply } = call;
  if (at === argv.length) return 1;
  if (argv[at]!.toLowerCase() !== 'count' || at + 2 > argv.length) {
    reply.error(SYNTAX_ERROR);
    return undefined;
  }
  const count = integer(argv[at + 1]!);
  if (count === undefined || count < 1) {
    reply.error('ERR count should be greater than 0');
    return undefined;
  }
  if (at + 2 === argv.length) return count;
  reply.error(SYNTAX_ERROR);
  return undefined;
}

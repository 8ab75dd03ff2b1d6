/**
 * Whether two nodes hold the same value of a key. DUMP tells it byte by byte; equal values may be encoded
 * differently, and then DEBUG DIGEST-VALUE tells, where the server allows it. In doubt they differ.
 */
import { TribError } from '../../kernel/errors.js';
import type { BinaryReply, Link } from '../links.js';
import { replyWordsOf } from '../reply-words.js';
import type { Ends, Lane } from './ends.js';

/** Dumps of this many keys are in memory at once. */
const COMPARED_AT_ONCE = 64;

/** @returns the keys that both have, with different values. */
export async function copiesDiffer(
  { target }: Ends,
  lane: Lane,
  keys: readonly string[],
): Promise<readonly string[]> {
  const different: string[] = [];
  for (let from = 0; from < keys.length; from += COMPARED_AT_ONCE) {
    const asked = keys.slice(from, from + COMPARED_AT_ONCE);
    const [here, there] = await Promise.all([
      dumps(lane.link, asked),
      dumpsAsking(target, lane.database, asked),
    ]);
    for (const [at, key] of asked.entries()) {
      const [ours, theirs] = [here[at], there[at]];
      if (isAway(ours) || isAway(theirs)) continue;
      const isSame = typeof ours === 'string' && ours === theirs;
      if (!isSame && !(await sameDigest(lane.link, target, key))) different.push(key);
    }
  }
  return different;
}

type Answer = BinaryReply | TribError | undefined;

/** A source that misses a key of an open slot does not say so: it sends whoever asks to the target. */
function isAway(answer: Answer): boolean {
  return answer === null || (answer instanceof TribError && /^ASK /.test(replyWordsOf(answer)));
}

async function dumps(link: Link, keys: readonly string[]): Promise<readonly Answer[]> {
  return link.askBinary(keys.map((key) => ['DUMP', key]));
}

/** The target does not own the slot yet: ASKING opens it for one command. */
async function dumpsAsking(
  link: Link,
  database: number,
  keys: readonly string[],
): Promise<readonly Answer[]> {
  const requests = keys.flatMap((key) => [['ASKING'], ['DUMP', key]]);
  if (database === 0) {
    const replies = await link.askBinary(requests);
    return replies.filter((_, at) => at % 2 === 1);
  }
  // One packet: the connection is back at database 0 before anybody else uses it.
  const select = (number: number): readonly string[] => ['SELECT', String(number)];
  const replies = await link.askBinary([select(database), ...requests, select(0)]);
  return replies.slice(1, -1).filter((_, at) => at % 2 === 1);
}

async function sameDigest(source: Link, target: Link, key: string): Promise<boolean> {
  const question = ['DEBUG', 'DIGEST-VALUE', key];
  const [[here], [there]] = await Promise.all([
    source.askBinary([question]),
    target.askBinary([question]),
  ]);
  return JSON.stringify(here) === JSON.stringify(there) && Array.isArray(here);
}

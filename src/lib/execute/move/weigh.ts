/**
 * What keys weigh, by MEMORY USAGE. Weighing costs a command per key, so it is left out where it could not
 * change anything: no key is larger than all the data of its node.
 */
import { datasetBytesIn } from '../../cluster/facts.js';
import { TribError } from '../../kernel/errors.js';
import type { BinaryReply, Link } from '../links.js';
import { replyWordsOf } from '../reply-words.js';

/** Some 50 kB of questions, answered within milliseconds. */
const ASK_MAX = 1_000;

/** All data of a node in bytes; infinite where it does not say. */
export async function datasetBytes(source: Link): Promise<number> {
  const [info] = await source.ask([['INFO', 'memory']]);
  return (typeof info === 'string' ? datasetBytesIn(info) : undefined) ?? Infinity;
}

/** @returns bytes, one per key; 0 for a key that is gone. @throws TribError what the server refuses. */
export async function weigh(link: Link, keys: readonly string[]): Promise<readonly number[]> {
  const bytes: number[] = [];
  for (let from = 0; from < keys.length; from += ASK_MAX) {
    const asked = keys.slice(from, from + ASK_MAX);
    const replies = await link.askBinary(asked.map((key) => ['MEMORY', 'USAGE', key]));
    for (const reply of replies) bytes.push(weightIn(reply));
  }
  return bytes;
}

function weightIn(reply: BinaryReply | TribError): number {
  // A key that has just expired: of an open slot it is said to be elsewhere.
  if (reply instanceof TribError && /^ASK /.test(replyWordsOf(reply))) return 0;
  if (reply instanceof TribError) throw reply;
  return typeof reply === 'number' ? reply : 0;
}

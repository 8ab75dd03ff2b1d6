/**
 * Asks who has keys of which slots: all nodes at once, thousands of questions in one packet, where the
 * incumbents ask one slot of one node at a time.
 */
import { keyQuestions, type KeyQuestion, type SlotKeys } from '../cluster/slot-keys.js';
import type { ClusterView } from '../cluster/model.js';
import { AssertionFailure, TribError, messageOf } from '../kernel/errors.js';
import { CONCURRENT_NODES_MAX } from '../kernel/limits.js';
import { slotsIn } from '../kernel/ranges.js';
import type { CallOptions, Link, Links } from './links.js';
import { mapBounded } from './map-bounded.js';
import { inEachDatabase } from './move/databases.js';

/** Some 150 kB of questions: one packet to us, and no long silence for the server's other clients. */
const QUESTIONS_MAX = 4_096;

/** @throws TribError INTERRUPTED; a node that does not answer is a fact in what is returned. */
export function countForeignKeys(
  links: Links,
  view: ClusterView,
  options: CallOptions = {},
): Promise<readonly SlotKeys[]> {
  return countKeysInSlots(links, keyQuestions(view), options);
}

/** @throws TribError as above */
export function countKeysInSlots(
  links: Links,
  questions: readonly KeyQuestion[],
  options: CallOptions = {},
): Promise<readonly SlotKeys[]> {
  return mapBounded(questions, CONCURRENT_NODES_MAX, async (question) => {
    try {
      return { id: question.id, counts: await countKeysAt(links, question, options) };
    } catch (error) {
      if (error instanceof AssertionFailure) throw error;
      if (error instanceof TribError && error.code === 'INTERRUPTED') throw error;
      return { id: question.id, counts: new Map<number, number>(), failure: messageOf(error) };
    }
  });
}

/**
 * Over all databases: a key in the third one is a key of the slot, too.
 * @returns by slot; nothing where there is no key. @throws TribError as a call
 */
export async function countKeysAt(
  links: Links,
  { address, slots }: Pick<KeyQuestion, 'address' | 'slots'>,
  options: CallOptions = {},
): Promise<ReadonlyMap<number, number>> {
  const all = [...slotsIn(slots)];
  const counts = new Map<number, number>();
  const count = (link: Link): Promise<void> => addCounts(counts, link, all, options);
  await inEachDatabase(links, address, count, options);
  return counts;
}

async function addCounts(
  counts: Map<number, number>,
  link: Link,
  all: readonly number[],
  options: CallOptions,
): Promise<void> {
  for (let from = 0; from < all.length; from += QUESTIONS_MAX) {
    const asked = all.slice(from, from + QUESTIONS_MAX);
    const words = asked.map((slot) => ['CLUSTER', 'COUNTKEYSINSLOT', String(slot)]);
    const replies = await link.ask(words, options);
    asked.forEach((slot, index) => {
      const reply = replies[index];
      if (reply instanceof TribError) throw reply;
      if (Number(reply) > 0) counts.set(slot, (counts.get(slot) ?? 0) + Number(reply));
    });
  }
}

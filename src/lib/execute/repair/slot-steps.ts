/**
 * Steps that repair slots, each for ranges of slots in a packet or two: a thousand half-open slots cost as
 * many round trips as one.
 */
import { formatAddress } from '../../cluster/address.js';
import { TribError } from '../../kernel/errors.js';
import { slotsIn, type SlotRange } from '../../kernel/ranges.js';
import type { NodeRef } from '../../plan/plan.js';
import type { Link, Reply } from '../links.js';
import { replyWordsOf } from '../reply-words.js';

/** Some 200 kB of words; a server answers them within some milliseconds. */
const REQUESTS_MAX = 4_096;

/** Takes the marks of a move away. @throws TribError the first refusal, when all were asked */
export async function closeSlots(link: Link, slots: readonly SlotRange[]): Promise<void> {
  await setSlots(link, [...slotsIn(slots)], ['STABLE']);
}

/**
 * Ownership and an epoch above all others, at once: with the slots and a low epoch, the first packet of an
 * earlier owner would take the slots back, and their keys would be deleted.
 */
export async function claimSlots(link: Link, slots: readonly SlotRange[]): Promise<void> {
  const numbers = [...slotsIn(slots)].map(String);
  const requests = [
    ['MULTI'],
    // One by one: most are nobody's, which is an error, and one error would keep all of them.
    ...numbers.map((slot) => ['CLUSTER', 'DELSLOTS', slot]),
    ['CLUSTER', 'ADDSLOTS', ...numbers],
    ['CLUSTER', 'BUMPEPOCH'],
    ['EXEC'],
  ];
  const replies = await link.ask(requests);
  for (const reply of replies) if (reply instanceof TribError) throw reply;
  const done = replies.at(-1);
  const added = Array.isArray(done) ? done.at(-2) : undefined;
  if (added === 'OK') return;
  const where = formatAddress(link.address);
  throw new TribError('REPLY_ERROR', `${where} did not take the slots: ${String(added)}`, {
    details: { reply: String(added) },
  });
}

/**
 * The owner gives slots up and opens them. Opened, a slot keeps its keys and serves MIGRATE, and no gossip
 * touches it.
 */
export async function yieldSlots(
  link: Link,
  owner: NodeRef,
  slots: readonly SlotRange[],
): Promise<void> {
  const requests = [...slotsIn(slots)].flatMap((slot) => [
    // It may have lost the slot by gossip in the meantime: then this is an error, and no harm.
    ['CLUSTER', 'DELSLOTS', String(slot)],
    setSlot(slot, ['NODE', owner.id]),
    setSlot(slot, ['IMPORTING', owner.id]),
  ]);
  const replies = await link.ask([['MULTI'], ...requests, ['EXEC']]);
  for (const reply of replies) if (reply instanceof TribError) throw reply;
  const done = replies.at(-1);
  const opened = Array.isArray(done) ? done.filter((_, at) => at % 3 === 2) : [];
  const refusal = opened.find((reply) => reply !== 'OK');
  if (refusal === undefined) return;
  const where = formatAddress(link.address);
  throw new TribError('REPLY_ERROR', `${where} did not give up a slot: ${String(refusal)}`, {
    details: { reply: String(refusal) },
  });
}

export async function tellOwner(
  link: Link,
  owner: NodeRef,
  slots: readonly SlotRange[],
): Promise<void> {
  await setSlots(link, [...slotsIn(slots)], ['NODE', owner.id]);
}

/** @throws TribError the first refusal, when all were asked; those that match are none */
export async function setSlots(
  link: Link,
  slots: readonly number[],
  state: readonly string[],
  harmless?: RegExp,
): Promise<void> {
  for (let from = 0; from < slots.length; from += REQUESTS_MAX) {
    const requests = slots.slice(from, from + REQUESTS_MAX).map((slot) => setSlot(slot, state));
    const replies: readonly (Reply | TribError)[] = await link.ask(requests);
    const refusal = replies.find(
      (reply) => reply instanceof TribError && harmless?.test(replyWordsOf(reply)) !== true,
    );
    if (refusal instanceof TribError) throw refusal;
  }
}

const setSlot = (slot: number, state: readonly string[]): readonly string[] => [
  'CLUSTER',
  'SETSLOT',
  String(slot),
  ...state,
];

/**
 * A wave: some slots of one pair of nodes that go through the same states together, so that each state
 * costs one packet per node, not one per slot.
 *
 *   target IMPORTING -> source MIGRATING -> keys -> target NODE -> source NODE -> the others NODE
 *
 * The target is told first at both ends of it. Told last, it would answer MOVED to the clients that are sent
 * there; and should it die before it knows that the slot is its own, nobody must have been told so. Each
 * step may have been done before, by a run that was cut: it is then done again, which changes nothing.
 *
 * Keys that have left cannot be called back without clients noticing: while the source is closed they would
 * find neither. So a wave that fails finishes the slots that are empty at the source, closes those
 * of which nothing has left, and leaves open only the one it failed at.
 */
import { formatAddress } from '../../cluster/address.js';
import { AssertionFailure, TribError } from '../../kernel/errors.js';
import { formatRanges, rangesOf } from '../../kernel/ranges.js';
import type { Link, Reply } from '../links.js';
import { replyWordsOf } from '../reply-words.js';
import { pause } from '../wait.js';
import { keysFrom, keysQuestion } from './carry-keys.js';
import { carryWave, notEmpty, type Passage, type WaveTurns } from './carry-wave.js';
import type { Ends } from './ends.js';
import type { Freight } from './freight.js';

export interface WaveOptions {
  /** Shared by the waves of one pair. */
  readonly turns: WaveTurns;
  /** Lets the other primaries know; nobody waits for them. */
  readonly tellOthers: (slots: readonly number[]) => void;
}

/** @throws TribError of the first slot that failed, naming what is left open. */
export async function moveWave(
  ends: Ends,
  slots: readonly number[],
  freight: Freight,
  options: WaveOptions,
): Promise<void> {
  await freight.moving.journal.opening({ ...ends.move, slots: rangesOf(slots) });
  const passages = slots.map((slot): Passage => ({
    slot,
    keyCount: 0,
    known: undefined,
    weights: undefined,
    hasLeftovers: false,
    isCarried: false,
    isEmpty: false,
  }));
  let failure: unknown;
  try {
    await open(ends, passages);
    await carryWave(ends, passages, freight, options.turns);
  } catch (error) {
    if (error instanceof AssertionFailure) throw error;
    failure = error;
  }
  try {
    if (failure !== undefined) {
      await notEmpty(
        ends,
        passages.filter(({ isCarried }) => isCarried),
      );
    }
    const emptied = passages.filter(({ isEmpty }) => isEmpty);
    await handOver(ends, emptied, freight, options);
  } catch (error) {
    failure ??= error;
  }
  if (failure === undefined) return;
  const others = passages.filter(({ isEmpty }) => !isEmpty);
  const left = await release(ends, others);
  throw withOpenSlots(failure, ends, left);
}

async function open({ move, source, target, lanes }: Ends, passages: Passage[]): Promise<void> {
  const opened = await target.ask(
    passages.map(({ slot }) => setSlot(slot, 'IMPORTING', move.source.id)),
  );
  const owned = new Set<number>();
  opened.forEach((reply, at) => {
    // A run that was cut after the target was told: only the rest remains to be said.
    if (isRefusal(reply, /already the owner/)) owned.add(passages[at]!.slot);
    else throwRefusal(reply);
  });
  const first = lanes[0]!;
  const replies = await first.link.askBinary(
    passages.flatMap(({ slot }) => [
      setSlot(slot, 'MIGRATING', move.target.id),
      keysQuestion(slot),
    ]),
  );
  for (const [at, passage] of passages.entries()) {
    const [marked, keys] = [replies[at * 2], replies[at * 2 + 1]];
    passage.known = keysFrom(keys);
    if (!isRefusal(marked, /not the owner/)) throwRefusal(marked);
    else if (!owned.has(passage.slot)) throw ownerChanged(passage.slot, move.source.address);
    else if (passage.known.length > 0) {
      await openLeftovers(source, passage.slot, move.target.id);
      passage.hasLeftovers = true;
    }
  }
}

/** Keys that stayed behind where the slot is gone already: MIGRATE is served there only while it is open. */
async function openLeftovers(source: Link, slot: number, target: string): Promise<void> {
  const [reply] = await source.ask([setSlot(slot, 'IMPORTING', target)]);
  throwRefusal(reply);
}

async function handOver(
  { move, source, target }: Ends,
  passages: readonly Passage[],
  { moving, tally, deadlineMs }: Freight,
  { tellOthers }: WaveOptions,
): Promise<void> {
  if (passages.length === 0) return;
  const slots = passages.map(({ slot }) => slot);
  await giveTo(target, slots, move.target.id, deadlineMs);
  tellOthers(slots);
  await tellSource(source, slots, move.target.id);
  // The mark that let leftovers go is not taken off by NODE.
  const marked = passages.filter(({ hasLeftovers }) => hasLeftovers);
  await source.ask(marked.map(({ slot }) => setSlot(slot, 'STABLE')));
  moving.journal.moved({ ...move, slots: rangesOf(slots) });
  for (const { slot, keyCount } of passages) {
    tally.slotMoved(slot, move.source.address, move.target.address, keyCount);
  }
}

/** Valkey hands the command to its replicas first, and says so when none confirms in time. */
const TRY_AGAIN = /^(NOREPLICAS|UNBLOCKED)/;
const TRY_AGAIN_PAUSE_MS = 50;

async function giveTo(
  target: Link,
  slots: readonly number[],
  id: string,
  deadlineMs: number,
): Promise<void> {
  const giveUpAt = performance.now() + deadlineMs;
  for (let rest = slots; rest.length > 0;) {
    const replies = await target.ask(rest.map((slot) => setSlot(slot, 'NODE', id)));
    const again = rest.filter((_, at) => isRefusal(replies[at], TRY_AGAIN));
    const isLate = performance.now() > giveUpAt;
    for (const reply of replies) if (isLate || !isRefusal(reply, TRY_AGAIN)) throwRefusal(reply);
    rest = again;
    if (rest.length > 0) await pause(TRY_AGAIN_PAUSE_MS);
  }
}

/**
 * The target owns the slots whatever the source says now. One that has given its last slot away may be a
 * replica already, and one that is gone hears of it when it is back.
 */
async function tellSource(source: Link, slots: readonly number[], id: string): Promise<void> {
  const harmless = /only with (masters|primaries)|^(NOREPLICAS|UNBLOCKED|LOADING|MASTERDOWN)/;
  const replies = await source.ask(slots.map((slot) => setSlot(slot, 'NODE', id)));
  for (const reply of replies) if (!isRefusal(reply, harmless)) throwRefusal(reply);
}

/**
 * Closes slots of which nothing has left. The source first: from then on nobody is sent to the target.
 *
 * @returns the slots that are left open.
 */
async function release(
  { source, target, lanes, move }: Ends,
  passages: readonly Passage[],
): Promise<readonly number[]> {
  const [untouched, touched] = [
    passages.filter(({ keyCount }) => keyCount === 0).map(({ slot }) => slot),
    passages.filter(({ keyCount }) => keyCount > 0).map(({ slot }) => slot),
  ];
  if (untouched.length === 0) return touched;
  if (lanes.length > 1) return [...touched, ...untouched];
  try {
    await source.ask(untouched.map((slot) => setSlot(slot, 'STABLE')));
    // In one packet: what a client was sent there for before has arrived by then, or is sent back.
    const closed = await target.ask(
      untouched.flatMap((slot) => [
        setSlot(slot, 'STABLE'),
        ['CLUSTER', 'COUNTKEYSINSLOT', String(slot)],
      ]),
    );
    const visited = untouched.filter((_, at) => closed[at * 2 + 1] !== 0);
    // New keys were made at the target meanwhile: the slot has to go there.
    await target.ask(visited.map((slot) => setSlot(slot, 'IMPORTING', move.source.id)));
    await source.ask(visited.map((slot) => setSlot(slot, 'MIGRATING', move.target.id)));
    return [...touched, ...visited];
  } catch {
    // Whoever does not answer now is what the wave failed at.
    return [...touched, ...untouched];
  }
}

function setSlot(slot: number, state: string, ...id: readonly string[]): readonly string[] {
  return ['CLUSTER', 'SETSLOT', String(slot), state, ...id];
}

type Answer = Reply | TribError | undefined | object;

function isRefusal(reply: Answer, words: RegExp): boolean {
  return reply instanceof TribError && words.test(replyWordsOf(reply));
}

function throwRefusal(reply: Answer | null): void {
  if (reply instanceof TribError) throw reply;
}

function ownerChanged(slot: number, source: Ends['source']['address']): TribError {
  const message = `Slot ${slot} does not belong to ${formatAddress(source)} any more.`;
  return new TribError('PLAN_STALE', message, {
    hint: 'Somebody else moves slots, or a failover has changed the owner; plan again.',
    details: { slot },
  });
}

function withOpenSlots(failure: unknown, { move }: Ends, left: readonly number[]): unknown {
  if (!(failure instanceof TribError) || left.length === 0) return failure;
  const slots = formatRanges(rangesOf(left));
  const { host, port } = move.target.address;
  return new TribError(failure.code, failure.message, {
    hint: [
      ...failure.hints,
      `Still open: ${slots}. Clients are served all the same. trib resume ${host}:${port} goes on.`,
    ],
    cause: failure,
    details: { ...failure.details, openSlots: slots },
  });
}

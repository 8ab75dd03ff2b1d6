/** Slots of one pair of nodes in one atomic migration: started, watched, and cancelled on an interruption. */
import { formatAddress } from '../../../cluster/address.js';
import { AssertionFailure, TribError, messageOf } from '../../../kernel/errors.js';
import { slotsIn } from '../../../kernel/ranges.js';
import type { ExecutionContext } from '../../context.js';
import { pause, throwIfInterrupted } from '../../wait.js';
import type { Freight } from '../freight.js';
import type { SurveyedMove } from '../survey.js';
import { knownOf, type AtomicDriver, type AtomicEnds } from './driver.js';
import { REDIS_DRIVER } from './redis.js';
import { VALKEY_DRIVER } from './valkey.js';

const LOOK_EVERY_MS = 50;
/** Heavy writes can make a migration fail that goes through a moment later. */
const TRIES_MAX = 3;

/** What the user needs whom the nodes log in as at each other; with empty slots less is enough. */
const PERMISSIONS =
  'The nodes log in at each other as their masteruser (primaryuser): it needs +cluster|syncslots, +select, +ping and all commands that write, on all keys.';

/** @returns undefined where both ends do not have the same one. */
export async function atomicDriverFor(
  { source, target }: SurveyedMove | Pick<SurveyedMove, 'source' | 'target'>,
  { links }: ExecutionContext,
): Promise<AtomicDriver | undefined> {
  const ends = [links.to(source.address), links.to(target.address)];
  const words = ['cluster|migrateslots', 'cluster|migration'];
  const [one, other] = await Promise.all(ends.map((link) => knownOf(link, words)));
  const [valkey, redis] = words.map((word) => one!.has(word) && other!.has(word));
  return valkey === true ? VALKEY_DRIVER : redis === true ? REDIS_DRIVER : undefined;
}

/**
 * @throws TribError INTERRUPTED when it was cancelled, REPLY_ERROR when it failed too often: then, too, all
 * slots are where they were.
 */
export async function moveAtomically(
  move: SurveyedMove,
  driver: AtomicDriver,
  { moving, tally }: Freight,
  context: ExecutionContext,
): Promise<void> {
  const { links } = context;
  const ends = { source: links.to(move.source.address), target: links.to(move.target.address) };
  throwIfInterrupted(context.signal, 'before a migration was started');
  await moving.journal.opening(move);
  for (let tries = 1; ; tries++) {
    const failure = await attempt(move, driver, ends, context);
    if (failure === undefined) break;
    if (tries >= TRIES_MAX) throw failed(move, failure);
    context.report({
      kind: 'remark',
      severity: 'warning',
      message: `The migration to ${formatAddress(move.target.address)} failed and is tried again: ${failure}`,
    });
  }
  moving.journal.moved(move);
  for (const slot of slotsIn(move.slots)) {
    const keyCount = move.keyCounts.get(slot) ?? 0;
    tally.keysMoved(keyCount, 0);
    tally.slotMoved(slot, move.source.address, move.target.address, keyCount);
  }
}

/** @returns why it failed; undefined when the slots have moved. */
async function attempt(
  move: SurveyedMove,
  driver: AtomicDriver,
  ends: AtomicEnds,
  context: ExecutionContext,
): Promise<string | undefined> {
  const job = await driver.start(move, ends);
  for (;;) {
    const state = await driver.look(job, ends);
    if (state.kind === 'done') return undefined;
    if (state.kind === 'failed') {
      await calmly(driver.cancel(job, ends));
      return state.message;
    }
    if (context.signal?.aborted === true) {
      await calmly(driver.cancel(job, ends));
      // It may have been too late to call it back.
      if ((await driver.look(job, ends)).kind === 'done') return undefined;
      throwIfInterrupted(
        context.signal,
        'the migration was cancelled, its slots stay where they are',
      );
    }
    await pause(LOOK_EVERY_MS);
  }
}

/** Cancelling what has just ended is no failure. */
async function calmly(cancelled: Promise<void>): Promise<void> {
  try {
    await cancelled;
  } catch (error) {
    if (error instanceof AssertionFailure) throw error;
  }
}

function failed({ source, target }: SurveyedMove, reason: string): TribError {
  const [from, to] = [formatAddress(source.address), formatAddress(target.address)];
  return new TribError('REPLY_ERROR', `The migration from ${from} to ${to} failed: ${reason}`, {
    hint: [
      ...(reason.includes('NOPERM') ? [PERMISSIONS] : []),
      'All its slots are where they were. --way classic moves them key by key.',
    ],
    details: { source: source.id, target: target.id, reason: messageOf(reason) },
  });
}

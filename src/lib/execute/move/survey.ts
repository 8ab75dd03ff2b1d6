/**
 * A look at what is to be moved, before anything is: how many keys there are, whether any of them is so big
 * that both of its nodes would stand still, and which sources need weighing at all.
 */
import type { NodeAddress } from '../../cluster/model.js';
import { TribError } from '../../kernel/errors.js';
import { CONCURRENT_NODES_MAX } from '../../kernel/limits.js';
import { rangesOf, slotsIn } from '../../kernel/ranges.js';
import { formatAddress } from '../../cluster/address.js';
import type { ExecutionContext } from '../context.js';
import type { Link } from '../links.js';
import { mapBounded } from '../map-bounded.js';
import { throwIfInterrupted } from '../wait.js';
import { keysFrom } from './carry-keys.js';
import { databasesOf, selecting } from './databases.js';
import type { BigKey, Moving, SlotMove } from './moving.js';
import { datasetBytes, weigh } from './weigh.js';

export interface Survey {
  /** Without the slots that are left out because of their keys. */
  readonly moves: readonly SurveyedMove[];
  readonly keyCount: number;
  /** Slots that stay where they are because of their keys. */
  readonly left: ReadonlySet<number>;
}

export interface SurveyedMove extends SlotMove {
  /** A batch of this source could be heavier than is allowed. */
  readonly weighs: boolean;
  /** By slot, of the selected database 0; slots without keys are left out. */
  readonly keyCounts: ReadonlyMap<number, number>;
}

const COUNTED_AT_ONCE = 4_096;
/** More than any slot has; not more still, because servers before 7.0 make room for as many as are asked for. */
const EVERY_KEY = 10_000_000;

/** @throws TribError REFUSED when a big key is among them and they may not be moved. */
export async function survey(
  moves: readonly SlotMove[],
  moving: Moving,
  context: ExecutionContext,
): Promise<Survey> {
  const { limitBytes } = moving.bigKeys;
  const seen = await mapBounded(moves, CONCURRENT_NODES_MAX, async (move) => {
    const link = context.links.to(move.source.address);
    const [keyCounts, dataset] = await Promise.all([countKeys(link, move), datasetBytes(link)]);
    const keyCount = [...keyCounts.values()].reduce((sum, count) => sum + count, 0);
    const mayBeBig = limitBytes > 0 && dataset > limitBytes && keyCount > 0;
    const bigKeys = mayBeBig ? await findBigKeys(link, move, limitBytes, context) : [];
    const weighs = dataset > moving.batchBytesMax || moving.rate?.unit === 'bytes';
    return { move: { ...move, weighs, keyCounts }, keyCount, bigKeys };
  });
  const bigKeys = seen.flatMap((one) => one.bigKeys);
  const left = await decide(bigKeys, moving, context);
  return {
    moves: seen.map(({ move }) => without(move, left)).filter(({ slots }) => slots.length > 0),
    keyCount: seen.reduce((sum, one) => sum + one.keyCount, 0),
    left,
  };
}

async function countKeys(link: Link, { slots }: SlotMove): Promise<ReadonlyMap<number, number>> {
  const all = [...slotsIn(slots)];
  const counts = new Map<number, number>();
  for (let from = 0; from < all.length; from += COUNTED_AT_ONCE) {
    const asked = all.slice(from, from + COUNTED_AT_ONCE);
    const replies = await link.ask(
      asked.map((slot) => ['CLUSTER', 'COUNTKEYSINSLOT', String(slot)]),
    );
    asked.forEach((slot, at) => {
      const reply = replies[at];
      if (reply instanceof TribError) throw reply;
      if (Number(reply) > 0) counts.set(slot, Number(reply));
    });
  }
  return counts;
}

async function findBigKeys(
  link: Link,
  move: SlotMove,
  limitBytes: number,
  context: ExecutionContext,
): Promise<readonly BigKey[]> {
  const found: BigKey[] = [];
  for (const database of await databasesOf(link)) {
    await selecting(context.links.apart(move.source.address), database, async (lane) => {
      for (const slot of slotsIn(move.slots)) {
        throwIfInterrupted(context.signal, 'while keys were weighed; nothing was changed');
        const [reply] = await lane.askBinary([everyKey(slot)]);
        const keys = keysFrom(reply);
        const weights = await weigh(lane, keys);
        weights.forEach((bytes, at) => {
          if (bytes < limitBytes) return;
          found.push({ source: move.source, slot, database, key: keys[at]!, bytes });
        });
      }
    });
  }
  return found;
}

/** All of them in one answer: a slot is seldom large, and what is missed here could not be announced. */
function everyKey(slot: number): readonly string[] {
  return ['CLUSTER', 'GETKEYSINSLOT', String(slot), String(EVERY_KEY)];
}

/** @returns the slots that stay where they are. */
async function decide(
  keys: readonly BigKey[],
  { bigKeys }: Moving,
  { report }: ExecutionContext,
): Promise<ReadonlySet<number>> {
  if (keys.length === 0) return new Set();
  for (const { source, slot, key, bytes } of keys) {
    report({ kind: 'big-key', node: source.address, slot, key, bytes });
  }
  const { onBigKey, ask } = bigKeys;
  switch (onBigKey === 'ask' ? await ask?.(keys) : onBigKey) {
    case 'move':
      return new Set();
    case 'skip':
      return new Set(keys.map(({ slot }) => slot));
    case 'fail':
    case undefined:
      throw tooBig(keys, bigKeys.limitBytes);
  }
}

function tooBig(keys: readonly BigKey[], limitBytes: number): TribError {
  const what = keys.length === 1 ? 'One key is' : `${keys.length} keys are`;
  const message = `${what} larger than ${limitBytes} bytes: nothing was moved.`;
  return new TribError('REFUSED', message, {
    hint: [
      ...keys
        .slice(0, 5)
        .map(({ source, slot, key, bytes }) => line(source.address, slot, key, bytes)),
      'Its two nodes would stand still while it travels: --on-big-key move does it, skip leaves its slot.',
    ],
    details: { keys: keys.slice(0, 100).map(({ slot, bytes }) => ({ slot, bytes })) },
  });
}

const line = (node: NodeAddress, slot: number, key: string, bytes: number): string =>
  `${formatAddress(node)} slot ${slot}: ${JSON.stringify(key)}, ${bytes} bytes`;

function without(move: SurveyedMove, left: ReadonlySet<number>): SurveyedMove {
  if (left.size === 0) return move;
  return { ...move, slots: rangesOf([...slotsIn(move.slots)].filter((slot) => !left.has(slot))) };
}

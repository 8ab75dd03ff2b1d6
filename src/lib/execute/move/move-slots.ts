/**
 * Moves the slots of a stage: pairs of nodes at once, and of each pair a window of slots. What is in flight
 * is finished whatever happens; an interruption and a failure only keep more from being begun.
 */
import { formatAddress } from '../../cluster/address.js';
import type { NodeId } from '../../kernel/node-id.js';
import { AssertionFailure, TribError, messageOf } from '../../kernel/errors.js';
import { CONCURRENT_NODES_MAX } from '../../kernel/limits.js';
import { countSlots, rangesOf, slotsIn } from '../../kernel/ranges.js';
import type { ExecutionContext } from '../context.js';
import { mapBounded } from '../map-bounded.js';
import { throwIfInterrupted } from '../wait.js';
import type { AtomicDriver } from './atomic/driver.js';
import { atomicDriverFor, moveAtomically } from './atomic/move-atomically.js';
import { Bystanders } from './bystanders.js';
import { moveClassically } from './classic.js';
import type { Freight } from './freight.js';
import { MOVING_DEFAULTS, type Moving, type SlotMove } from './moving.js';
import { Guard, rateLimitFor } from './pace.js';
import { survey, type SurveyedMove } from './survey.js';
import { Tally } from './tally.js';
import { Turns } from './turns.js';

/**
 * @returns when every slot has its new owner, but for those left out because of their big keys: these.
 * @throws TribError INTERRUPTED once what was in flight is finished; REFUSED before anything was changed
 * because of big keys, or because atomic migration was asked for where there is none; REPLY_ERROR,
 * NODE_UNREACHABLE, DEADLINE, PLAN_STALE naming the slots left open.
 */
export async function moveSlots(
  asked: readonly SlotMove[],
  context: ExecutionContext,
): Promise<ReadonlySet<number>> {
  const moving = context.moving ?? MOVING_DEFAULTS;
  const { moves, keyCount, left } = await survey(byPair(asked), moving, context);
  const slotCount = moves.reduce((sum, { slots }) => sum + countSlots(slots), 0);
  const ways = await waysFor(moves, moving, context);
  const bystanders = await Bystanders.of(moves, context);
  const guards = guardsFor(moves, moving, context);
  const tally = new Tally(context.report, { slotCount, keyCount }, moves.length);
  const rate = rateLimitFor(moving, context.signal);
  const turns = new Turns();
  const failures: unknown[] = [];
  await mapBounded(moves, CONCURRENT_NODES_MAX, async (move) => {
    const guard = guards.get(move.source.id);
    const { deadlineMs } = context;
    const freight: Freight = { moving, tally, rate, guard, weighs: move.weighs, deadlineMs };
    const driver = ways.get(move);
    try {
      if (driver && (await wentAtomically(move, driver, { freight, turns }, context))) return;
      await moveClassically(move, freight, context, {
        tellOthers: (slots) => bystanders.tell(move, slots),
      });
    } catch (error) {
      failures.push(error);
    }
  });
  await bystanders.heard();
  await Promise.all([...guards.values()].map((guard) => guard.end()));
  tally.end();
  if (failures.length > 0) throw failures[0];
  if (tally.slotsDone < slotCount) {
    throwIfInterrupted(context.signal, `${tally.slotsDone} of ${slotCount} slots were moved`);
  }
  return left;
}

/** @returns false when it failed and key by key is to be tried instead; nothing has changed then. */
async function wentAtomically(
  move: SurveyedMove,
  driver: AtomicDriver,
  { freight, turns }: { readonly freight: Freight; readonly turns: Turns },
  context: ExecutionContext,
): Promise<boolean> {
  const work = (): Promise<void> => moveAtomically(move, driver, freight, context);
  try {
    await (driver.isExclusive ? turns.take([move.source.id, move.target.id], work) : work());
    return true;
  } catch (error) {
    if (error instanceof AssertionFailure || freight.moving.way === 'atomic') throw error;
    // What was refused has changed nothing, whether it was not possible or not allowed.
    const isRefusal =
      error instanceof TribError && (error.code === 'REPLY_ERROR' || error.code === 'AUTH_FAILED');
    if (!isRefusal) throw error;
    context.report({
      kind: 'remark',
      severity: 'warning',
      message: `${messageOf(error)} Its slots are moved key by key instead.`,
    });
    return false;
  }
}

/** How each pair moves: those that are not named move key by key. */
async function waysFor(
  moves: readonly SurveyedMove[],
  { way }: Moving,
  context: ExecutionContext,
): Promise<ReadonlyMap<SurveyedMove, AtomicDriver>> {
  const ways = new Map<SurveyedMove, AtomicDriver>();
  if (way === 'classic') return ways;
  await mapBounded(moves, CONCURRENT_NODES_MAX, async (move) => {
    const driver = await atomicDriverFor(move, context);
    if (driver) ways.set(move, driver);
    else if (way === 'atomic') throw noAtomicWay(move);
  });
  return ways;
}

function noAtomicWay({ source, target }: SlotMove): TribError {
  const [from, to] = [formatAddress(source.address), formatAddress(target.address)];
  return new TribError('REFUSED', `${from} and ${to} have no atomic slot migration in common.`, {
    hint: 'Valkey 9 and Redis 8.4 have it, each its own. --way classic moves slots key by key.',
  });
}

/** Moves between the same two nodes are one: they share the window. */
function byPair(moves: readonly SlotMove[]): readonly SlotMove[] {
  const pairs = new Map<string, SlotMove>();
  for (const move of moves) {
    const key = `${move.source.id} ${move.target.id}`;
    const known = pairs.get(key);
    const slots = known ? [...slotsIn(known.slots), ...slotsIn(move.slots)] : slotsIn(move.slots);
    pairs.set(key, { ...move, slots: rangesOf(slots) });
  }
  return [...pairs.values()];
}

function guardsFor(
  moves: readonly SurveyedMove[],
  { guardMs }: Moving,
  { links, report }: ExecutionContext,
): ReadonlyMap<NodeId, Guard> {
  const guards = new Map<NodeId, Guard>();
  if (guardMs <= 0) return guards;
  for (const { source } of moves) {
    if (guards.has(source.id)) continue;
    guards.set(source.id, new Guard(links.apart(source.address), guardMs, report));
  }
  return guards;
}

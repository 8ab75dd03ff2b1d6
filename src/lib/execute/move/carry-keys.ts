/**
 * Empties a slot of one node into another, batch after batch. The slot must be open: MIGRATE is served
 * where a slot is migrating or importing, and the other side takes what comes. A batch is bounded by keys
 * and by bytes; a key heavier than a batch travels alone, and may take longer.
 */
import { TribError } from '../../kernel/errors.js';
import { formatAddress } from '../../cluster/address.js';
import { replyWordsOf } from '../reply-words.js';
import { pause } from '../wait.js';
import { copiesDiffer } from './copies.js';
import type { Ends, Lane } from './ends.js';
import type { Freight } from './freight.js';
import { migrate, migrateFailure, type MigrateOptions } from './migrate.js';
import { weigh } from './weigh.js';

/** Keys asked for at once. */
export const KEYS_ASKED_MAX = 1_000;

/** What a node at work may take, at the least: serialised, sent and rebuilt. */
const BYTES_PER_MS = 10_000;
/** Three tries: at once, at twice and at four times the timeout. */
const PATIENCE_MAX = 4;
const TRANSIENT =
  /^(CLUSTERDOWN|LOADING|BUSY |MASTERDOWN|TRYAGAIN)|error: (CLUSTERDOWN|LOADING|BUSY )/;
const TRANSIENT_PAUSE_MS = 100;

export interface KnownKeys {
  readonly keys: readonly string[];
  /** Bytes, one per key, where they were asked for along with others. */
  readonly weights?: readonly number[] | undefined;
}

interface Batch {
  readonly keys: readonly string[];
  /** 0 where nothing was weighed. */
  readonly bytes: number;
}

/**
 * @param known keys of the slot where they were asked for already; fewer than `KEYS_ASKED_MAX` are all.
 * @param onMoved is told of every batch that went, so that a failure knows whether any did.
 * @throws TribError REPLY_ERROR or REFUSED naming slot and keys; NODE_UNREACHABLE, DEADLINE.
 */
export async function carryKeys(
  ends: Ends,
  lane: Lane,
  slot: number,
  freight: Freight,
  onMoved: (keyCount: number) => void,
  known?: KnownKeys,
): Promise<void> {
  let keys = known?.keys ?? (await keysIn(lane, slot));
  let weights = known?.weights;
  while (keys.length > 0) {
    if (freight.weighs) weights ??= await weigh(lane.link, keys);
    for (const batch of batchesOf(keys, weights, freight)) {
      await freight.rate?.spend(
        freight.moving.rate?.unit === 'bytes' ? batch.bytes : batch.keys.length,
      );
      await freight.guard?.breathe();
      await send(ends, lane, slot, batch, freight);
      onMoved(batch.keys.length);
      freight.tally.keysMoved(batch.keys.length, batch.bytes);
    }
    if (keys.length < KEYS_ASKED_MAX) return;
    keys = await keysIn(lane, slot);
    weights = undefined;
  }
}

async function keysIn({ link }: Lane, slot: number): Promise<readonly string[]> {
  const [reply] = await link.askBinary([keysQuestion(slot)]);
  return keysFrom(reply);
}

export function keysQuestion(slot: number): readonly string[] {
  return ['CLUSTER', 'GETKEYSINSLOT', String(slot), String(KEYS_ASKED_MAX)];
}

export function keysFrom(reply: unknown): readonly string[] {
  if (reply instanceof TribError) throw reply;
  return Array.isArray(reply) ? reply.map(String) : [];
}

function batchesOf(
  keys: readonly string[],
  weights: readonly number[] | undefined,
  { moving, guard }: Freight,
): readonly Batch[] {
  const share = guard?.batchShare() ?? 1;
  const keysMax = Math.max(1, Math.floor(moving.batchKeysMax * share));
  const bytesMax = moving.batchBytesMax * share;
  const batches: Batch[] = [];
  let batch: string[] = [];
  let bytes = 0;
  keys.forEach((key, at) => {
    const weight = weights?.[at] ?? 0;
    if (batch.length > 0 && (batch.length >= keysMax || bytes + weight > bytesMax)) {
      batches.push({ keys: batch, bytes });
      batch = [];
      bytes = 0;
    }
    batch.push(key);
    bytes += weight;
  });
  batches.push({ keys: batch, bytes });
  return batches;
}

/** @param patience multiplies the timeout: what was lost once may need longer. */
async function send(
  ends: Ends,
  lane: Lane,
  slot: number,
  { keys, bytes }: Batch,
  freight: Freight,
  patience = 1,
): Promise<void> {
  const { moving, deadlineMs } = freight;
  const giveUpAt = performance.now() + deadlineMs;
  const timeoutMs = Math.max(moving.migrateTimeoutMs, Math.ceil(bytes / BYTES_PER_MS)) * patience;
  let options: MigrateOptions = { replace: moving.replace, timeoutMs };
  for (;;) {
    const outcome = await migrate(ends, lane, keys, moving, options);
    switch (outcome.kind) {
      case 'moved':
        return;
      case 'busy':
        await refuseDifferent(ends, lane, slot, keys);
        options = { ...options, replace: true };
        break;
      case 'lost':
        // One by one, and more patiently. Those that arrived but were not deleted here are compared then.
        if (patience >= PATIENCE_MAX) throw migrateFailure(ends, slot, outcome.error);
        for (const key of keys) {
          const alone = { keys: [key], bytes: keys.length === 1 ? bytes : 0 };
          await send(ends, lane, slot, alone, freight, patience * 2);
        }
        return;
      case 'refused':
        if (!TRANSIENT.test(replyWordsOf(outcome.error)) || performance.now() > giveUpAt) {
          throw migrateFailure(ends, slot, outcome.error);
        }
        await pause(TRANSIENT_PAUSE_MS);
        break;
    }
  }
}

/** A key on both sides may be overwritten when both copies are the same. @throws TribError REFUSED */
async function refuseDifferent(
  ends: Ends,
  lane: Lane,
  slot: number,
  keys: readonly string[],
): Promise<void> {
  const different = await copiesDiffer(ends, lane, keys);
  if (different.length === 0) return;
  const { source, target } = ends.move;
  const [from, to] = [formatAddress(source.address), formatAddress(target.address)];
  throw new TribError(
    'REFUSED',
    `Slot ${slot}: ${different.length} keys are at ${from} and at ${to}, with different values.`,
    {
      hint: [
        ...different.slice(0, 5).map((key) => JSON.stringify(key)),
        `Both copies were kept. --replace lets the one at ${from} win.`,
      ],
      details: { slot, source: source.id, target: target.id, keyCount: different.length },
    },
  );
}

/** What the other node of a transfer proposes, and what a replica hears of its primary's imports. */
import type { SlotRange } from '../../../kernel/ranges.js';
import { isSlot } from '../../../kernel/slot.js';
import { isPrimary, type ClusterState } from '../state.js';
import { isActive, newJob, overlap, type TransferJob } from './job.js';
import { finish, giveUp, startReceiving } from './life.js';
import { startCopying } from './progress.js';
import { ownerOf } from './takeover.js';

/** @param words after ESTABLISH @returns the job, begun; or why not */
export function acceptProposal(
  state: ClusterState,
  words: readonly string[],
): TransferJob | string {
  const proposed = jobFrom(state, words);
  if (proposed === undefined) return 'syntax error';
  const why = refusalOf(state, proposed);
  if (why !== undefined) return why;
  forget(state, proposed.id);
  state.transfers.unshift(proposed);
  if (proposed.way === 'import') startReceiving(state, proposed);
  else startCopying(state, proposed);
  return proposed;
}

function refusalOf(state: ClusterState, job: TransferJob): string | undefined {
  const { myself, transfers, settings, migratingTo, importingFrom } = state;
  if (!isPrimary(myself)) return 'Slot migration can only be used on primary nodes.';
  if (!state.nodes.has(job.way === 'import' ? job.sourceId : job.targetId)) {
    return 'The other node is unknown here';
  }
  if (importingFrom.size > 0) return 'Slots are being manually imported';
  if (migratingTo.size > 0) return 'Slots are being manually migrated';
  if (ownerOf(state, job) !== job.sourceId) return 'Slots are not served by the source node.';
  const active = transfers.filter((one) => isActive(one) && one.id !== job.id);
  if (settings.persona === 'redis-8.4' && active.length > 0) {
    return 'another ASM task is already in progress';
  }
  const isTwice = active.some((one) =>
    one.ranges.some((range) => job.ranges.some((other) => overlap(range, other))),
  );
  return isTwice ? 'Slots are in another migration already' : undefined;
}

/** What our primary's stream tells of its imports. */
export function hearOfImport(state: ClusterState, word: string, words: readonly string[]): void {
  if (word === 'WATCH') watchImport(state, words);
  else if (word === 'FINISH') endWatched(state, words);
}

/** It imports, and so do we. */
function watchImport(state: ClusterState, words: readonly string[]): void {
  const job = jobFrom(state, words, 'watching');
  if (job === undefined) return;
  const known = state.transfers.find(({ id, phase }) => id === job.id && phase === 'watching');
  if (known !== undefined) {
    known.heardMs = state.nowMs;
    return;
  }
  forget(state, job.id);
  state.transfers.unshift(job);
  state.effects.push({
    kind: 'transfer',
    order: { id: job.id, act: 'hide', ranges: job.ranges },
  });
}

function endWatched(state: ClusterState, [id, how]: readonly string[]): void {
  const job = state.transfers.find((one) => one.id === id && one.phase === 'watching');
  if (job === undefined) return;
  if (how === 'done') finish(state, job);
  else giveUp(state, job, how === 'cancelled' ? 'cancelled' : 'failed');
}

/** An earlier try of the same job. */
function forget(state: ClusterState, id: string): void {
  const at = state.transfers.findIndex((one) => one.id === id);
  if (at >= 0) state.transfers.splice(at, 1);
}

function jobFrom(
  { myself, nowMs }: ClusterState,
  [id, sourceId, targetId, ...words]: readonly string[],
  phase: 'waiting' | 'watching' = 'waiting',
): TransferJob | undefined {
  const ranges = rangesFrom(words);
  if (id === undefined || sourceId === undefined || targetId === undefined) return undefined;
  if (ranges === undefined) return undefined;
  const isImport = targetId === myself.id || phase === 'watching';
  if (!isImport && sourceId !== myself.id) return undefined;
  const way = isImport ? 'import' : 'export';
  return newJob({ id, way, ranges, sourceId, targetId, isOrdered: false, createdMs: nowMs, phase });
}

function rangesFrom(words: readonly string[]): readonly SlotRange[] | undefined {
  if (words.length === 0 || words.length % 2 !== 0) return undefined;
  const ranges: SlotRange[] = [];
  for (let at = 0; at < words.length; at += 2) {
    const [first, last] = [Number(words[at]), Number(words[at + 1])];
    if (!isSlot(first) || !isSlot(last) || first > last) return undefined;
    ranges.push({ first, last });
  }
  return ranges;
}

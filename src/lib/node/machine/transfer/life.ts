/** How a job begins and ends, on whichever side. */
import type { SlotRange } from '../../../kernel/ranges.js';
import { portFor } from '../client-ports.js';
import { isPrimary, log, type ClusterNode, type ClusterState } from '../state.js';
import {
  isActive,
  isFinal,
  newJob,
  rangesText,
  rangeWords,
  type Phase,
  type TransferJob,
} from './job.js';
import type { TransferOrder } from './orders.js';

/** A failed import is tried again after so long. */
const RETRY_MS = 1000;

type Act<Order> = Order extends { readonly id: string } ? Omit<Order, 'id'> : never;

export function order(state: ClusterState, job: TransferJob, act: Act<TransferOrder>): void {
  const { id } = job;
  state.effects.push({ kind: 'transfer', order: { id, ...act } as TransferOrder });
}

export function enter(state: ClusterState, job: TransferJob, phase: Phase): void {
  log(state, 'notice', `Transfer ${job.id} (${job.way} of ${rangesText(job.ranges)}): ${phase}`);
  job.phase = phase;
  job.updatedMs = state.nowMs;
}

/** A job that is ordered here: its other side is asked to take part. */
export function begin(
  state: ClusterState,
  way: TransferJob['way'],
  ranges: readonly SlotRange[],
  other: ClusterNode,
): TransferJob {
  const { myself, nowMs } = state;
  const [source, target] = way === 'export' ? [myself, other] : [other, myself];
  const job = newJob({
    id: state.prng.hex(40),
    way,
    ranges,
    sourceId: source.id,
    targetId: target.id,
    isOrdered: true,
    createdMs: nowMs,
    phase: 'dialing',
  });
  state.transfers.unshift(job);
  dial(state, job, other);
  return job;
}

export function dial(state: ClusterState, job: TransferJob, other: ClusterNode): void {
  job.startedMs ??= state.nowMs;
  job.heardMs = state.nowMs;
  job.retryAtMs = undefined;
  enter(state, job, 'dialing');
  order(state, job, {
    act: 'dial',
    host: other.ip,
    port: portFor(other, state.settings.tlsCluster),
    proposal: ['ESTABLISH', job.id, job.sourceId, job.targetId, ...rangeWords(job.ranges)],
  });
}

/** The target is ready to take what comes. */
export function startReceiving(state: ClusterState, job: TransferJob): void {
  job.heardMs = state.nowMs;
  job.startedMs ??= state.nowMs;
  enter(state, job, 'receiving');
  order(state, job, { act: 'hide', ranges: job.ranges });
  tellReplicas(state, job);
}

/** Again and again: one that synchronizes in full while keys come in has them, and does not know of it. */
export function tellReplicas(state: ClusterState, job: TransferJob): void {
  job.toldMs = state.nowMs;
  order(state, job, { act: 'tell-replicas', words: watchWords(job) });
}

const watchWords = (job: TransferJob): readonly string[] => [
  'WATCH',
  job.id,
  job.sourceId,
  job.targetId,
  ...rangeWords(job.ranges),
];

/** The end of a job in good order: the target owns the slots. */
export function finish(state: ClusterState, job: TransferJob): void {
  const isOurs = job.phase !== 'watching';
  enter(state, job, 'done');
  job.endedMs = state.nowMs;
  job.message = '';
  if (job.way === 'import') {
    order(state, job, { act: 'show', ranges: job.ranges });
    if (isOurs) order(state, job, { act: 'tell-replicas', words: ['FINISH', job.id, 'done'] });
  } else if (job.heldMs !== undefined) order(state, job, { act: 'unhold' });
  order(state, job, { act: 'end' });
  forgetOld(state);
}

/** Not in good order: the source stays the owner, what has arrived goes. */
export function giveUp(
  state: ClusterState,
  job: TransferJob,
  how: 'failed' | 'cancelled',
  message = '',
): void {
  const before = job.phase;
  if (!isActive(job)) return;
  enter(state, job, how);
  job.endedMs = state.nowMs;
  job.message = message;
  if (message !== '') log(state, 'warning', `Transfer ${job.id} ${how}: ${message}`);
  if (job.way === 'export') {
    if (job.heldMs !== undefined) order(state, job, { act: 'unhold' });
  } else if (before !== 'dialing' && before !== 'proposing') {
    order(state, job, { act: 'discard', ranges: job.ranges });
    // A source that holds writes need not wait to be certain.
    order(state, job, { act: 'say', words: ['FAILED', message] });
    if (before !== 'watching' && isPrimary(state.myself)) {
      order(state, job, { act: 'tell-replicas', words: ['FINISH', job.id, how] });
    }
  }
  job.heldMs = undefined;
  order(state, job, { act: 'end' });
  const retries = job.way === 'import' && job.isOrdered && how === 'failed';
  job.retryAtMs = retries ? state.nowMs + RETRY_MS : undefined;
  forgetOld(state);
}

/** Our primary says no more of it: its data are ours, whatever they are. */
export function stopWatching(state: ClusterState, job: TransferJob): void {
  enter(state, job, 'failed');
  job.endedMs = state.nowMs;
  order(state, job, { act: 'show', ranges: job.ranges });
  order(state, job, { act: 'end' });
  forgetOld(state);
}

/** A job that failed and would try again does not any more. */
export function abandon(state: ClusterState, job: TransferJob): void {
  job.retryAtMs = undefined;
  enter(state, job, 'cancelled');
  job.endedMs = state.nowMs;
  forgetOld(state);
}

/** What is over is kept for those who ask, but not for ever. */
function forgetOld(state: ClusterState): void {
  let left = state.transfers.length - state.settings.keptTransfers;
  for (let at = state.transfers.length - 1; at >= 0 && left > 0; at--) {
    if (!isFinal(state.transfers[at]!)) continue;
    state.transfers.splice(at, 1);
    left--;
  }
}

/**
 * Jobs in the light of what else the node knows: who owns their slots, what we are, who has been silent.
 * Looked at with every beat, and at once when an owner or a role has changed.
 */
import { slotsIn } from '../../../kernel/ranges.js';
import { sendPing } from '../speak.js';
import { isFailed, isPrimary, primaryOf, type ClusterState } from '../state.js';
import { isActive, type TransferJob } from './job.js';
import { abandon, dial, finish, giveUp, stopWatching, tellReplicas } from './life.js';
import { ownerOf } from './takeover.js';

/** A target that is neither heard nor held for dead has that many times the pause to be heard. */
const PATIENCE = 3;

export function reviewTransfers(state: ClusterState): void {
  state.todo.transfers = false;
  for (const job of [...state.transfers]) {
    if (job.retryAtMs !== undefined) retry(state, job, job.retryAtMs);
    else if (!isActive(job)) continue;
    else if (job.phase === 'watching') reviewWatched(state, job);
    else if (job.way === 'export') reviewExport(state, job);
    else reviewImport(state, job);
  }
}

/** What was copied, or came in, is not what is there now. A replica's primary will say so. */
export function failFlushed(state: ClusterState): void {
  for (const job of [...state.transfers]) {
    if (isActive(job) && job.phase !== 'watching') giveUp(state, job, 'failed', FLUSHED);
  }
}

const FLUSHED = 'Data was flushed';

function reviewExport(state: ClusterState, job: TransferJob): void {
  const owner = ownerOf(state, job);
  if (owner === job.targetId) finish(state, job);
  else if (!isPrimary(state.myself) || owner !== state.myself.id) {
    giveUp(state, job, 'failed', 'Slots are not served by this node any more');
  } else if (isOpened(state, job)) {
    giveUp(state, job, 'failed', 'Slots are being manually imported or migrated');
  } else if (job.phase === 'holding') reviewHold(state, job, job.heldMs ?? state.nowMs);
  else if (isSilent(state, job)) giveUp(state, job, 'failed', SILENT);
}

function reviewImport(state: ClusterState, job: TransferJob): void {
  const owner = ownerOf(state, job);
  if (owner === job.targetId) finish(state, job);
  else if (!isPrimary(state.myself)) {
    giveUp(state, job, 'failed', 'This node is no primary any more');
    abandon(state, job);
  } else if (owner !== job.sourceId) {
    giveUp(state, job, 'failed', 'The slots have another owner now');
  } else if (isOpened(state, job)) {
    giveUp(state, job, 'failed', 'Slots are being manually imported or migrated');
  } else if (isSilent(state, job)) giveUp(state, job, 'failed', SILENT);
  else if (hasComeIn(job) && state.nowMs - job.toldMs > TELL_MS) tellReplicas(state, job);
}

const TELL_MS = 1000;

const hasComeIn = ({ phase }: TransferJob): boolean =>
  phase === 'receiving' || phase === 'following';

const SILENT = 'Timed out after too long with no interaction';

function isSilent({ settings, nowMs }: ClusterState, job: TransferJob): boolean {
  return nowMs - job.heardMs > settings.transferSilenceMs;
}

function isOpened({ migratingTo, importingFrom }: ClusterState, job: TransferJob): boolean {
  if (migratingTo.size === 0 && importingFrom.size === 0) return false;
  for (const slot of slotsIn(job.ranges)) {
    if (migratingTo.has(slot) || importingFrom.has(slot)) return true;
  }
  return false;
}

/**
 * The target has not said that it took over. Writes may go on here when it certainly did not and will not:
 * the time in which it may is over, and since then it has answered without a claim, or is dead.
 */
function reviewHold(state: ClusterState, job: TransferJob, heldMs: number): void {
  const { transferHoldMs, nodeTimeoutMs } = state.settings;
  const overMs = heldMs + transferHoldMs;
  if (state.nowMs <= overMs) return;
  const target = state.nodes.get(job.targetId);
  // What it says to a ping from now on, it says after it can have taken over.
  if (target?.link?.isUp === true && target.pingSentMs === 0 && job.probedMs === undefined) {
    job.probedMs = state.nowMs;
    sendPing(state, target.link, 'ping');
  }
  const isCertain =
    target === undefined ||
    isFailed(target) ||
    (job.probedMs !== undefined && target.pingSentMs === 0);
  const isTooLate =
    state.nowMs > Math.max(heldMs + PATIENCE * transferHoldMs, overMs + 2 * nodeTimeoutMs);
  if (isCertain || isTooLate) {
    giveUp(state, job, 'failed', 'The target did not take over in time');
  }
}

/**
 * A replica of the target: promoted in the middle of it, it owns the slots, or has half of their keys. While it
 * is a replica it hears how it ends, from its primary's stream, or, if it missed that, from the bus or by silence.
 */
function reviewWatched(state: ClusterState, job: TransferJob): void {
  const ours = primaryOf(state.myself);
  if (ours !== undefined && ownerOf(state, job) === ours.id) finish(state, job);
  else if (isPrimary(state.myself)) giveUp(state, job, 'failed', 'The target was replaced');
  else if (isSilent(state, job)) stopWatching(state, job);
}

function retry(state: ClusterState, job: TransferJob, atMs: number): void {
  if (state.nowMs < atMs) return;
  const owner = ownerOf(state, job);
  const source = owner === undefined ? undefined : state.nodes.get(owner);
  if (!isPrimary(state.myself) || source === state.myself) {
    abandon(state, job);
    return;
  }
  if (source === undefined || isOpened(state, job)) {
    job.message = source === undefined ? 'slots belong to different source nodes' : job.message;
    job.retryAtMs = state.nowMs + 1000;
    return;
  }
  job.retries++;
  job.sourceId = source.id;
  job.endedMs = undefined;
  job.confirmed = [];
  dial(state, job, source);
}

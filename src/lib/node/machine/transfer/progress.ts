/** What happens to a job, event by event. Whatever is not expected in its phase is no news. */
import { isPrimary, type ClusterState } from '../state.js';
import { isActive, type TransferJob } from './job.js';
import { enter, finish, giveUp, order, startReceiving } from './life.js';
import type { TransferEvent } from './orders.js';
import { believeTakeover, ownerOf, takeSlots } from './takeover.js';

/** Whatever the directive says: more than that takes the target too long once writes are held. */
const UNCONFIRMED_BYTES_MAX = 1024 * 1024;
/** Confirmations remembered; they come a few a second at most, and are wanted at once or never. */
const CONFIRMED_KEPT = 1000;

export const LOST = {
  export:
    'Connection lost to target. Check CLUSTER GETSLOTMIGRATIONS on the target node for more information.',
  import:
    'Connection lost to source. Check CLUSTER GETSLOTMIGRATIONS on the source node for more information.',
} as const;

export function hearTransfer(state: ClusterState, event: TransferEvent): void {
  const job = state.transfers.find(({ id }) => id === event.id);
  if (job === undefined || !isActive(job)) return;
  job.heardMs = state.nowMs;
  switch (event.what) {
    case 'dialed':
      enter(state, job, 'proposing');
      return;
    case 'accepted':
      if (job.phase !== 'proposing') return;
      if (job.way === 'import') startReceiving(state, job);
      else startCopying(state, job);
      return;
    case 'refused':
      giveUp(state, job, 'failed', event.text);
      return;
    case 'copied':
      if (job.phase === 'copying') enter(state, job, 'following');
      return;
    case 'confirmed':
      if (job.phase === 'following' && isClose(state, event)) {
        hold(state, job, event.confirmedBytes);
      }
      return;
    case 'confirming':
      job.confirmed.push({ bytes: event.bytes, atMs: state.nowMs });
      if (job.confirmed.length > CONFIRMED_KEPT) job.confirmed.shift();
      return;
    case 'heard':
      hearWords(state, job, event.words);
      return;
    case 'closed':
      // The target may have taken over, or be about to: `review` waits for certainty.
      if (job.phase !== 'holding') giveUp(state, job, 'failed', lost(state, job));
      return;
    case 'broken':
      giveUp(state, job, 'failed', event.why);
      return;
  }
}

function lost({ settings }: ClusterState, { way }: TransferJob): string {
  if (settings.persona === 'valkey-9') return LOST[way];
  return way === 'export' ? 'Connection to the destination lost' : 'Connection to the source lost';
}

/** The other side asked for it: both sides are ready. */
export function startCopying(state: ClusterState, job: TransferJob): void {
  job.startedMs ??= state.nowMs;
  enter(state, job, 'copying');
  order(state, job, { act: 'copy', ranges: job.ranges });
}

function isClose(
  { settings }: ClusterState,
  event: { readonly unsentBytes: number; readonly unconfirmedBytes: number },
): boolean {
  const { transferLagBytesMax: limit } = settings;
  const isSent = limit < 0 || event.unsentBytes <= limit;
  return isSent && event.unconfirmedBytes <= UNCONFIRMED_BYTES_MAX;
}

function hold(state: ClusterState, job: TransferJob, confirmedBytes: number): void {
  job.heldMs = state.nowMs;
  enter(state, job, 'holding');
  const then = ['HELD', String(confirmedBytes), String(state.settings.transferHoldMs)];
  order(state, job, { act: 'hold', ranges: job.ranges, then });
}

function hearWords(state: ClusterState, job: TransferJob, words: readonly string[]): void {
  const [word, first = '', second = ''] = words;
  if (job.way === 'import') {
    if (word === 'COPIED' && job.phase === 'receiving') enter(state, job, 'following');
    else if (word === 'HELD') takeOver(state, job, Number(first), Number(second));
    else if (word === 'FAILED') giveUp(state, job, 'failed', first);
    return;
  }
  if (word === 'TAKEN' && job.phase === 'holding') {
    believeTakeover(state, job, Number(first));
    if (ownerOf(state, job) === job.targetId) finish(state, job);
  } else if (word === 'FAILED') giveUp(state, job, 'failed', first || lost(state, job));
}

/**
 * The source holds writes since it heard that confirmation of ours, at the earliest since we sent it. It
 * will not hold them for ever: after the time it names, slots taken would cost what was written there.
 */
function takeOver(state: ClusterState, job: TransferJob, bytes: number, holdMs: number): void {
  const since = job.confirmed.find((one) => one.bytes === bytes)?.atMs;
  const isInTime = since !== undefined && state.nowMs - since < holdMs;
  const why = !isInTime
    ? 'The source has held writes for too long'
    : !isPrimary(state.myself) || !state.isOk
      ? 'The target cannot own slots now'
      : ownerOf(state, job) !== job.sourceId
        ? 'The slots have another owner now'
        : undefined;
  if (why !== undefined) {
    giveUp(state, job, 'failed', why);
    return;
  }
  takeSlots(state, job);
  order(state, job, { act: 'say', words: ['TAKEN', String(state.myself.configEpoch)] });
  finish(state, job);
}

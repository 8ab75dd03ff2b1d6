/**
 * Replacing a failed primary: its replicas ask for votes, the primaries vote once per epoch, and the first
 * replica with a majority takes the slots. The delay before asking lets the FAIL spread and lets the
 * replica with the freshest data go first.
 *
 * Two rules make it safe. A vote is on disk before it is spoken: a primary that forgot it in a crash could
 * vote twice in one epoch. And votes are counted per voter, whatever arrives twice.
 */
import { shortId } from '../../kernel/node-id.js';
import { MessageFlag, NodeFlag, type BusHeader } from '../../wire/bus/message.js';
import { updateHealth } from './health.js';
import { makePrimary, resetManualFailover } from './roles.js';
import { bindSlot, isUnclaimed, slotsOf } from './slots.js';
import { broadcast, broadcastPong, send } from './speak.js';
import {
  has,
  isFailed,
  isPrimary,
  isReplica,
  log,
  quorumOf,
  save,
  type ClusterNode,
  type ClusterState,
} from './state.js';

/** Fixed part of the delay before asking: time for the FAIL to reach the voters. */
const SPREAD_MS = 500;
const JITTER_MS = 500;
const RANK_MS = 1000;
const AUTH_TIMEOUT_MS_MIN = 2000;
const LOG_EVERY_MS = 10_000;

/** The candidate's side; called on every cron of a replica and whenever news may have decided it. */
export function stepElection(state: ClusterState): void {
  state.todo.election = false;
  const { election, manual, nowMs } = state;
  const isManual = manual.endMs !== 0 && manual.canStart;
  if (!mayStand(state, isManual)) return;

  const timeoutMs = Math.max(AUTH_TIMEOUT_MS_MIN, state.settings.nodeTimeoutMs * 2);
  const ageMs = nowMs - election.atMs;
  if (ageMs > timeoutMs * 2) {
    schedule(state);
    return;
  }
  if (!election.isRequested && manual.endMs === 0) postponeIfOvertaken(state);
  if (nowMs < election.atMs) return;
  if (ageMs > timeoutMs) {
    logSeldom(state, 'The election expired without a majority; another try follows');
    return;
  }
  if (!election.isRequested) requestVotes(state, isManual);
  // The only primary's replica has no one to wait for but the voters it asked.
  if (election.voters.size >= quorumOf(state)) replacePrimary(state);
}

function mayStand(state: ClusterState, isManual: boolean): boolean {
  const { myself, settings } = state;
  const primary = myself.primary;
  if (!isReplica(myself) || !primary || primary.slotCount === 0) return false;
  if (isManual) return true;
  if (!isFailed(primary) || settings.replicaNoFailover) return false;
  if (isDataFreshEnough(state)) return true;
  logSeldom(state, 'Not standing for election: disconnected from the primary for too long');
  return false;
}

function isDataFreshEnough(state: ClusterState): boolean {
  const { settings, surroundings, nowMs } = state;
  if (settings.replicaValidityFactor === 0) return true;
  const since = surroundings.isPrimaryLinkUp()
    ? surroundings.lastPrimaryIoMs()
    : surroundings.linkDownSinceMs();
  // A replica that never had its primary's data has nothing to offer.
  let ageMs = since === undefined ? Infinity : Math.floor((nowMs - since) / 1000) * 1000;
  // The primary is dead that long anyway: waiting for the timeout does not make data stale.
  if (ageMs > settings.nodeTimeoutMs) ageMs -= settings.nodeTimeoutMs;
  return (
    ageMs <= settings.replPingPeriodMs + settings.nodeTimeoutMs * settings.replicaValidityFactor
  );
}

function schedule(state: ClusterState): void {
  const { election, manual, nowMs, prng } = state;
  election.isRequested = false;
  election.voters.clear();
  if (manual.endMs !== 0) {
    // The operator waits, and the primary stands still: no delay.
    election.rank = 0;
    election.atMs = nowMs;
    state.todo.election = true;
  } else {
    election.rank = rankOf(state);
    election.atMs = nowMs + SPREAD_MS + prng.below(JITTER_MS) + election.rank * RANK_MS;
    const waitMs = election.atMs - nowMs;
    log(state, 'notice', `Standing for election in ${waitMs} ms (rank ${election.rank})`);
  }
  // Siblings rank themselves by the offsets they know: tell them ours.
  const { primary } = state.myself;
  broadcastPong(state, (node) => node === primary || node.primary === primary);
}

/** How many siblings have more of the primary's data than we. */
function rankOf(state: ClusterState): number {
  const { myself } = state;
  const ours = state.surroundings.replicationOffset();
  const ahead = (node: ClusterNode) =>
    node !== myself && !has(node, NodeFlag.noFailover) && node.offset > ours;
  return myself.primary!.replicas.filter(ahead).length;
}

function postponeIfOvertaken(state: ClusterState): void {
  const { election } = state;
  const rank = rankOf(state);
  if (rank <= election.rank) return;
  election.atMs += (rank - election.rank) * RANK_MS;
  election.rank = rank;
}

function requestVotes(state: ClusterState, isManual: boolean): void {
  const { election } = state;
  state.currentEpoch++;
  election.epoch = state.currentEpoch;
  election.isRequested = true;
  save(state, 'durable');
  log(state, 'notice', `Asking for votes in epoch ${election.epoch}`);
  broadcast(state, { kind: 'auth-req' }, isManual ? MessageFlag.forceAck : 0);
}

/** A vote for us. Older epochs' votes are late and void. */
export function hearVote(state: ClusterState, sender: ClusterNode, header: BusHeader): void {
  const { election } = state;
  if (!isPrimary(sender) || sender.slotCount === 0) return;
  if (!election.isRequested || header.currentEpoch < election.epoch) return;
  election.voters.add(sender);
  state.todo.election = true;
}

function replacePrimary(state: ClusterState): void {
  const { myself, election } = state;
  myself.configEpoch = Math.max(myself.configEpoch, election.epoch);
  log(state, 'notice', `Elected in epoch ${election.epoch}: taking over as primary`);
  takeOver(state);
}

/** Become primary of our primary's slots and say so to everybody; also the end of CLUSTER FAILOVER TAKEOVER. */
export function takeOver(state: ClusterState): void {
  const { myself } = state;
  const old = myself.primary;
  if (isPrimary(myself) || !old) return;
  makePrimary(state, myself);
  state.effects.push({ kind: 'promote' });
  for (const slot of [...slotsOf(old.slots)]) bindSlot(state, slot, myself);
  state.election.isRequested = false;
  state.election.atMs = 0;
  resetManualFailover(state);
  updateHealth(state);
  save(state, 'durable');
  state.todo.announce = false;
  broadcastPong(state);
  state.effects.push({ kind: 'release-blocked' });
}

/** The voter's side: one vote per epoch, for a replica whose claim is not behind what we know. */
export function hearVoteRequest(
  state: ClusterState,
  candidate: ClusterNode,
  header: BusHeader,
): void {
  const refusal = whyNotVote(state, candidate, header);
  if (refusal !== undefined) {
    log(state, 'verbose', `No vote for ${shortId(candidate.id)}: ${refusal}`);
    return;
  }
  candidate.primary!.votedMs = state.nowMs;
  state.lastVoteEpoch = state.currentEpoch;
  save(state, 'durable');
  log(state, 'notice', `Voting for ${shortId(candidate.id)} in epoch ${state.currentEpoch}`);
  send(state, candidate.link!, { kind: 'auth-ack' });
}

function whyNotVote(
  state: ClusterState,
  candidate: ClusterNode,
  header: BusHeader,
): string | undefined {
  const { myself, settings, nowMs } = state;
  const primary = candidate.primary;
  if (!isPrimary(myself) || myself.slotCount === 0) return 'not entitled to vote';
  // A vote that cannot be delivered would be spent for nothing.
  if (!candidate.link) return 'no link to answer on';
  if (header.currentEpoch < state.currentEpoch) return 'its epoch is old';
  if (state.lastVoteEpoch === state.currentEpoch) return 'already voted in this epoch';
  if (isPrimary(candidate) || !primary) return 'it is a replica of nobody known';
  const isForced = (header.messageFlags & MessageFlag.forceAck) !== 0;
  if (!isFailed(primary) && !isForced) return 'its primary works';
  if (nowMs - primary.votedMs < settings.nodeTimeoutMs * 2) {
    return 'voted for a replica of that primary a moment ago';
  }
  for (const slot of slotsOf(header.slots)) {
    const owner = state.owners[slot];
    if (!owner || isUnclaimed(state, slot) || owner.configEpoch <= header.configEpoch) continue;
    return `slot ${slot} has a newer owner`;
  }
  return undefined;
}

function logSeldom(state: ClusterState, text: string): void {
  if (state.nowMs - state.election.lastLogMs < LOG_EVERY_MS) return;
  state.election.lastLogMs = state.nowMs;
  log(state, 'warning', text);
}

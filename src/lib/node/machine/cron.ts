/**
 * The heartbeat: who needs a ping, who is silent for too long, which links are stale. Every 100 ms as real
 * servers do it; while nodes are joining it beats faster, so that news travels in milliseconds.
 */
import { NodeFlag } from '../../wire/bus/message.js';
import { stepElection } from './election.js';
import { suspect } from './failure.js';
import { HANDSHAKE_MS_MIN } from './handshake.js';
import { expireManualFailover, stepManualFailover } from './manual-failover.js';
import { stepMigration } from './migration.js';
import { closeLink, connectAll, deleteNode } from './nodes.js';
import { sendPing } from './speak.js';
import {
  has,
  isInHandshake,
  isPrimary,
  isReplica,
  isSuspect,
  type ClusterNode,
  type ClusterState,
} from './state.js';

export const TICK_MS = 100;
const EAGER_TICK_MS = 20;
/** A beat costs every node two packets out and two in; many nodes on one machine must beat slower. */
const EAGER_MS_PER_NODE = 1;
const RANDOM_PING_MS = 1000;
const RANDOM_PING_SAMPLE = 5;
/** Pings per fast beat: rumours double at each, so 2 reach a hundred nodes in seven beats. */
const EAGER_PINGS = 2;

/** When the shell should send the next tick. */
export function msUntilTick(state: ClusterState): number {
  if (state.eagerBeats === 0) return TICK_MS;
  return Math.min(TICK_MS, Math.max(EAGER_TICK_MS, state.roster.length * EAGER_MS_PER_NODE));
}

export function tick(state: ClusterState): void {
  const { nowMs } = state;
  state.lastTickMs = nowMs;
  state.todo.transfers = true;
  dropOldHandshakes(state);
  connectAll(state);
  pingAtRandom(state);
  if (state.eagerBeats > 0) {
    state.eagerBeats--;
    spreadNews(state);
  }

  let failing = 0;
  for (const node of state.roster) {
    if (has(node, NodeFlag.myself | NodeFlag.noaddr | NodeFlag.handshake)) continue;
    watch(state, node);
    if (isSuspect(node)) failing++;
  }
  state.failingCount = failing;

  expireManualFailover(state);
  if (isReplica(state.myself)) {
    stepManualFailover(state);
    stepElection(state);
    if (isReplica(state.myself)) stepMigration(state);
  }
  if (!state.isOk) state.todo.updateHealth = true;
}

function dropOldHandshakes(state: ClusterState): void {
  const timeoutMs = Math.max(state.settings.nodeTimeoutMs, HANDSHAKE_MS_MIN);
  const old = state.roster.filter(
    (node) => isInHandshake(node) && state.nowMs - node.createdMs > timeoutMs,
  );
  for (const node of old) deleteNode(state, node);
}

/** Once a second, of a few nodes drawn at random, the one we have not heard from for longest. */
function pingAtRandom(state: ClusterState): void {
  if (state.nowMs - state.lastRandomPingMs < RANDOM_PING_MS) return;
  state.lastRandomPingMs = state.nowMs;
  let oldest: ClusterNode | undefined;
  for (let draw = 0; draw < RANDOM_PING_SAMPLE; draw++) {
    const node = drawIdle(state);
    if (node && (!oldest || node.pongReceivedMs < oldest.pongReceivedMs)) oldest = node;
  }
  if (oldest) sendPing(state, oldest.link!, 'ping');
}

function spreadNews(state: ClusterState): void {
  for (let count = 0; count < EAGER_PINGS; count++) {
    const node = drawIdle(state);
    if (node) sendPing(state, node.link!, 'ping');
  }
}

function drawIdle(state: ClusterState): ClusterNode | undefined {
  const node = state.roster[state.prng.below(state.roster.length)]!;
  const isIdle = node.link?.isUp === true && node.pingSentMs === 0;
  return isIdle && !has(node, NodeFlag.myself | NodeFlag.handshake) ? node : undefined;
}

function watch(state: ClusterState, node: ClusterNode): void {
  const { nowMs, settings, manual } = state;
  const timeoutMs = settings.nodeTimeoutMs;
  const pingAgeMs = node.pingSentMs === 0 ? 0 : nowMs - node.pingSentMs;
  const silenceMs = nowMs - node.dataReceivedMs;
  if (node.link) shedBacklog(state, node);
  // A link can die without a word (a pulled cable, a proxy): a fresh one tells in time.
  if (
    node.link &&
    nowMs - node.link.createdMs > timeoutMs &&
    pingAgeMs > timeoutMs / 2 &&
    silenceMs > timeoutMs / 2
  ) {
    closeLink(state, node.link);
  }
  if (node.link && node.pingSentMs === 0 && nowMs - node.pongReceivedMs > timeoutMs / 2) {
    sendPing(state, node.link, 'ping');
    return;
  }
  if (node.link && manual.endMs !== 0 && isPrimary(state.myself) && manual.replica === node) {
    // The replica waits for our offset: tell it until it acts.
    sendPing(state, node.link, 'ping');
    return;
  }
  if (node.pingSentMs !== 0 && Math.min(pingAgeMs, silenceMs) > timeoutMs) suspect(state, node);
}

function shedBacklog(state: ClusterState, node: ClusterNode): void {
  const max = state.settings.linkSendBufferBytesMax;
  if (max === 0) return;
  for (const link of [node.link, node.inbound]) {
    if (!link || state.surroundings.pendingBytes(link.id) <= max) continue;
    state.linksOverLimit++;
    closeLink(state, link);
  }
}

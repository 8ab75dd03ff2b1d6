/**
 * The cluster machine: an input, the state, and out come effects. No clock, no chance, no socket in here:
 * time is in the input, chance in the state, and the same inputs give the same effects, which is how the
 * simulator replays a failure from its seed.
 *
 * What a step decides is done at its end, once: a failover that became possible, the health of the
 * cluster, the news to tell, and the save. The save comes first among the effects, so that nothing is
 * spoken that could be forgotten in a crash.
 */
import { unreachable } from '../../kernel/errors.js';
import { tick } from './cron.js';
import type { Effect, Input } from './effects.js';
import { stepElection } from './election.js';
import { greet } from './handshake.js';
import { refreshServed, updateHealth } from './health.js';
import { stepManualFailover } from './manual-failover.js';
import { connectAll, dropLink } from './nodes.js';
import { receivePacket } from './receive.js';
import { publish } from './publish.js';
import { applySettings } from './apply-settings.js';
import { answerForLoadedKeys } from './loaded-keys.js';
import { broadcastPong } from './speak.js';
import { isReplica, type ClusterState } from './state.js';
import { hearTransfer } from './transfer/progress.js';
import { failFlushed, reviewTransfers } from './transfer/review.js';

/** Claims are told at once, but a burst of changes (a reshard) is told in one go. */
const ANNOUNCE_EVERY_MS = 10;

export function step(state: ClusterState, input: Input): readonly Effect[] {
  return within(state, input.nowMs, () => take(state, input));
}

/** Runs a change of the state as one step; commands come in this way. */
export function within(state: ClusterState, nowMs: number, change: () => void): readonly Effect[] {
  state.nowMs = nowMs;
  state.effects = [];
  change();
  finish(state);
  return state.effects;
}

function take(state: ClusterState, input: Input): void {
  switch (input.kind) {
    case 'tick':
      tick(state);
      return;
    case 'link-up': {
      const link = state.links.get(input.link);
      if (!link) return;
      link.isUp = true;
      greet(state, link);
      return;
    }
    case 'link-down':
      noteLinkDown(state, input.link);
      return;
    case 'accepted': {
      const { link: id, remoteIp, localIp, nowMs } = input;
      state.links.set(id, {
        id,
        direction: 'from',
        node: undefined,
        createdMs: nowMs,
        isUp: true,
        remoteIp,
        localIp,
      });
      return;
    }
    case 'packet': {
      const link = state.links.get(input.link);
      if (link) receivePacket(state, link, input.packet);
      return;
    }
    case 'publish':
      publish(state, input);
      return;
    case 'transfer':
      hearTransfer(state, input.event);
      return;
    case 'flushed':
      failFlushed(state);
      return;
    case 'settings':
      applySettings(state, input.settings);
      return;
    case 'loaded':
      answerForLoadedKeys(state);
      return;
    case 'slept':
      for (const node of state.roster) {
        if (node.pingSentMs !== 0) node.pingSentMs += input.ms;
        node.dataReceivedMs = Math.min(state.nowMs, node.dataReceivedMs + input.ms);
      }
      return;
    default:
      unreachable(input);
  }
}

function noteLinkDown(state: ClusterState, id: number): void {
  const link = state.links.get(id);
  if (!link) return;
  dropLink(state, link);
  // A node that cannot even be connected to counts as pinged, or its death would never be noticed.
  if (link.direction === 'to' && !link.isUp && link.node?.pingSentMs === 0) {
    link.node.pingSentMs = state.nowMs;
  }
}

function finish(state: ClusterState): void {
  const { todo } = state;
  // An election may make the next one of its steps possible at once; three is all it has.
  for (let round = 0; round < 3 && (todo.manualFailover || todo.election); round++) {
    if (!isReplica(state.myself)) {
      todo.manualFailover = false;
      todo.election = false;
      break;
    }
    if (todo.manualFailover) stepManualFailover(state);
    stepElection(state);
  }
  if (todo.transfers) reviewTransfers(state);
  if (todo.connect) {
    todo.connect = false;
    connectAll(state);
  }
  if (todo.updateHealth) updateHealth(state);
  if (todo.announce && state.nowMs - state.lastAnnounceMs >= ANNOUNCE_EVERY_MS) {
    todo.announce = false;
    state.lastAnnounceMs = state.nowMs;
    broadcastPong(state);
  }
  if (todo.refreshServed) refreshServed(state);
  if (state.disowned.size > 0) {
    state.effects.push({ kind: 'end-shard-channels', slots: state.disowned });
    state.disowned = new Set();
  }
  if (todo.save !== 'no') {
    state.effects.unshift({ kind: 'persist', durable: todo.save === 'durable' });
    todo.save = 'no';
  }
}

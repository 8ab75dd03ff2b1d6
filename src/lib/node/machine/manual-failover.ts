/**
 * CLUSTER FAILOVER without loss. The replica asks its primary to stand still (MFSTART); the primary pauses
 * writes and says in every packet that it is paused and at which offset; the replica catches up to exactly
 * that offset and then runs an election without delay. Either side gives up after five seconds.
 */
import { shortId } from '../../kernel/node-id.js';
import { MessageFlag, type BusHeader } from '../../wire/bus/message.js';
import { resetManualFailover } from './roles.js';
import { send, sendPing } from './speak.js';
import { isReplica, log, type ClusterNode, type ClusterState, type Link } from './state.js';

const MANUAL_FAILOVER_MS = 5000;
/** Writes stay paused past the end, until the old primary has learned of its successor. */
const PAUSE_MS = MANUAL_FAILOVER_MS * 2;

/** On the replica: begin. With `force` the primary is not asked (it may be dead). */
export function startManualFailover(state: ClusterState, how: 'graceful' | 'force'): void {
  resetManualFailover(state);
  const { manual, election, myself } = state;
  manual.endMs = state.nowMs + MANUAL_FAILOVER_MS;
  // An election scheduled before would hold this one up.
  election.atMs = 0;
  if (how === 'force') {
    manual.canStart = true;
    state.todo.manualFailover = true;
    log(state, 'notice', 'Forced manual failover requested');
    return;
  }
  log(state, 'notice', 'Manual failover requested');
  send(state, myself.primary!.link!, { kind: 'mfstart' });
}

/** On the primary: stand still for this replica. */
export function hearManualFailoverStart(
  state: ClusterState,
  sender: ClusterNode,
  link: Link,
): void {
  if (!isReplica(sender) || sender.primary !== state.myself) return;
  resetManualFailover(state);
  state.manual.endMs = state.nowMs + MANUAL_FAILOVER_MS;
  state.manual.replica = sender;
  state.effects.push({ kind: 'pause-writes', untilMs: state.nowMs + PAUSE_MS });
  log(state, 'warning', `Manual failover requested by ${shortId(sender.id)}: writes are paused`);
  sendPing(state, link, 'ping');
}

/** On the replica: the first packet of the paused primary fixes the offset to reach. */
export function notePausedOffset(
  state: ClusterState,
  sender: ClusterNode,
  header: BusHeader,
): void {
  const { manual, myself } = state;
  if (manual.endMs === 0 || myself.primary !== sender || manual.primaryOffset !== undefined) return;
  if (!(header.messageFlags & MessageFlag.paused)) return;
  manual.primaryOffset = header.offset;
  state.todo.manualFailover = true;
  log(state, 'notice', `The primary stands at offset ${header.offset}`);
}

/** Has the replica caught up? Equality, not "at least": both sides count the same bytes. */
export function stepManualFailover(state: ClusterState): void {
  state.todo.manualFailover = false;
  const { manual, surroundings } = state;
  if (manual.endMs === 0 || manual.canStart || manual.primaryOffset === undefined) return;
  if (surroundings.replicationOffset() !== manual.primaryOffset) return;
  manual.canStart = true;
  log(state, 'notice', 'Caught up with the paused primary: the election may start');
}

export function expireManualFailover(state: ClusterState): void {
  if (state.manual.endMs === 0 || state.nowMs <= state.manual.endMs) return;
  log(state, 'warning', 'Manual failover timed out');
  resetManualFailover(state);
}

/** Who is in the cluster and in which role: MEET, FORGET, REPLICATE, FAILOVER, RESET and the epochs. */
import { fromWire } from '../client-ports.js';
import { countFailureReports } from '../failure.js';
import { bumpEpoch, maxEpoch } from '../epochs.js';
import { takeOver } from '../election.js';
import { startHandshake } from '../handshake.js';
import { startManualFailover } from '../manual-failover.js';
import { deleteNode, newNodeId, renameNode } from '../nodes.js';
import { followPrimary, makePrimary, resetManualFailover } from '../roles.js';
import { closeAllOpenSlots, unbindAllSlots } from '../slots.js';
import { isFailed, isPrimary, isReplica, log, save, type ClusterState } from '../state.js';
import { Refusal, integerFrom, nodeFrom, wrongWords, type ClusterCall } from './context.js';

/** A forgotten node is not taken back from gossip for that long: time to tell the others. */
const FORGET_MS = 60_000;
const BUS_PORT_OFFSET = 10_000;

export function meet(call: ClusterCall): void {
  const { state, argv, reply } = call;
  if (argv.length > 5) throw wrongWords(call);
  const [ip, portText, busPortText] = [argv[2]!, argv[3]!, argv[4]];
  const port = integerFrom(portText, `Invalid TCP base port specified: ${portText}`);
  const busPort =
    busPortText === undefined
      ? port + BUS_PORT_OFFSET
      : integerFrom(busPortText, `Invalid TCP bus port specified: ${busPortText}`);
  const isPort = (value: number) => value > 0 && value <= 65_535;
  if (!isIp(ip) || !isPort(port) || !isPort(busPort)) {
    throw new Refusal(`Invalid node address specified: ${ip}:${portText}`);
  }
  startHandshake(
    state,
    { ip: ip.toLowerCase(), ...fromWire(state, { port, secondaryPort: 0 }), busPort },
    true,
  );
  reply.status('OK');
}

function isIp(text: string): boolean {
  const octets = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (octets) return octets.slice(1).every((octet) => Number(octet) <= 255);
  return text.includes(':') && /^[0-9a-fA-F:.]{2,45}$/.test(text);
}

export function forget({ state, argv, reply }: ClusterCall): void {
  const node = nodeFrom(state, argv[2]!);
  if (node === state.myself) throw new Refusal("I tried hard but I can't forget myself...");
  if (isReplica(state.myself) && state.myself.primary === node) {
    throw new Refusal("Can't forget my master!");
  }
  state.forgotten.set(node.id, state.nowMs + FORGET_MS);
  deleteNode(state, node);
  save(state, 'durable');
  reply.status('OK');
}

export function replicate({ state, argv, reply }: ClusterCall): void {
  const { myself, surroundings } = state;
  const primary = nodeFrom(state, argv[2]!);
  if (primary === myself) throw new Refusal("Can't replicate myself");
  if (!isPrimary(primary)) throw new Refusal('I can only replicate a master, not a replica.');
  if (isPrimary(myself) && (myself.slotCount > 0 || surroundings.keyCount() > 0)) {
    throw new Refusal('To set a master the node must be empty and without assigned slots.');
  }
  followPrimary(state, primary);
  reply.status('OK');
}

export function failover(call: ClusterCall): void {
  const { state, argv, reply } = call;
  const { myself } = state;
  if (argv.length > 3) throw wrongWords(call);
  const how = argv[2]?.toLowerCase();
  if (how !== undefined && how !== 'force' && how !== 'takeover') {
    throw new Refusal('syntax error');
  }
  if (isPrimary(myself)) throw new Refusal('You should send CLUSTER FAILOVER to a replica');
  const { primary } = myself;
  if (!primary) throw new Refusal("I'm a replica but my master is unknown to me");
  if (how === undefined && (isFailed(primary) || primary.link?.isUp !== true)) {
    throw new Refusal('Master is down or failed, please use CLUSTER FAILOVER FORCE');
  }
  if (how === 'takeover') {
    log(state, 'warning', 'Taking over without asking anybody, as ordered');
    resetManualFailover(state);
    bumpEpoch(state);
    takeOver(state);
  } else {
    startManualFailover(state, how === 'force' ? 'force' : 'graceful');
  }
  reply.status('OK');
}

export function reset(call: ClusterCall): void {
  const { state, argv, reply } = call;
  if (argv.length > 3) throw wrongWords(call);
  const how = argv[2]?.toLowerCase() ?? 'soft';
  if (how !== 'soft' && how !== 'hard') throw new Refusal('syntax error');
  if (isPrimary(state.myself) && state.surroundings.keyCount() > 0) {
    throw new Refusal("CLUSTER RESET can't be called with master nodes containing keys");
  }
  resetCluster(state, how);
  reply.status('OK');
}

function resetCluster(state: ClusterState, how: 'soft' | 'hard'): void {
  const { myself } = state;
  if (isReplica(myself)) {
    makePrimary(state, myself);
    // The data were the primary's; a blank node holds none.
    state.effects.push({ kind: 'promote' }, { kind: 'flush-all' });
  }
  closeAllOpenSlots(state);
  resetManualFailover(state);
  unbindAllSlots(state, myself);
  for (const node of [...state.roster]) if (node !== myself) deleteNode(state, node);
  state.forgotten.clear();
  state.eagerBeats = 0;
  if (how === 'hard') {
    state.currentEpoch = 0;
    state.lastVoteEpoch = 0;
    myself.configEpoch = 0;
    renameNode(state, myself, newNodeId(state));
    log(state, 'notice', `Reset: this node is ${myself.id} from now on`);
  }
  state.todo.refreshServed = true;
  state.todo.updateHealth = true;
  save(state, 'durable');
  state.effects.push({ kind: 'release-blocked' });
}

export function setConfigEpoch({ state, argv, reply }: ClusterCall): void {
  const epoch = integerFrom(argv[2]!);
  if (epoch < 0) throw new Refusal(`Invalid config epoch specified: ${epoch}`);
  if (state.roster.length > 1) {
    throw new Refusal(
      'The user can assign a config epoch only when the node does not know any other node.',
    );
  }
  if (state.myself.configEpoch !== 0) throw new Refusal('Node config epoch is already non-zero');
  state.myself.configEpoch = epoch;
  state.currentEpoch = Math.max(state.currentEpoch, epoch);
  save(state, 'durable');
  state.todo.updateHealth = true;
  reply.status('OK');
}

export function bump({ state, reply }: ClusterCall): void {
  const isNew = bumpEpoch(state);
  reply.status(
    `${isNew ? 'BUMPED' : 'STILL'} ${isNew ? state.myself.configEpoch : maxEpoch(state)}`,
  );
}

/** Nothing new depends on this save, so one that fails is told to who asked, and the node goes on. */
export function saveConfig({ state, reply }: ClusterCall): void {
  const reason = state.surroundings.saveNow();
  if (reason !== undefined) {
    throw new Refusal(`error saving the cluster node config: ${reason}`);
  }
  reply.status('OK');
}

export function failureReports({ state, argv, reply }: ClusterCall): void {
  reply.integer(countFailureReports(state, nodeFrom(state, argv[2]!)));
}

export function myId({ state, reply }: ClusterCall): void {
  reply.bulk(state.myself.id);
}

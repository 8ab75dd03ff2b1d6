/** CLUSTER <subcommand>, over the machine's state. Arity and unknown names were dealt with before. */
import type { ReplySink } from '../../../wire/resp/reply-sink.js';
import type { ClusterCaller } from '../../ports/wings.js';
import type { Effect } from '../effects.js';
import { within } from '../step.js';
import type { ClusterState } from '../state.js';
import { Refusal, wrongWords, type ClusterOperation } from './context.js';
import { help } from './help.js';
import * as membership from './membership.js';
import * as reports from './reports.js';
import { migration } from './redis-transfers.js';
import * as slots from './slots.js';
import { slotStats } from './slot-stats.js';
import { cancelSlotMigrations, getSlotMigrations, migrateSlots } from './valkey-transfers.js';

const OPERATIONS: ReadonlyMap<string, ClusterOperation> = new Map([
  ['addslots', slots.addSlots],
  ['addslotsrange', slots.addSlotRanges],
  ['bumpepoch', membership.bump],
  ['cancelslotmigrations', cancelSlotMigrations],
  ['count-failure-reports', membership.failureReports],
  ['countkeysinslot', slots.countKeysInSlot],
  ['delslots', slots.deleteSlots],
  ['delslotsrange', slots.deleteSlotRanges],
  ['failover', membership.failover],
  ['flushslots', slots.flushSlots],
  ['forget', membership.forget],
  ['getkeysinslot', slots.getKeysInSlot],
  ['getslotmigrations', getSlotMigrations],
  ['help', help],
  ['info', reports.info],
  ['keyslot', slots.keySlot],
  ['links', reports.links],
  ['meet', membership.meet],
  ['migrateslots', migrateSlots],
  ['migration', migration],
  ['myid', membership.myId],
  ['nodes', reports.nodes],
  ['replicas', reports.replicas],
  ['replicate', membership.replicate],
  ['reset', membership.reset],
  ['saveconfig', membership.saveConfig],
  ['set-config-epoch', membership.setConfigEpoch],
  ['setslot', slots.setSlot],
  ['shards', reports.shards],
  ['slaves', reports.replicas],
  ['slot-stats', slotStats],
  ['slots', reports.slots],
]);

/** Runs one subcommand as a step of the machine and writes its one reply. */
export function runClusterCommand(
  state: ClusterState,
  argv: readonly string[],
  reply: ReplySink,
  nowMs: number,
  { isTls, db, standing }: ClusterCaller,
): readonly Effect[] {
  return within(state, nowMs, () => {
    const call = { state, argv, reply, isTls, db, isPrimarys: standing === 'primary' };
    const run = OPERATIONS.get(argv[1]!.toLowerCase());
    try {
      if (!run) throw wrongWords(call);
      run(call);
    } catch (thrown) {
      if (!(thrown instanceof Refusal)) throw thrown;
      reply.error(`ERR ${thrown.message}`);
    }
  });
}

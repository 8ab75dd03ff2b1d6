/** CLUSTER MIGRATION IMPORT, STATUS and CANCEL: how Redis 8.4 has whole slots moved, by their destination. */
import type { SlotRange } from '../../../kernel/ranges.js';
import {
  isActive,
  isFinal,
  overlap,
  rangesText,
  type Phase,
  type TransferJob,
} from '../transfer/job.js';
import { abandon, begin, giveUp } from '../transfer/life.js';
import { isPrimary, type ClusterNode, type ClusterState } from '../state.js';
import { Refusal, slotFrom, type ClusterCall } from './context.js';

const WRONG_NUMBER = "wrong number of arguments for 'cluster|migration' command";
const UNKNOWN = 'unknown argument';

export function migration(call: ClusterCall): void {
  switch (call.argv[2]!.toLowerCase()) {
    case 'import':
      importSlots(call);
      return;
    case 'status':
      status(call);
      return;
    case 'cancel':
      cancel(call);
      return;
    default:
      throw new Refusal(UNKNOWN);
  }
}

function importSlots({ state, argv, reply }: ClusterCall): void {
  const words = argv.slice(3);
  if (words.length === 0 || words.length % 2 !== 0) throw new Refusal(WRONG_NUMBER);
  const ranges = rangesFrom(words);
  const source = sourceOf(state, ranges);
  if (source === state.myself) {
    throw new Refusal('this node is already the owner of the slot range');
  }
  for (const job of state.transfers) {
    if (isActive(job)) throw new Refusal('another ASM task is already in progress');
    // It would try again: the new one takes its place.
    if (!isFinal(job)) abandon(state, job);
  }
  reply.bulk(begin(state, 'import', ranges, source).id);
}

function rangesFrom(words: readonly string[]): readonly SlotRange[] {
  const ranges: SlotRange[] = [];
  for (let at = 0; at < words.length; at += 2) {
    const range = { first: slotFrom(words[at]!), last: slotFrom(words[at + 1]!) };
    if (range.first > range.last) {
      const { first, last } = range;
      throw new Refusal(`start slot number ${first} is greater than end slot number ${last}`);
    }
    const before = ranges.find((one) => overlap(one, range));
    if (before !== undefined) {
      const slot = Math.max(before.first, range.first);
      throw new Refusal(`Slot ${slot} specified multiple times`);
    }
    ranges.push(range);
  }
  return ranges;
}

function sourceOf(state: ClusterState, ranges: readonly SlotRange[]): ClusterNode {
  if (!isPrimary(state.myself)) throw new Refusal('slot migration not allowed on replica.');
  if (state.importingFrom.size > 0 || state.migratingTo.size > 0) {
    throw new Refusal('all slot states must be STABLE to start a slot migration task.');
  }
  const imports = state.transfers.filter((job) => job.way === 'import' && isActive(job));
  let source: ClusterNode | undefined;
  for (const range of ranges) {
    if (imports.some((job) => job.ranges.some((one) => overlap(one, range)))) {
      throw new Refusal(`overlapping import exists for slot range: ${rangesText([range])}`);
    }
    for (let slot = range.first; slot <= range.last; slot++) {
      const owner = state.owners[slot];
      if (owner === undefined) throw new Refusal(`slot has no owner: ${slot}`);
      if (source !== undefined && source !== owner) {
        throw new Refusal('slots belong to different source nodes');
      }
      source = owner;
    }
  }
  return source!;
}

function cancel(call: ClusterCall): void {
  let count = 0;
  for (const job of chosen(call).filter((one) => !isFinal(one))) {
    if (isActive(job)) giveUp(call.state, job, 'cancelled', 'user request');
    else abandon(call.state, job);
    count++;
  }
  call.reply.integer(count);
}

function status(call: ClusterCall): void {
  const jobs = chosen(call);
  // Those that go on first.
  const sorted = [...jobs.filter((job) => !isFinal(job)), ...jobs.filter(isFinal)];
  call.reply.array(sorted.length);
  for (const job of sorted) writeJob(job, call.reply);
}

/** ID one, or ALL. */
function chosen({ state, argv }: ClusterCall): readonly TransferJob[] {
  const how = argv[3]!.toLowerCase();
  if (argv.length > 5) throw new Refusal(WRONG_NUMBER);
  if (how === 'id') {
    if (argv.length !== 5) throw new Refusal(WRONG_NUMBER);
    return state.transfers.filter(({ id }) => id === argv[4]);
  }
  if (how !== 'all') throw new Refusal(UNKNOWN);
  if (argv.length !== 4) throw new Refusal(WRONG_NUMBER);
  return state.transfers;
}

function writeJob(job: TransferJob, reply: ClusterCall['reply']): void {
  const facts: readonly (readonly [string, string | number])[] = [
    ['id', job.id],
    ['slots', rangesText(job.ranges)],
    ['source', job.sourceId],
    ['dest', job.targetId],
    ['operation', job.way === 'import' ? 'import' : 'migrate'],
    ['state', (job.way === 'import' ? IMPORTING : MIGRATING)[job.phase]],
    ['last_error', job.message],
    ['retries', job.retries],
    ['create_time', job.createdMs],
    ['start_time', job.startedMs ?? -1],
    ['end_time', job.endedMs ?? -1],
    ['write_pause_ms', pauseOf(job)],
  ];
  reply.map(facts.length);
  for (const [field, value] of facts) {
    reply.bulk(field);
    if (typeof value === 'number') reply.integer(value);
    else reply.bulk(value);
  }
}

function pauseOf({ way, phase, heldMs, endedMs }: TransferJob): number {
  const isTold = way === 'export' && phase === 'done' && heldMs !== undefined;
  return isTold && endedMs !== undefined ? endedMs - heldMs : 0;
}

const ENDS = { done: 'completed', failed: 'failed', cancelled: 'canceled' } as const;

const IMPORTING: Readonly<Record<Phase, string>> = {
  dialing: 'connecting',
  proposing: 'syncslots-reply',
  waiting: 'none',
  copying: 'accumulate-buffer',
  receiving: 'accumulate-buffer',
  following: 'streaming-buffer',
  holding: 'takeover',
  watching: 'none',
  ...ENDS,
};

const MIGRATING: Readonly<Record<Phase, string>> = {
  dialing: 'none',
  proposing: 'none',
  waiting: 'wait-bgsave-start',
  copying: 'send-bulk-and-stream',
  receiving: 'send-stream',
  following: 'send-stream',
  holding: 'handoff',
  watching: 'none',
  ...ENDS,
};

/** Fields of CLUSTER INFO; keys of slots that went are gone at once here, so nothing is ever being trimmed. */
export function migrationInfo({ transfers }: ClusterState): [string, number][] {
  const active = transfers.filter((job) => isActive(job) || !isFinal(job)).length;
  return [
    ['cluster_slot_migration_active_tasks', active],
    ['cluster_slot_migration_active_trim_running', 0],
    ['cluster_slot_migration_active_trim_current_job_keys', 0],
    ['cluster_slot_migration_active_trim_current_job_trimmed', 0],
    ['cluster_slot_migration_stats_active_trim_started', 0],
    ['cluster_slot_migration_stats_active_trim_completed', 0],
    ['cluster_slot_migration_stats_active_trim_cancelled', 0],
  ];
}

/** MIGRATESLOTS, GETSLOTMIGRATIONS and CANCELSLOTMIGRATIONS: how Valkey 9 has whole slots moved, by their source. */
import type { SlotRange } from '../../../kernel/ranges.js';
import { isActive, overlap, rangesText, type Phase, type TransferJob } from '../transfer/job.js';
import { begin, giveUp } from '../transfer/life.js';
import { isPrimary, type ClusterNode, type ClusterState } from '../state.js';
import { Refusal, slotFrom, type ClusterCall } from './context.js';

const SYNTAX = 'syntax error';
const NODE_ID_LENGTH = 40;

interface Wish {
  readonly ranges: readonly SlotRange[];
  readonly target: ClusterNode;
}

/** All or none is begun. */
export function migrateSlots({ state, argv, reply }: ClusterCall): void {
  if (!isPrimary(state.myself)) {
    throw new Refusal('Slot migration can only be used on primary nodes.');
  }
  if (state.importingFrom.size > 0) throw new Refusal('Slots are being manually imported');
  if (state.migratingTo.size > 0) throw new Refusal('Slots are being manually migrated');
  const wishes: Wish[] = [];
  for (let at = 2; at < argv.length;) {
    if (argv[at]!.toLowerCase() !== 'slotsrange') throw new Refusal(SYNTAX);
    const { ranges, next } = rangesFrom(state, argv, at + 1);
    refuseUnlessOurs(state, ranges, wishes);
    if (argv[next]?.toLowerCase() !== 'node' || argv[next + 1] === undefined) {
      throw new Refusal(SYNTAX);
    }
    wishes.push({ ranges, target: targetFrom(state, argv[next + 1]!) });
    at = next + 2;
  }
  for (const { ranges, target } of wishes) begin(state, 'export', ranges, target);
  reply.status('OK');
}

function rangesFrom(
  { owners }: ClusterState,
  argv: readonly string[],
  from: number,
): { readonly ranges: readonly SlotRange[]; readonly next: number } {
  const ranges: SlotRange[] = [];
  let owner: ClusterNode | undefined;
  let at = from;
  for (; at < argv.length && /^-?\d+$/.test(argv[at]!); at += 2) {
    const first = slotFrom(argv[at]!);
    if (argv[at + 1] === undefined) throw new Refusal('No end slot for final slot range');
    const last = slotFrom(argv[at + 1]!);
    if (first > last) {
      throw new Refusal(`Start slot number ${first} is greater than end slot number ${last}.`);
    }
    for (let slot: number = first; slot <= last; slot++) {
      const one = owners[slot];
      if (one === undefined) throw new Refusal(`Slot ${slot} has no node served.`);
      if (owner !== undefined && owner !== one) {
        throw new Refusal('Requested slots span multiple shards');
      }
      owner = one;
    }
    const range = { first, last };
    const before = ranges.find((one) => overlap(one, range));
    if (before !== undefined) {
      const [now, then] = [rangesText([range]), rangesText([before])];
      throw new Refusal(`Slot range ${now} overlaps with previous range ${then}.`);
    }
    ranges.push(range);
  }
  if (ranges.length === 0) throw new Refusal('No slot ranges specified');
  return { ranges, next: at };
}

function refuseUnlessOurs(
  state: ClusterState,
  ranges: readonly SlotRange[],
  before: readonly Wish[],
): void {
  if (state.owners[ranges[0]!.first] !== state.myself) {
    throw new Refusal('Slots are not served by this node.');
  }
  const active = exportsOf(state).flatMap((job) => job.ranges);
  for (const range of ranges) {
    const other = active.find((one) => overlap(one, range));
    if (other === undefined) continue;
    throw new Refusal(`I am already migrating slot ${Math.max(range.first, other.first)}.`);
  }
  const asked = before.flatMap((wish) => wish.ranges);
  if (ranges.some((range) => asked.some((one) => overlap(one, range)))) {
    throw new Refusal('Slot ranges in migrations overlap');
  }
}

function targetFrom(state: ClusterState, id: string): ClusterNode {
  if (id.length !== NODE_ID_LENGTH) throw new Refusal(`Invalid node name: ${id}`);
  const target = state.nodes.get(id.toLowerCase());
  if (target === undefined) throw new Refusal(`Unknown node name: ${id}`);
  if (target === state.myself) throw new Refusal('Target node can not be this node.');
  if (!isPrimary(target)) throw new Refusal(`Target node is not a primary: ${id}`);
  return target;
}

const exportsOf = ({ transfers }: ClusterState): readonly TransferJob[] =>
  transfers.filter((job) => job.way === 'export' && isActive(job));

export function cancelSlotMigrations({ state, reply }: ClusterCall): void {
  const active = exportsOf(state);
  if (active.length === 0) throw new Refusal('No migrations ongoing');
  for (const job of active) giveUp(state, job, 'cancelled');
  reply.status('OK');
}

export function getSlotMigrations({ state, reply }: ClusterCall): void {
  reply.array(state.transfers.length);
  for (const job of state.transfers) writeJob(job, reply);
}

/** A replica of the target does not know the nodes. */
function writeJob(job: TransferJob, reply: ClusterCall['reply']): void {
  const facts: readonly (readonly [string, string | number])[] = [
    ['name', job.id],
    ['operation', job.way === 'export' ? 'EXPORT' : 'IMPORT'],
    ['slot_ranges', rangesText(job.ranges)],
    ...(job.isWatched
      ? []
      : [['target_node', job.targetId] as const, ['source_node', job.sourceId] as const]),
    ['create_time', seconds(job.createdMs)],
    ['last_update_time', seconds(job.updatedMs)],
    ['last_ack_time', seconds(job.heardMs)],
    ['state', stateWord(job)],
    ['message', job.message],
    ['cow_size', 0],
  ];
  reply.map(facts.length);
  for (const [field, value] of facts) {
    reply.bulk(field);
    if (typeof value === 'number') reply.integer(value);
    else reply.bulk(value);
  }
}

const seconds = (ms: number): number => Math.floor(ms / 1000);

const ENDS = { done: 'success', failed: 'failed', cancelled: 'cancelled' } as const;

type Running = Exclude<Phase, keyof typeof ENDS>;

const EXPORTING: Readonly<Record<Running, string>> = {
  dialing: 'connecting',
  proposing: 'reading-establish-response',
  waiting: 'waiting-to-snapshot',
  copying: 'snapshotting',
  following: 'replicating',
  holding: 'failover-paused',
  receiving: 'replicating',
  watching: 'replicating',
};

const IMPORTING: Readonly<Record<Running, string>> = {
  dialing: 'waiting-for-ack',
  proposing: 'waiting-for-ack',
  waiting: 'waiting-for-ack',
  copying: 'receiving-snapshot',
  receiving: 'receiving-snapshot',
  following: 'waiting-for-paused',
  holding: 'failover-granted',
  watching: 'occurring-on-primary',
};

function stateWord({ phase, way }: TransferJob): string {
  if (phase === 'done' || phase === 'failed' || phase === 'cancelled') return ENDS[phase];
  return (way === 'export' ? EXPORTING : IMPORTING)[phase];
}

/**
 * A cluster in as few words as a plan depends on: who is a member, who follows whom, who owns which slots,
 * what is open. A fingerprint says *that* something has changed; two pictures say *what*. Small enough to
 * be written into a plan file or a journal, and made of plain data.
 */
import { isNodeId, type NodeId } from '../kernel/node-id.js';
import { formatRanges, slotsIn, type SlotRange } from '../kernel/ranges.js';
import { SLOT_COUNT } from '../kernel/slot.js';
import { formatAddress } from './address.js';
import type { ClusterView, NodeAddress } from './model.js';
import { membersOf } from './view.js';

export interface MemberPicture {
  readonly id: NodeId;
  readonly address: NodeAddress;
  readonly role: 'primary' | 'replica';
  /** Of a replica: whom it follows. */
  readonly primaryId?: NodeId;
  readonly configEpoch: number;
  readonly slots: readonly SlotRange[];
  /** `5>id` for a slot on its way to that node, `5<id` for one on its way from it, by slot. */
  readonly open: readonly string[];
}

export interface ClusterPicture {
  readonly members: readonly MemberPicture[];
}

export function pictureOf(view: ClusterView): ClusterPicture {
  return {
    members: membersOf(view).map(({ id, address, role, primaryId, slots, record }) => ({
      id,
      address: { host: address.host, port: address.port },
      role,
      ...(primaryId === undefined ? {} : { primaryId }),
      configEpoch: record.configEpoch,
      slots,
      open: [
        ...[...record.migrating].map(([slot, to]) => ({ slot, text: `${slot}>${to}` })),
        ...[...record.importing].map(([slot, from]) => ({ slot, text: `${slot}<${from}` })),
      ]
        .sort((a, b) => a.slot - b.slot)
        .map(({ text }) => text),
    })),
  };
}

/** Whether both show the same cluster, at whatever time: one member in common is enough. */
export function isSameCluster(one: ClusterPicture, other: ClusterPicture): boolean {
  const ids = new Set(one.members.map(({ id }) => id));
  return other.members.some(({ id }) => ids.has(id));
}

/**
 * The one change that says most, as a sentence; undefined when there is none. Whether a node is there comes
 * before what it is, and that before what it owns: the later ones mostly follow from the earlier.
 */
export function differenceBetween(
  before: ClusterPicture,
  after: ClusterPicture,
): string | undefined {
  const [old, now] = [byId(before), byId(after)];
  for (const member of before.members) {
    if (!now.has(member.id)) return `Node ${nameOf(member)} has left the cluster.`;
  }
  for (const member of after.members) {
    if (!old.has(member.id)) return `Node ${nameOf(member)} has joined the cluster.`;
  }
  const pairs = before.members.map((was) => ({ was, is: now.get(was.id)! }));
  return (
    firstOf(pairs, ({ was, is }) => roleChange(was, is, now)) ??
    ownerChange(before, after) ??
    firstOf(pairs, openChange) ??
    firstOf(pairs, ({ was, is }) =>
      was.configEpoch === is.configEpoch
        ? undefined
        : `The config epoch of ${nameOf(is)} was ${was.configEpoch} and is ${is.configEpoch} now.`,
    )
  );
}

interface Pair {
  readonly was: MemberPicture;
  readonly is: MemberPicture;
}

function firstOf(
  pairs: readonly Pair[],
  change: (pair: Pair) => string | undefined,
): string | undefined {
  for (const pair of pairs) {
    const text = change(pair);
    if (text !== undefined) return text;
  }
  return undefined;
}

function roleChange(
  was: MemberPicture,
  is: MemberPicture,
  now: ReadonlyMap<string, MemberPicture>,
): string | undefined {
  if (was.role === is.role && was.primaryId === is.primaryId) return undefined;
  if (is.role === 'primary') return `Node ${nameOf(is)} was a replica and is a primary now.`;
  const whom = is.primaryId === undefined ? 'nobody' : nameOfId(is.primaryId, now);
  const before = was.role === 'primary' ? 'was a primary' : 'followed another node';
  return `Node ${nameOf(is)} ${before} and replicates ${whom} now.`;
}

function ownerChange(before: ClusterPicture, after: ClusterPicture): string | undefined {
  const [old, now] = [ownersOf(before), ownersOf(after)];
  for (let slot = 0; slot < SLOT_COUNT; slot++) {
    const [was, is] = [old[slot], now[slot]];
    if (was?.id === is?.id) continue;
    if (!is) return `Slot ${slot} belonged to ${nameOf(was!)} and belongs to nobody now.`;
    if (!was) return `Slot ${slot} belonged to nobody and belongs to ${nameOf(is)} now.`;
    return `Slot ${slot} belonged to ${nameOf(was)} and belongs to ${nameOf(is)} now.`;
  }
  return undefined;
}

function openChange({ was, is }: Pair): string | undefined {
  const [old, now] = [new Set(was.open), new Set(is.open)];
  const opened = is.open.find((mark) => !old.has(mark));
  if (opened !== undefined) return `Slot ${slotIn(opened)} is open at ${nameOf(is)} now.`;
  const closed = was.open.find((mark) => !now.has(mark));
  if (closed === undefined) return undefined;
  return `Slot ${slotIn(closed)} was open at ${nameOf(is)} and is not any more.`;
}

/** The first in the order of the members where there are several. */
function ownersOf({ members }: ClusterPicture): readonly (MemberPicture | undefined)[] {
  const owners = new Array<MemberPicture | undefined>(SLOT_COUNT).fill(undefined);
  for (const member of members) {
    if (member.role === 'replica') continue;
    for (const slot of slotsIn(member.slots)) owners[slot] ??= member;
  }
  return owners;
}

const byId = ({ members }: ClusterPicture): ReadonlyMap<string, MemberPicture> =>
  new Map(members.map((member) => [member.id, member]));

const nameOf = ({ id, address }: MemberPicture): string =>
  `${formatAddress(address)} (${id.slice(0, 8)})`;

function nameOfId(id: NodeId, among: ReadonlyMap<string, MemberPicture>): string {
  const member = among.get(id);
  return member ? nameOf(member) : id.slice(0, 8);
}

const slotIn = (mark: string): string => mark.split(/[<>]/)[0]!;

/** Whether this could be an entry of `MemberPicture.open`. */
export function isOpenMark(text: string): boolean {
  const [, slot, id] = /^(\d{1,5})[<>](.*)$/.exec(text) ?? [];
  return slot !== undefined && Number(slot) < SLOT_COUNT && isNodeId(id!);
}

/** The words a fingerprint is made of; they change when anything a plan relies on does. */
export function wordsOf({ members }: ClusterPicture): string {
  return members
    .map(({ id, role, primaryId, configEpoch, slots, open }) =>
      [id, role, primaryId ?? '-', configEpoch, formatRanges(slots), open.join()].join(' '),
    )
    .sort()
    .join('\n');
}

/** What all plans that move slots share: who may take part, the stage, and what is said besides. */
import { formatAddress } from '../../cluster/address.js';
import { fingerprint } from '../../cluster/fingerprint.js';
import type { ClusterView } from '../../cluster/model.js';
import { nameOf } from '../../cluster/select-node.js';
import { isDown, membersOf, type Member } from '../../cluster/view.js';
import { TribError } from '../../kernel/errors.js';
import type { NodeId } from '../../kernel/node-id.js';
import { countSlots, rangesOf, slotsIn } from '../../kernel/ranges.js';
import { refOfMember } from '../node-ref.js';
import type { Plan, Stage } from '../plan.js';
import type { SlotTransfer } from './slot-board.js';

export function primariesOf(view: ClusterView): readonly Member[] {
  return membersOf(view).filter(({ role }) => role === 'primary');
}

/**
 * @param part what it has in the plan
 * @throws TribError UNKNOWN_NODE, NOT_A_PRIMARY
 */
export function primaryWith(
  view: ClusterView,
  id: NodeId,
  part: 'gives' | 'takes' = 'gives',
): Member {
  const members = membersOf(view);
  const member = members.find((each) => each.id === id);
  if (!member) {
    throw new TribError('UNKNOWN_NODE', `No node ${id} in the cluster.`, {
      hint: '`trib check` lists all nodes.',
    });
  }
  if (member.role === 'primary') return member;
  const primary = members.find((each) => each.id === member.primaryId);
  const lacking = part === 'gives' ? 'owns no slots' : 'can take no slots';
  throw new TribError('NOT_A_PRIMARY', `${nameOf(member)} is a replica: it ${lacking}.`, {
    hint: primary
      ? `Its primary is ${primary.id} ${formatAddress(primary.address)}.`
      : 'Its primary is unknown to the cluster; see `trib check`.',
    details: { node: member.id },
  });
}

/** @throws TribError REFUSED naming the first that nobody can talk to */
export function refuseDown(members: readonly Member[]): void {
  const down = members.find(isDown);
  if (!down) return;
  const reason = down.silence?.reason ?? 'the cluster holds it for dead';
  throw new TribError('REFUSED', `${nameOf(down)} cannot take part: ${reason}.`, {
    hint: 'Start it again, or let a replica take over with `trib failover --force`.',
    details: { node: down.id },
  });
}

/** @param why the reason of a step, for people. */
export function slotPlan(
  command: string,
  view: ClusterView,
  transfers: readonly SlotTransfer[],
  wish: { readonly why: (transfer: SlotTransfer) => string; readonly remarks?: readonly string[] },
): Plan {
  const remarks = [...(wish.remarks ?? []), ...emptiedRemarks(view, transfers)];
  const stages = wavesOf(transfers).map((wave) => movingStage(view, wave, wish.why));
  return { command, fingerprint: fingerprint(view), stages, remarks };
}

function movingStage(
  view: ClusterView,
  transfers: readonly SlotTransfer[],
  why: (transfer: SlotTransfer) => string,
): Stage {
  const total = transfers.reduce((sum, { slots }) => sum + countSlots(slots), 0);
  const targets = [...new Map(transfers.map(({ target }) => [target.id, target])).values()];
  return {
    title: `Moving ${total} slot${total === 1 ? '' : 's'}`,
    steps: transfers.map((transfer) => ({
      kind: 'move-slots',
      node: refOfMember(transfer.target),
      source: refOfMember(transfer.source),
      slots: transfer.slots,
      why: why(transfer),
    })),
    settled: {
      kind: 'slots-settled',
      owners: targets.map((target) => ({
        node: refOfMember(target),
        slots: rangesOf(
          transfers
            .filter((transfer) => transfer.target.id === target.id)
            .flatMap(({ slots }) => [...slotsIn(slots)]),
        ),
      })),
      witnesses: membersOf(view)
        .filter((member) => !isDown(member))
        .map(refOfMember),
    },
  };
}

/**
 * A primary that gives its last slot away becomes a replica, and can take none any more: what gives all
 * it has and gets others for it must get them first.
 */
function wavesOf(transfers: readonly SlotTransfer[]): readonly (readonly SlotTransfer[])[] {
  const waves: (readonly SlotTransfer[])[] = [];
  const waiting = new Set(
    drainedBy(transfers).filter((source) =>
      transfers.some(({ target }) => target.id === source.id),
    ),
  );
  let left = transfers;
  while (left.length > 0) {
    const ready = left.filter(({ source }) => !waiting.has(source));
    // Nodes that wait for each other in a ring: no order is better than another.
    const wave = ready.length > 0 ? ready : left;
    waves.push(wave);
    left = left.filter((transfer) => !wave.includes(transfer));
    for (const node of waiting) {
      if (wave.some(({ target }) => target.id === node.id)) waiting.delete(node);
    }
  }
  return waves;
}

/** Sources of which nothing is left, whatever they get for it. */
function drainedBy(transfers: readonly SlotTransfer[]): readonly Member[] {
  const given = new Map<Member, number>();
  for (const { source, slots } of transfers) {
    given.set(source, (given.get(source) ?? 0) + countSlots(slots));
  }
  return [...given].flatMap(([source, count]) =>
    count === countSlots(source.slots) ? [source] : [],
  );
}

/** The rule is the server's, `cluster-allow-replica-migration`, and takes people by surprise. */
function emptiedRemarks(view: ClusterView, transfers: readonly SlotTransfer[]): readonly string[] {
  const isTarget = ({ id }: Member) => transfers.some(({ target }) => target.id === id);
  const emptied = drainedBy(transfers).filter((source) => !isTarget(source));
  return emptied.map((source) => {
    const followers = membersOf(view).filter(({ primaryId }) => primaryId === source.id);
    return `${formatAddress(source.address)} gives its last slots away: it becomes a replica of the node that takes them${followers.length > 0 ? ', and so do its replicas' : ''} (unless cluster-allow-replica-migration is off).`;
  });
}

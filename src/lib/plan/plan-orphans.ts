/**
 * Keys that a node has of slots it does not own: nobody reads them, and they come back to life when the slot
 * returns. They go to the owner, or are deleted where they are. A slot that is being moved is not touched:
 * its keys are where they should be.
 */
import { fingerprint } from '../cluster/fingerprint.js';
import type { ClusterView } from '../cluster/model.js';
import type { SlotKeys } from '../cluster/slot-keys.js';
import { at } from '../cluster/diagnose/context.js';
import { isDown, membersOf, type Member } from '../cluster/view.js';
import { rangesOf, type SlotRange } from '../kernel/ranges.js';
import { refOfMember } from './node-ref.js';
import type { Plan, Step } from './plan.js';

export type OrphanWish = 'migrate' | 'delete';

/** What one node has of one slot of somebody else. */
export interface Orphans {
  readonly node: Member;
  readonly slot: number;
  readonly count: number;
  readonly owner: Member | undefined;
  /** Why nothing can be done about them here, and what can. */
  readonly left: { readonly why: string; readonly hint: string } | undefined;
}

export function orphansIn(view: ClusterView, said: readonly SlotKeys[]): readonly Orphans[] {
  const members = membersOf(view);
  const entry = members.find(({ id }) => id === view.entryId)!;
  const primaries = members.filter(({ role }) => role === 'primary');
  const fix = `trib fix ${at(entry)}`;
  return said.flatMap(({ id, counts }) => {
    const node = members.find((member) => member.id === id);
    if (!node) return [];
    return [...counts].map(([slot, count]) => {
      const owners = primaries.filter(({ slots }) => isWithin(slot, slots));
      const why = obstacle(slot, primaries, owners);
      return {
        ...{ node, slot, count },
        owner: owners.length === 1 ? owners[0] : undefined,
        left: why === undefined ? undefined : { why, hint: fix },
      };
    });
  });
}

function obstacle(
  slot: number,
  primaries: readonly Member[],
  owners: readonly Member[],
): string | undefined {
  const isOpen = primaries.some(
    ({ record }) => record.migrating.has(slot) || record.importing.has(slot),
  );
  if (isOpen) return 'a move of this slot is half done';
  if (owners.length === 0) return 'the slot belongs to no node';
  if (owners.length > 1) return `${owners.length} nodes claim the slot`;
  return isDown(owners[0]!) ? `its owner ${at(owners[0]!)} does not answer` : undefined;
}

const isWithin = (slot: number, held: readonly SlotRange[]): boolean =>
  held.some(({ first, last }) => first <= slot && slot <= last);

export function planOrphans(
  view: ClusterView,
  orphans: readonly Orphans[],
  wish: OrphanWish,
): Plan {
  const pairs = new Map<string, { node: Member; owner: Member; slots: number[] }>();
  for (const { node, slot, owner, left } of orphans) {
    if (!owner || left) continue;
    const key = `${node.id} ${owner.id}`;
    const pair = pairs.get(key) ?? { node, owner, slots: [] };
    pair.slots.push(slot);
    pairs.set(key, pair);
  }
  const steps = [...pairs.values()].map(({ node, owner, slots }): Step => {
    const [at, home] = [refOfMember(node), refOfMember(owner)];
    const of = rangesOf(slots);
    if (wish === 'delete') {
      const why = 'no client ever sees them';
      return { kind: 'delete-orphans', node: at, owner: home, slots: of, why };
    }
    const why = 'clients look for them at the owner';
    // The slots are in order, but for these keys: a key that cannot go must not make them less so.
    return { kind: 'bring-keys', node: home, source: at, slots: of, keepsOpen: false, why };
  });
  const title =
    wish === 'delete' ? 'Deleting keys of others' : 'Bringing keys to the owners of their slots';
  return {
    command: 'orphans',
    fingerprint: fingerprint(view),
    stages: steps.length === 0 ? [] : [{ title, steps, settled: { kind: 'at-once' } }],
    remarks: [],
  };
}

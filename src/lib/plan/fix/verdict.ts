/**
 * What becomes of one slot. The rules, from the first that fits:
 *
 *   several claim it   the highest config epoch among those with keys of it wins, as it would by gossip
 *   one claims it      it stays the owner, unless it was giving the slot to a node that has some of it by
 *                      now: then that move is finished; one of which nothing has arrived is given up
 *   nobody claims it   the node with most of its keys has it; without keys, who was to get it; then who had it
 *   nobody at all      any primary, so that the slots are spread evenly
 *
 * Whatever else has keys of it brings them to the owner; whatever else has it open closes it. A slot of
 * which a silent node may have the keys is left alone.
 */
import { formatAddress } from '../../cluster/address.js';
import type { Member } from '../../cluster/view.js';
import type { NodeId } from '../../kernel/node-id.js';
import { at } from '../../cluster/diagnose/context.js';
import type { FixWish } from './fixable.js';
import { keysOf, type Survey } from './survey.js';

export type Verdict =
  | {
      readonly kind: 'owned';
      readonly owner: Member;
      /** Owns it until now and hands it over, keys and all. */
      readonly from?: Member;
      /** Expects it from the owner, and has got nothing: both ends are closed. */
      readonly awaiting?: Member;
      /** It does not claim it yet, or not above all others. */
      readonly claims: 'already' | 'newly' | 'again';
      readonly losers: readonly Member[];
      /** Other nodes that have keys of it. */
      readonly holders: readonly Member[];
      /** Marks to be taken away. */
      readonly open: readonly Member[];
    }
  /** Nobody's, and without keys. */
  | { readonly kind: 'spread'; readonly open: readonly Member[] }
  | { readonly kind: 'left'; readonly why: string; readonly hint: readonly string[] };

export interface Marks {
  readonly migrating: readonly Member[];
  readonly importing: readonly Member[];
}

/** Marks of primaries; those of replicas are another matter. */
export function marksOn({ primaries }: Survey, slot: number): Marks {
  return {
    migrating: primaries.filter(({ record }) => record.migrating.has(slot)),
    importing: primaries.filter(({ record }) => record.importing.has(slot)),
  };
}

/** @param successor who was said to own the slot by the node that gave it up, or by most */
export function verdictOn(
  survey: Survey,
  slot: number,
  wish: FixWish,
  successor: (slot: number) => Member | undefined,
): Verdict {
  const marks = marksOn(survey, slot);
  const claimants = survey.claimants[slot]!;
  const unsure = [...claimants, ...marks.migrating, ...marks.importing].find((node) =>
    survey.mute.has(node),
  );
  if (unsure) return left(`${at(unsure)} did not say which keys it has`, []);
  if (claimants.length > 1) return contested(survey, slot, marks, claimants);
  const [owner] = claimants;
  if (owner) return owned(survey, slot, { marks, owner, wish });
  return ownerless(survey, slot, { marks, wish, successor });
}

function contested(
  survey: Survey,
  slot: number,
  marks: Marks,
  claimants: readonly Member[],
): Verdict {
  const withKeys = claimants.filter((node) => keysOf(survey, node, slot) > 0);
  const [winner] = [...(withKeys.length > 0 ? withKeys : claimants)].sort(
    (a, b) =>
      b.record.configEpoch - a.record.configEpoch ||
      keysOf(survey, b, slot) - keysOf(survey, a, slot),
  );
  const losers = claimants.filter((node) => node !== winner);
  const rivalEpoch = Math.max(...losers.map(({ record }) => record.configEpoch));
  const others = rest(survey, slot, marks, [winner!, ...losers]);
  return {
    ...others,
    owner: winner!,
    claims: winner!.record.configEpoch > rivalEpoch ? 'already' : 'again',
    losers,
    open: others.open.filter((node) => !losers.includes(node)),
  };
}

interface OwnedCase {
  readonly marks: Marks;
  readonly owner: Member;
  readonly wish: FixWish;
}

function owned(survey: Survey, slot: number, { marks, owner, wish }: OwnedCase): Verdict {
  const peer = owner.record.migrating.get(slot);
  const heir = peer === undefined ? undefined : heirOf(survey, slot, { owner, peer, wish });
  if (heir !== undefined && 'kind' in heir) return heir;
  const to = heir?.member;
  if (to === undefined || to === owner || keysOf(survey, to, slot) === 0) {
    const staying = { ...rest(survey, slot, marks, [owner]), owner, losers: [] };
    if (to === undefined || to === owner || !to.record.importing.has(slot)) {
      return { ...staying, claims: 'already' };
    }
    const open = staying.open.filter((node) => node !== owner && node !== to);
    return { ...staying, claims: 'already', awaiting: to, open };
  }
  return {
    ...rest(survey, slot, marks, [owner, to]),
    owner: to,
    from: owner,
    claims: 'already',
    losers: [],
    // The move itself closes both of its ends, but for a target that was giving the slot away, too.
    open: openAt(marks, [owner, ...(marks.migrating.includes(to) ? [] : [to])]).filter(
      (node) => node === to || keysOf(survey, node, slot) === 0,
    ),
  };
}

/** Who a slot was on its way to, by now. Its replica may have taken over, without the mark (before Valkey 8). */
function heirOf(
  survey: Survey,
  slot: number,
  { owner, peer, wish }: { readonly owner: Member; readonly peer: NodeId; readonly wish: FixWish },
): { readonly member: Member | undefined } | Extract<Verdict, { kind: 'left' }> {
  const named = survey.byId.get(peer);
  const member =
    named?.role === 'replica' && named.primaryId !== undefined
      ? survey.byId.get(named.primaryId)
      : named;
  if (member === undefined || member.claim) {
    return { member: member?.role === 'primary' ? member : undefined };
  }
  const [holder] = byKeys(survey, slot).filter((node) => node !== owner);
  if (holder) return { member: holder };
  if (wish.withUnreachable === true) return { member: undefined };
  return left(`${at(member)}, which it was moving to, does not answer and may have keys of it`, [
    ...promotionOf(survey, member),
    `start ${at(member)} again`,
  ]);
}

interface OwnerlessCase {
  readonly marks: Marks;
  readonly wish: FixWish;
  readonly successor: (slot: number) => Member | undefined;
}

function ownerless(
  survey: Survey,
  slot: number,
  { marks, wish, successor }: OwnerlessCase,
): Verdict {
  const departed = survey.departed[slot];
  if (departed) {
    const promotion = promotionOf(survey, departed);
    if (promotion.length > 0) {
      return left(
        `${at(departed)} does not answer, but a replica of it does, with its keys`,
        promotion,
      );
    }
    if (wish.withUnreachable !== true) {
      return left(`its owner ${at(departed)} does not answer`, unreachableHint(departed));
    }
  }
  const [mute] = survey.mute;
  if (mute && wish.withUnreachable !== true) {
    return left(`${at(mute)} does not answer and may have its keys`, unreachableHint(mute));
  }
  const heir =
    byKeys(survey, slot, marks)[0] ??
    (departed ? marks.importing[0] : successor(slot)) ??
    marks.importing[0];
  if (!heir) return { kind: 'spread', open: openAt(marks, []) };
  return {
    ...rest(survey, slot, marks, [heir]),
    owner: heir,
    claims: 'newly',
    losers: [],
    // Importing ends with owning; migrating would go on.
    open: openAt(marks, marks.migrating.includes(heir) ? [] : [heir]).filter(
      (node) => node === heir || keysOf(survey, node, slot) === 0,
    ),
  };
}

/** Everybody with keys of the slot, most first; among equals who was to get it, then the higher epoch. */
function byKeys(survey: Survey, slot: number, marks?: Marks): readonly Member[] {
  const importing = new Set(marks?.importing ?? []);
  return survey.primaries
    .filter((node) => keysOf(survey, node, slot) > 0)
    .sort(
      (a, b) =>
        keysOf(survey, b, slot) - keysOf(survey, a, slot) ||
        Number(importing.has(b)) - Number(importing.has(a)) ||
        b.record.configEpoch - a.record.configEpoch,
    );
}

function rest(survey: Survey, slot: number, marks: Marks, ends: readonly Member[]) {
  const holders = survey.primaries.filter(
    (node) => !ends.includes(node) && keysOf(survey, node, slot) > 0,
  );
  // Bringing its keys closes a slot; and an owner must not go on importing or giving away what it has.
  const open = openAt(marks, holders);
  return { kind: 'owned' as const, holders, open };
}

function openAt({ migrating, importing }: Marks, without: readonly Member[]): readonly Member[] {
  return [...new Set([...migrating, ...importing])].filter((node) => !without.includes(node));
}

/** How to promote a replica that lives, as commands. */
function promotionOf({ members }: Survey, primary: Member): readonly string[] {
  const replica = members.find(({ primaryId, claim }) => primaryId === primary.id && claim);
  return replica ? [`trib failover ${formatAddress(replica.address)} --force`] : [];
}

function unreachableHint(member: Member): readonly string[] {
  return [
    `start ${at(member)} again`,
    'if it is gone for good, and its keys with it: --fix-with-unreachable-masters',
  ];
}

function left(why: string, hint: readonly string[]): Extract<Verdict, { kind: 'left' }> {
  return { kind: 'left', why, hint };
}

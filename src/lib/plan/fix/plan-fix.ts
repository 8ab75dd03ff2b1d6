/**
 * What it takes to make a cluster whole again. Each slot is judged for itself, by who claims it, with which
 * config epoch, and who has its keys; what has to be done is then said for ranges of slots, in an order in
 * which no key is ever without a home:
 *
 *   close what leads nowhere -> losers yield, keeping their keys -> owners claim -> the others are told ->
 *   begun moves are finished -> stray keys are brought to the owner
 */
import { fingerprint } from '../../cluster/fingerprint.js';
import type { ClusterView } from '../../cluster/model.js';
import type { SlotKeys } from '../../cluster/slot-keys.js';
import { isDown, type Member } from '../../cluster/view.js';
import { rangesOf, slotsIn, type SlotRange } from '../../kernel/ranges.js';
import { refOfMember } from '../node-ref.js';
import type { Plan, Settled, Stage, Step } from '../plan.js';
import { at } from '../../cluster/diagnose/context.js';
import { dissentsFrom, successors } from './beliefs.js';
import { Casebook, type FixCase } from './case.js';
import { Chores } from './chores.js';
import { isWanted, type FixWish } from './fixable.js';
import {
  chainStages,
  collidingPrimaries,
  living,
  openReplicas,
  restartStages,
} from './followers.js';
import { spread } from './spread.js';
import { doubtfulSlots, surveyOf, type Survey } from './survey.js';
import { marksOn, verdictOn, type Verdict } from './verdict.js';

export interface FixDecision {
  readonly plan: Plan;
  /** The evidence, and what follows from it. */
  readonly cases: readonly FixCase[];
  /** Slots that are given to nodes which may not be where their keys were: worth a question. */
  readonly covers: readonly SlotRange[];
}

/** @param evidence what the primaries have of `doubtfulSlots`, and more where it was looked for */
export function planFix(
  view: ClusterView,
  evidence: readonly SlotKeys[],
  wish: FixWish = {},
): FixDecision {
  const survey = surveyOf(view, evidence);
  const chores = new Chores();
  const casebook = new Casebook(survey);
  const verdicts = verdictsOn(survey, wish);
  const owners = survey.claimants.map(([owner]) => owner);
  for (const [slot, verdict] of verdicts) {
    owners[slot] = verdict.kind === 'owned' ? verdict.owner : undefined;
    if (verdict.kind === 'owned') chores.add(slot, verdict);
    if (verdict.kind !== 'spread') casebook.add(slot, verdict);
  }
  const takers = spread(slotsTo(verdicts, 'spread'), owners, able(survey));
  for (const [slot, verdict] of verdicts) {
    if (verdict.kind !== 'spread') continue;
    const taker = takers.get(slot);
    casebook.add(slot, verdict, taker);
    for (const node of verdict.open) chores.close(node, slot);
    if (!taker) continue;
    owners[slot] = taker;
    chores.claim(taker, slot);
  }
  const replicas = openReplicas(survey, wish);
  for (const { primary, slots, isTold } of replicas) {
    if (isTold) for (const slot of slots) chores.close(primary, slot);
  }
  for (const node of collidingPrimaries(survey, wish)) {
    chores.bump(node, 'another primary has the same config epoch');
  }
  const told = tellDissenters(survey, wish, { owners, verdicts, chores });
  const settled = settledFor(survey, owners, [...verdicts.keys(), ...told]);
  return {
    plan: {
      command: 'fix',
      fingerprint: fingerprint(view),
      stages: [
        ...slotStages(chores, settled),
        ...restartStages(survey, replicas),
        ...chainStages(survey, wish),
      ],
      remarks: remarksOn(survey, wish),
    },
    cases: [...casebook.cases, ...deadOwners(survey, wish)],
    covers: rangesOf(coverable(verdicts, survey)),
  };
}

type Verdicts = ReadonlyMap<number, Verdict>;

function verdictsOn(survey: Survey, wish: FixWish): Verdicts {
  const slots = new Set(slotsIn(doubtfulSlots(survey.view, wish)));
  if (isWanted(wish, 'keys-in-foreign-slot')) {
    for (const slot of strayedSlots(survey)) slots.add(slot);
  }
  const successor = successors(survey);
  return new Map(
    [...slots]
      .sort((a, b) => a - b)
      .map((slot) => [slot, verdictOn(survey, slot, wish, successor)]),
  );
}

/** Of which a node has keys without claiming them. One that is open belongs there for the time being. */
function* strayedSlots(survey: Survey): Generator<number> {
  for (const node of survey.primaries) {
    for (const slot of survey.counts.get(node.id)?.keys() ?? []) {
      const { migrating, importing } = marksOn(survey, slot);
      if (migrating.length + importing.length > 0) continue;
      if (!survey.claimants[slot]!.includes(node)) yield slot;
    }
  }
}

function slotsTo(verdicts: Verdicts, kind: Verdict['kind']): readonly number[] {
  return [...verdicts].flatMap(([slot, verdict]) => (verdict.kind === kind ? [slot] : []));
}

/** Primaries that may be given slots. */
function able({ primaries, mute }: Survey): readonly Member[] {
  return primaries.filter((node) => !isDown(node) && !mute.has(node));
}

interface Decided {
  readonly owners: readonly (Member | undefined)[];
  readonly verdicts: Verdicts;
  readonly chores: Chores;
}

/**
 * Primaries are told directly. Replicas take no word but gossip, and heed gossip of an owner only above the
 * config epoch of the node they believe in.
 * @returns the slots somebody is told of
 */
function tellDissenters(
  survey: Survey,
  wish: FixWish,
  { owners, verdicts, chores }: Decided,
): readonly number[] {
  const isOurs = (slot: number): boolean => {
    const verdict = verdicts.get(slot);
    // Moves tell everybody themselves.
    if (verdict?.kind === 'owned') return verdict.from === undefined;
    return verdict ? verdict.kind === 'spread' : isWanted(wish, 'views-differ');
  };
  const ours = owners.map((owner, slot) => (isOurs(slot) ? owner : undefined));
  return dissentsFrom(survey, ours).flatMap(({ by, owner, slots, rivalEpoch }) => {
    if (rivalEpoch >= owner.record.configEpoch) {
      chores.bump(owner, 'others believe in nodes with as high a config epoch');
    }
    if (by.role === 'replica' || !by.claim!.records.has(owner.id)) return slots;
    for (const slot of slots) {
      if (!survey.claimants[slot]!.includes(by)) chores.tell(by, owner, slot);
    }
    return slots;
  });
}

function settledFor(
  survey: Survey,
  owners: readonly (Member | undefined)[],
  slots: readonly number[],
): Settled {
  const byOwner = new Map<Member, number[]>();
  for (const slot of slots) {
    const owner = owners[slot];
    if (!owner) continue;
    const known = byOwner.get(owner);
    if (known) known.push(slot);
    else byOwner.set(owner, [slot]);
  }
  if (byOwner.size === 0) return { kind: 'at-once' };
  return {
    kind: 'slots-settled',
    owners: [...byOwner].map(([owner, of]) => ({ node: refOfMember(owner), slots: rangesOf(of) })),
    witnesses: living(survey),
  };
}

function slotStages(chores: Chores, settled: Settled): readonly Stage[] {
  const stages: readonly (readonly [string, readonly Step[]])[] = [
    ['Closing slots of which nothing moves', chores.closing],
    ['Letting go of slots that belong to others', chores.yielding],
    ['Giving slots to their owners', chores.claiming],
    ['Telling the others', chores.telling],
    ['Finishing moves', chores.moving],
    ['Bringing keys to the owners of their slots', chores.bringing],
  ];
  const busy = stages.filter(([, steps]) => steps.length > 0);
  return busy.map(([title, steps], index) => ({
    title,
    steps,
    settled: index === busy.length - 1 ? settled : { kind: 'at-once' },
  }));
}

/** Their slots are not judged, so as not to call 5461 slots doubtful: promotion or a start is the cure. */
function deadOwners(survey: Survey, wish: FixWish): readonly FixCase[] {
  if (wish.withUnreachable === true || !isWanted(wish, 'slot-owner-down')) return [];
  return survey.members
    .filter(({ role, claim, slots }) => role === 'primary' && !claim && slots.length > 0)
    .map((member) => {
      const replica = survey.members.find(
        ({ primaryId, claim }) => primaryId === member.id && claim,
      );
      return {
        slots: member.slots,
        situation: [`the others give them to ${at(member)}, which does not answer`],
        keys: [],
        verdict: 'its owner does not answer',
        left: {
          hint: replica
            ? [`trib failover ${at(replica)} --force`]
            : [
                `start ${at(member)} again`,
                'if it is gone for good, and its keys with it: --fix-with-unreachable-masters',
              ],
        },
      };
    });
}

function coverable(verdicts: Verdicts, survey: Survey): readonly number[] {
  return [...verdicts].flatMap(([slot, verdict]) => {
    if (verdict.kind === 'spread') return [slot];
    const isGiven = verdict.kind === 'owned' && verdict.claims === 'newly';
    return isGiven && marksOn(survey, slot).importing.length === 0 ? [slot] : [];
  });
}

function remarksOn(survey: Survey, wish: FixWish): readonly string[] {
  if (wish.withUnreachable !== true) return [];
  return [...survey.mute].map(
    (member) =>
      `${at(member)} does not answer: keys that only it has are lost to clients when its slots go to others.`,
  );
}

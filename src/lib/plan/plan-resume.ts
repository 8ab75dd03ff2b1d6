/**
 * What is left of a plan that was cut off. The cluster decides, not the journal: a slot is done when its new
 * owner has it and no mark is left, and everything else goes on from wherever it stands. Nodes that failed
 * over meanwhile are replaced by who stands in their place.
 */
import { formatAddress } from '../cluster/address.js';
import { fingerprint } from '../cluster/fingerprint.js';
import type { ClusterView } from '../cluster/model.js';
import type { ClusterPicture } from '../cluster/picture.js';
import { nameOf } from '../cluster/select-node.js';
import { isDown, membersOf, type Member } from '../cluster/view.js';
import { TribError } from '../kernel/errors.js';
import { shortId, type NodeId } from '../kernel/node-id.js';
import { countSlots, formatRanges, rangesOf, slotsIn, type SlotRange } from '../kernel/ranges.js';
import { refOfMember } from './node-ref.js';
import { ownerIn, SlotStandings, type Standing } from './open-slots.js';
import type { NodeRef, Plan, Settled, Stage, Step } from './plan.js';
import { rebindStage, rebindStep } from './rebind.js';
import { successionIn, type Succession } from './succession.js';

/** Stage and step, both from 0. */
export interface StepPlace {
  readonly stage: number;
  readonly step: number;
}

export interface Begun {
  readonly plan: Plan;
  /** The cluster the plan was made for. */
  readonly cluster: ClusterPicture;
  /** Steps that move no slots and are done: places in the plan. */
  readonly stepsDone: readonly StepPlace[];
}

export interface Rest {
  /** Its remarks say what was found that nobody would expect. */
  readonly plan: Plan;
  readonly slotsDone: number;
  readonly slotsLeft: number;
  /** Of its steps that move no slots: their places in the plan that was cut off. */
  readonly places: ReadonlyMap<Step, StepPlace>;
  /** Of nodes that failed over: who takes their place. */
  readonly replaced: readonly { readonly was: NodeId; readonly is: Member }[];
}

type MoveStep = Extract<Step, { kind: 'move-slots' }>;

/** @throws TribError REFUSED when a node the rest cannot do without is gone, or does not answer */
export function planResume(view: ClusterView, begun: Begun): Rest {
  return new Resumption(view, begun).rest();
}

class Resumption {
  readonly #view: ClusterView;
  readonly #begun: Begun;
  readonly #succession: Succession;
  readonly #standings: SlotStandings;
  /** Slots that this plan can do nothing about any more, by the sentence that says why. */
  readonly #left = new Map<string, number[]>();
  readonly #places = new Map<Step, StepPlace>();
  #slotsDone = 0;

  constructor(view: ClusterView, begun: Begun) {
    this.#view = view;
    this.#begun = begun;
    this.#succession = successionIn(view, begun.cluster);
    this.#standings = new SlotStandings(view);
  }

  rest(): Rest {
    const { plan } = this.#begun;
    const stages = plan.stages.flatMap((stage, index) => this.#stageLeft(stage, index));
    const moves = stages.flatMap(({ steps }) => steps).filter((step) => step.kind === 'move-slots');
    return {
      plan: {
        command: 'resume',
        fingerprint: fingerprint(this.#view),
        stages: [...tellingStages(moves, this.#standings), ...stages],
        remarks: [...this.#left].map(
          ([why, slots]) => `Slots ${formatRanges(rangesOf(slots))} ${why}`,
        ),
      },
      slotsDone: this.#slotsDone,
      places: this.#places,
      slotsLeft: moves.reduce((sum, { slots }) => sum + countSlots(slots), 0),
      replaced: this.#replaced(),
    };
  }

  /** A stage of which nothing is left is not repeated, nor waited for. */
  #stageLeft(stage: Stage, index: number): readonly Stage[] {
    const steps = stage.steps.flatMap((step, place): readonly Step[] => {
      if (step.kind === 'move-slots') return this.#movesLeft(step);
      const isDone = this.#begun.stepsDone.some(
        (done) => done.stage === index && done.step === place,
      );
      if (isDone) return [];
      const again = rebindStep(step, this.#standIn);
      this.#places.set(again, { stage: index, step: place });
      return [again];
    });
    if (steps.length === 0) return [];
    const { settled } = rebindStage({ ...stage, steps: [] }, this.#standIn);
    return [{ title: stage.title, steps, settled: this.#attainable(settled) }];
  }

  /** One step per node that has some of the slots now. */
  #movesLeft(step: MoveStep): readonly MoveStep[] {
    const target = this.#succession(step.node.id);
    const bySource = new Map<Member, number[]>();
    for (const slot of slotsIn(step.slots)) {
      const source = this.#sourceOf(slot, step, target);
      if (source) bySource.set(source, [...(bySource.get(source) ?? []), slot]);
    }
    if (bySource.size > 0 && !target) throw gone(step.node, 'its place in this plan');
    return [...bySource].map(([source, slots]) => ({
      ...step,
      node: refOfMember(target!),
      source: refOfMember(source),
      slots: rangesOf(slots),
    }));
  }

  /** Who has to give the slot away; undefined when nobody has to, or none can tell. */
  #sourceOf(slot: number, step: MoveStep, target: Member | undefined): Member | undefined {
    const { claimants, marks } = this.#standings.of(slot);
    const from = this.#succession(step.source.id);
    const others = claimants.filter((member) => member.id !== target?.id && !isDown(member));
    if (others.length > 1) {
      this.#leave(slot, 'have several owners: `trib fix` decides between them.');
      return undefined;
    }
    const [other] = others;
    if (other && other.id !== from?.id) {
      this.#leave(slot, `belong to ${nameOf(other)} now, of which the plan knows nothing.`);
      return undefined;
    }
    // The target may have been told already, and the run cut before the source was.
    if (other) return other;
    if (target && claimants.includes(target)) {
      const marked = marks.find(({ at }) => at.id !== target.id && at.role === 'primary');
      if (marked) return marked.at;
      if (marks.length > 0)
        this.#leave(slot, `have marks left over: \`trib fix\` takes them away.`);
      else this.#slotsDone++;
      return undefined;
    }
    // Whoever has it is down and has no successor: mostly the source, or a target that died after it got it.
    const [owner] = claimants;
    throw gone(owner ? refOfMember(owner) : step.source, `slot ${slot}`);
  }

  #leave(slot: number, why: string): void {
    this.#left.set(why, [...(this.#left.get(why) ?? []), slot]);
  }

  readonly #standIn = (node: NodeRef): NodeRef => {
    const known = membersOf(this.#view).find(({ id }) => id === node.id);
    if (known && (known.role === 'replica' || !isDown(known))) return refOfMember(known);
    const successor = this.#succession(node.id);
    return successor ? refOfMember(successor) : node;
  };

  /** Nobody is waited for who is not there, nor for slots that went elsewhere. */
  #attainable(settled: Settled): Settled {
    if (settled.kind !== 'slots-settled') return settled;
    const living = membersOf(this.#view).filter((member) => !isDown(member));
    const left = new Set([...this.#left.values()].flat());
    return {
      ...settled,
      owners: settled.owners
        .map(({ node, slots }) => ({
          node: this.#primaryFor(node),
          slots: without(slots, left),
        }))
        .filter(({ slots }) => slots.length > 0),
      witnesses: living.map(refOfMember),
    };
  }

  #primaryFor(node: NodeRef): NodeRef {
    const successor = this.#succession(node.id);
    return successor ? refOfMember(successor) : node;
  }

  #replaced(): Rest['replaced'] {
    const named = this.#begun.plan.stages
      .flatMap(({ steps }) => steps)
      .flatMap((step) => (step.kind === 'move-slots' ? [step.node.id, step.source.id] : []));
    const before = new Map(this.#begun.cluster.members.map((member) => [member.id, member]));
    return [...new Set(named)].flatMap((was) => {
      const is = this.#succession(was);
      // A source that gave everything away follows the target: no failover, and nothing to say.
      const wasFollower = is !== undefined && before.get(is.id)?.primaryId === was;
      return is && is.id !== was && wasFollower ? [{ was, is }] : [];
    });
  }
}

function gone({ id, address }: NodeRef, what: string): TribError {
  const name = `${formatAddress(address)} (${shortId(id)})`;
  return new TribError('REFUSED', `Node ${name} has ${what}, and is not there.`, {
    hint: [
      'No replica has taken over from it.',
      'Start it again, or let a replica take over: trib failover HOST:PORT --force',
    ],
    details: { node: id },
  });
}

function without(slots: readonly SlotRange[], taken: ReadonlySet<number>): readonly SlotRange[] {
  return taken.size === 0
    ? slots
    : rangesOf([...slotsIn(slots)].filter((slot) => !taken.has(slot)));
}

/** What is open, finished in the direction it was going: all that can be known without the journal. */
export function planFinish(view: ClusterView): Rest {
  const standings = new SlotStandings(view);
  const succession = successionIn(view);
  const remarks: string[] = [];
  const pairs = new Map<string, { source: Member; target: Member; slots: number[] }>();
  const unclear: number[] = [];
  for (const slot of standings.open) {
    const way = directionOf(standings.of(slot), succession);
    if (!way) {
      unclear.push(slot);
      continue;
    }
    const key = `${way.source.id} ${way.target.id}`;
    const pair = pairs.get(key) ?? { ...way, slots: [] };
    pair.slots.push(slot);
    pairs.set(key, pair);
  }
  if (unclear.length > 0) {
    remarks.push(
      `Where ${formatRanges(rangesOf(unclear))} should go cannot be seen from the marks; \`trib fix\` decides by keys and epochs.`,
    );
  }
  const moves = [...pairs.values()].map(({ source, target, slots }) => ({
    source,
    target,
    slots: rangesOf(slots),
  }));
  return {
    plan: movesPlan('resume', view, moves, 'it is open: a move was cut off', remarks),
    slotsDone: 0,
    places: new Map(),
    slotsLeft: moves.reduce((sum, { slots }) => sum + countSlots(slots), 0),
    replaced: [],
  };
}

export interface Transfer {
  readonly source: Member;
  readonly target: Member;
  readonly slots: readonly SlotRange[];
}

/**
 * From the owner to whom it sends clients; where it sends nobody, to the only one that waits for keys. A
 * node that still sends clients to the owner was not told that the slot has gone there. A slot with several
 * owners, or none, or with marks that contradict each other, is a case for `fix`.
 */
function directionOf(
  standing: Standing,
  succession: Succession,
): Omit<Transfer, 'slots'> | undefined {
  const { claimants, marks } = standing;
  if (marks.some(({ at }) => at.role === 'replica')) return undefined;
  const half = halfGiven(standing);
  if (half) return half;
  const source = ownerIn(standing);
  if (!source || claimants.length > 1) return undefined;
  const sending = marks.find(({ at, kind }) => kind === 'migrating' && at.id === source.id);
  const waiting = marks.filter(({ at, kind }) => kind === 'importing' && at.id !== source.id);
  const target = sending ? succession(sending.peer) : waiting[0]?.at;
  const isOdd = marks.length !== waiting.length + (sending ? 1 : 0) || waiting.length > 1;
  if (!target || target.id === source.id || isDown(target) || isOdd) return undefined;
  return waiting.every(({ at }) => at.id === target.id) ? { source, target } : undefined;
}

function halfGiven({ claimants, marks }: Standing): Omit<Transfer, 'slots'> | undefined {
  const [mark] = marks;
  if (marks.length !== 1 || mark?.kind !== 'migrating') return undefined;
  const target = claimants.find(({ id }) => id === mark.peer);
  const others = claimants.filter(({ id }) => id !== mark.peer && id !== mark.at.id);
  return target && others.length === 0 && !isDown(target) ? { source: mark.at, target } : undefined;
}

/** A plan of moves and nothing else. */
export function movesPlan(
  command: string,
  view: ClusterView,
  transfers: readonly Transfer[],
  why: string,
  remarks: readonly string[] = [],
): Plan {
  const total = transfers.reduce((sum, { slots }) => sum + countSlots(slots), 0);
  const living = membersOf(view).filter((member) => !isDown(member));
  const stage: Stage = {
    title: `Moving ${total} slot${total === 1 ? '' : 's'}`,
    steps: transfers.map(({ source, target, slots }) => ({
      kind: 'move-slots',
      node: refOfMember(target),
      source: refOfMember(source),
      slots,
      why,
    })),
    settled: {
      kind: 'slots-settled',
      owners: transfers.map(({ target, slots }) => ({ node: refOfMember(target), slots })),
      witnesses: living.map(refOfMember),
    },
  };
  const moves = stage.steps.filter((step) => step.kind === 'move-slots');
  const telling = tellingStages(moves, new SlotStandings(view));
  const stages = transfers.length === 0 ? [] : [...telling, stage];
  return { command, fingerprint: fingerprint(view), stages, remarks };
}

/**
 * A node that waits for keys of a slot hears nothing about that slot from the others. When the source has
 * failed over it still takes it for the slot's owner, holds the cluster for failed, and would take no keys.
 */
function tellingStages(moves: readonly MoveStep[], standings: SlotStandings): readonly Stage[] {
  const steps = moves.flatMap(({ node, source, slots }): readonly Step[] => {
    const waiting = [...slotsIn(slots)].filter((slot) =>
      standings
        .of(slot)
        .marks.some(
          ({ at, kind, peer }) => at.id === node.id && kind === 'importing' && peer !== source.id,
        ),
    );
    if (waiting.length === 0) return [];
    const why = 'it waits for keys from a node that has failed over';
    return [{ kind: 'tell-owner', node, owner: source, slots: rangesOf(waiting), why }];
  });
  if (steps.length === 0) return [];
  const title = 'Telling those who wait for keys who has taken over';
  return [{ title, steps, settled: { kind: 'at-once' } }];
}

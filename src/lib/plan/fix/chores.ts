/** What has to be done on which node for which slots: collected slot by slot, said in steps of ranges. */
import type { Member } from '../../cluster/view.js';
import { rangesOf } from '../../kernel/ranges.js';
import { refOfMember } from '../node-ref.js';
import type { Step } from '../plan.js';
import type { Verdict } from './verdict.js';

type Pairs = Map<Member, Map<Member, number[]>>;

export class Chores {
  readonly #close = new Map<Member, number[]>();
  readonly #claim = new Map<Member, number[]>();
  readonly #yield: Pairs = new Map();
  readonly #giveUp: Pairs = new Map();
  readonly #move: Pairs = new Map();
  readonly #bring: Pairs = new Map();
  readonly #tell: Pairs = new Map();
  readonly #bump = new Map<Member, string>();

  add(slot: number, verdict: Extract<Verdict, { kind: 'owned' }>): void {
    const { owner, from, awaiting, claims, losers, holders, open } = verdict;
    for (const node of open) this.close(node, slot);
    if (claims === 'newly') this.claim(owner, slot);
    if (claims === 'again')
      this.bump(owner, 'a rival claimed its slots with as high a config epoch');
    for (const loser of losers) {
      note(this.#yield, loser, owner, slot);
      note(this.#bring, loser, owner, slot);
    }
    if (from) note(this.#move, from, owner, slot);
    if (awaiting) note(this.#giveUp, owner, awaiting, slot);
    for (const holder of holders) note(this.#bring, holder, owner, slot);
  }

  close(node: Member, slot: number): void {
    noteOne(this.#close, node, slot);
  }

  claim(node: Member, slot: number): void {
    noteOne(this.#claim, node, slot);
  }

  bump(node: Member, why: string): void {
    if (!this.#bump.has(node)) this.#bump.set(node, why);
  }

  tell(node: Member, owner: Member, slot: number): void {
    note(this.#tell, node, owner, slot);
  }

  get closing(): readonly Step[] {
    return [
      ...[...this.#close].map(([node, slots]): Step => ({
        kind: 'close-slots',
        node: refOfMember(node),
        slots: rangesOf(slots),
        why: 'nothing is on its way here',
      })),
      ...each(this.#giveUp, (source, node, slots) => ({
        kind: 'give-up-move',
        node: refOfMember(node),
        source: refOfMember(source),
        slots: rangesOf(slots),
        why: 'nothing has arrived yet',
      })),
    ];
  }

  get yielding(): readonly Step[] {
    return each(this.#yield, (node, owner, slots) => ({
      kind: 'yield-slots',
      node: refOfMember(node),
      owner: refOfMember(owner),
      slots: rangesOf(slots),
      why: 'it claims them with a lower config epoch, or without having keys of them',
    }));
  }

  /** A claim comes with an epoch above all others. */
  get claiming(): readonly Step[] {
    return [
      ...[...this.#claim].map(([node, slots]): Step => ({
        kind: 'claim-slots',
        node: refOfMember(node),
        slots: rangesOf(slots),
        why: 'nobody else claims them, and nobody has more of their keys',
      })),
      ...[...this.#bump]
        .filter(([node]) => !this.#claim.has(node))
        .map(([node, why]): Step => ({ kind: 'bump-epoch', node: refOfMember(node), why })),
    ];
  }

  get telling(): readonly Step[] {
    return each(this.#tell, (node, owner, slots) => ({
      kind: 'tell-owner',
      node: refOfMember(node),
      owner: refOfMember(owner),
      slots: rangesOf(slots),
      why: 'it believes otherwise',
    }));
  }

  get moving(): readonly Step[] {
    return each(this.#move, (source, node, slots) => ({
      kind: 'move-slots',
      node: refOfMember(node),
      source: refOfMember(source),
      slots: rangesOf(slots),
      why: 'the move was begun, and a part of it is there already',
    }));
  }

  get bringing(): readonly Step[] {
    return each(this.#bring, (source, node, slots) => ({
      kind: 'bring-keys',
      node: refOfMember(node),
      source: refOfMember(source),
      slots: rangesOf(slots),
      keepsOpen: true,
      why: 'clients look for them at the owner',
    }));
  }
}

function noteOne(slots: Map<Member, number[]>, node: Member, slot: number): void {
  const known = slots.get(node);
  if (known) known.push(slot);
  else slots.set(node, [slot]);
}

function note(pairs: Pairs, node: Member, peer: Member, slot: number): void {
  const known = pairs.get(node) ?? new Map<Member, number[]>();
  noteOne(known, peer, slot);
  pairs.set(node, known);
}

function each(
  pairs: Pairs,
  step: (node: Member, peer: Member, slots: readonly number[]) => Step,
): readonly Step[] {
  return [...pairs].flatMap(([node, peers]) =>
    [...peers].map(([peer, slots]) => step(node, peer, slots)),
  );
}

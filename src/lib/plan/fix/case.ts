/** What was found about slots, and what becomes of them, in words: slots with the same story are one case. */
import { at } from '../../cluster/diagnose/context.js';
import type { Member } from '../../cluster/view.js';
import type { NodeId } from '../../kernel/node-id.js';
import { rangesOf, type SlotRange } from '../../kernel/ranges.js';
import { keysOf, type Survey } from './survey.js';
import { marksOn, type Verdict } from './verdict.js';

export interface FixCase {
  readonly slots: readonly SlotRange[];
  /** Which node says what. */
  readonly situation: readonly string[];
  /** Keys of all these slots together; nodes that have none are left out. */
  readonly keys: readonly { readonly node: string; readonly count: number }[];
  readonly verdict: string;
  /** What to do about it instead, where this cannot be repaired. */
  readonly left?: { readonly hint: readonly string[] };
}

/** Collects slots, and tells their cases. */
export class Casebook {
  readonly #survey: Survey;
  readonly #open = new Map<
    string,
    {
      readonly slots: number[];
      readonly keys: Map<Member, number>;
      readonly situation: readonly string[];
      readonly verdict: string;
      readonly hint: readonly string[] | undefined;
    }
  >();

  constructor(survey: Survey) {
    this.#survey = survey;
  }

  /** @param taker who gets a slot that is spread */
  add(slot: number, verdict: Verdict, taker?: Member): void {
    const situation = situationOf(this.#survey, slot);
    const holders = this.#survey.primaries.filter((node) => keysOf(this.#survey, node, slot) > 0);
    const text = verdictText(verdict, taker);
    const story = [...situation, text].join('\n');
    let found = this.#open.get(story);
    if (!found) {
      const hint = verdict.kind === 'left' ? verdict.hint : undefined;
      found = { slots: [], keys: new Map(), situation, verdict: text, hint };
      this.#open.set(story, found);
    }
    found.slots.push(slot);
    for (const node of holders) {
      found.keys.set(node, (found.keys.get(node) ?? 0) + keysOf(this.#survey, node, slot));
    }
  }

  get cases(): readonly FixCase[] {
    return [...this.#open.values()].map(({ slots, keys, situation, verdict, hint }) => ({
      slots: rangesOf(slots),
      situation,
      keys: [...keys].map(([node, count]) => ({ node: at(node), count })),
      verdict,
      ...(hint === undefined ? {} : { left: { hint } }),
    }));
  }
}

function situationOf(survey: Survey, slot: number): readonly string[] {
  const claimants = survey.claimants[slot]!;
  const departed = survey.departed[slot];
  const { migrating, importing } = marksOn(survey, slot);
  const name = (id: NodeId | undefined) => {
    const member = id === undefined ? undefined : survey.byId.get(id);
    if (!member) return 'a node nobody knows';
    return `${at(member)}${member.claim ? '' : ', which does not answer'}${member.role === 'replica' ? ', a replica' : ''}`;
  };
  return [
    ...claimants.map((node) => `claimed by ${at(node)} (config epoch ${node.record.configEpoch})`),
    ...(claimants.length > 0 ? [] : ['claimed by no node that answers']),
    ...(departed ? [`the others give it to ${at(departed)}, which does not answer`] : []),
    ...migrating.map(
      (node) => `${at(node)} migrates it to ${name(node.record.migrating.get(slot))}`,
    ),
    ...importing.map(
      (node) => `${at(node)} imports it from ${name(node.record.importing.get(slot))}`,
    ),
  ];
}

function verdictText(verdict: Verdict, taker: Member | undefined): string {
  switch (verdict.kind) {
    case 'left':
      return verdict.why;
    case 'spread':
      return taker ? `${at(taker)} gets it` : 'there is no primary to give it to';
    case 'owned': {
      const { owner, from, awaiting, losers, holders, claims } = verdict;
      const givers = [...losers, ...holders].map(at);
      const brings = givers.length > 0 ? `; keys are brought there from ${givers.join(', ')}` : '';
      if (from) return `the move from ${at(from)} to ${at(owner)} is finished${brings}`;
      if (awaiting) return `nothing has arrived at ${at(awaiting)}: ${at(owner)} keeps it${brings}`;
      return `${at(owner)} ${claims === 'newly' ? 'gets' : 'keeps'} it${brings}`;
    }
  }
}

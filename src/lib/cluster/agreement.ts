/**
 * Do all nodes tell the same story? Two claims agree when they give the same slots to the same nodes and
 * know the same members. Claims are grouped by what they say; the largest group is what the cluster
 * "says", and for every other group the difference is spelled out. A plain "nodes don't agree" leaves
 * the operator to compare a hundred outputs by eye.
 */
import type { NodeId } from '../kernel/node-id.js';
import { formatRanges, type SlotRange } from '../kernel/ranges.js';
import type { Claim, ClusterView, NodeRecord } from './model.js';

/** Claims that say the same. */
export interface Party {
  readonly claims: readonly Claim[];
}

export interface Agreement {
  readonly isUnanimous: boolean;
  /** Largest first; among equals the one with the entry, then in order of the claims. */
  readonly parties: readonly Party[];
}

/** One node about which two parties say different things; undefined: not known, or no slots. */
export interface Difference {
  readonly id: NodeId;
  readonly majority: NodeRecord | undefined;
  readonly dissent: NodeRecord | undefined;
}

export interface AgreementOptions {
  /** What redis-trib compares: slots, and nothing else. */
  readonly slotsOnly?: boolean;
}

/**
 * Groups the claims by what they say about slots, about which of the nodes that answer are members, and
 * about who replicates whom. A silent node counts by its slots only: nodes forget the dead one by one.
 */
export function agreementOf(claims: Iterable<Claim>, options: AgreementOptions = {}): Agreement {
  const all = [...claims];
  const teller = new Teller(
    options.slotsOnly === true ? new Set() : new Set(all.map(({ self }) => self.id)),
  );
  const parties = new Map<string, Claim[]>();
  for (const claim of all) {
    const story = teller.story(claim);
    const party = parties.get(story);
    if (party) party.push(claim);
    else parties.set(story, [claim]);
  }
  // Sorting is stable: among equals the party that spoke first stays first.
  const sorted = [...parties.values()].sort((a, b) => b.length - a.length);
  return { isUnanimous: sorted.length <= 1, parties: sorted.map((party) => ({ claims: party })) };
}

/** Of a view, which does not change: asked for by the diagnosis, the text and the document. */
export function agreementIn(view: ClusterView): Agreement {
  let agreement = AGREEMENTS.get(view);
  if (!agreement) AGREEMENTS.set(view, (agreement = agreementOf(view.claims.values())));
  return agreement;
}

const AGREEMENTS = new WeakMap<ClusterView, Agreement>();

/** True when every claim gives the same slots to the same nodes. */
export function doAllAgree(view: ClusterView): boolean {
  // Who agrees about everything agrees about slots.
  if (agreementIn(view).isUnanimous) return true;
  return agreementOf(view.claims.values(), { slotsOnly: true }).isUnanimous;
}

/** Where two claims differ, by the same measure as `agreementOf`. */
export function differencesBetween(
  majority: Claim,
  dissent: Claim,
  answering: ReadonlySet<NodeId>,
): readonly Difference[] {
  const teller = new Teller(answering);
  const ids = new Set([...majority.records.keys(), ...dissent.records.keys()]);
  return [...ids].flatMap((id) => {
    const left = memberIn(majority, id);
    const right = memberIn(dissent, id);
    const isSame = teller.word(id, left) === teller.word(id, right);
    return isSame ? [] : [{ id, majority: left, dissent: right }];
  });
}

function memberIn(claim: Claim, id: NodeId): NodeRecord | undefined {
  const record = claim.records.get(id);
  return record?.flags.has('handshake') ? undefined : record;
}

/**
 * Turns claims into texts that are equal exactly when the claims agree. Numbers stand for ids and slot
 * sets, so that a thousand claims of a thousand records make short texts and no sorting is needed.
 */
class Teller {
  /** Nodes that answer: being a member, and following whom, is part of the story. */
  readonly #answering: ReadonlySet<NodeId>;
  readonly #ids = new Map<NodeId, number>();
  readonly #bySlots = new Map<readonly SlotRange[], number>();
  readonly #byText = new Map<string, number>([['', 0]]);
  /** Claims share records: what one says, and at which place of a story, is found out once. */
  readonly #words = new Map<NodeRecord, { readonly place: number; readonly word: string }>();

  constructor(answering: ReadonlySet<NodeId>) {
    this.#answering = answering;
  }

  story(claim: Claim): string {
    const words: string[] = [];
    for (const record of claim.records.values()) {
      let told = this.#words.get(record);
      if (told === undefined) this.#words.set(record, (told = this.#tell(record)));
      if (told.word !== '') words[told.place] = told.word;
    }
    // Holes become empty words; ids first met later only lengthen later stories.
    return words.join();
  }

  #tell(record: NodeRecord): { readonly place: number; readonly word: string } {
    const { id, flags } = record;
    const word = String(this.word(id, flags.has('handshake') ? undefined : record));
    return { place: word === '' ? 0 : this.#idNumber(id), word };
  }

  /** Empty when there is nothing to say: no such member, or a silent one without slots. */
  word(id: NodeId, record: NodeRecord | undefined): string | number {
    if (!record) return '';
    const slots = record.slots.length === 0 ? 0 : this.#slotNumber(record.slots);
    if (!this.#answering.has(id)) return slots === 0 ? '' : slots;
    return record.primaryId === undefined ? slots : `${slots}>${this.#idNumber(record.primaryId)}`;
  }

  #idNumber(id: NodeId): number {
    const known = this.#ids.get(id);
    if (known !== undefined) return known;
    this.#ids.set(id, this.#ids.size);
    return this.#ids.size - 1;
  }

  #slotNumber(slots: readonly SlotRange[]): number {
    const known = this.#bySlots.get(slots);
    if (known !== undefined) return known;
    const text = formatRanges(slots);
    const number = this.#byText.get(text) ?? this.#byText.size;
    this.#byText.set(text, number);
    this.#bySlots.set(slots, number);
    return number;
  }
}

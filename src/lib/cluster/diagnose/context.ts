/** What the checks of a diagnosis share: computed once, and the words they describe nodes with. */
import type { NodeId } from '../../kernel/node-id.js';
import { shortId } from '../../kernel/node-id.js';
import { formatAddress } from '../address.js';
import { agreementIn, type Agreement } from '../agreement.js';
import type { Finding } from '../finding.js';
import type { Claim, ClusterView, NodeRecord } from '../model.js';
import { ownershipOf, type Ownership } from '../ownership.js';
import { membersOf, type Member } from '../view.js';

/** What one node says of another. */
export interface Sighting {
  readonly by: Claim;
  readonly record: NodeRecord;
}

export interface Context {
  readonly view: ClusterView;
  readonly members: readonly Member[];
  readonly byId: ReadonlyMap<NodeId, Member>;
  readonly ownership: Ownership;
  readonly agreement: Agreement;
  /** Records of others that say anything but "member, healthy, link up". */
  readonly notable: readonly Sighting[];
  /** The entry as an operand: what a cure is typed at. */
  readonly entry: string;
}

/** Evidence of a thousand nodes fills screens; the first few and a count do. */
const EVIDENCE_LINES_MAX = 8;

export function contextOf(view: ClusterView): Context {
  const members = membersOf(view);
  const entry = members.find(({ id }) => id === view.entryId)!;
  return {
    view,
    members,
    byId: new Map(members.map((member) => [member.id, member])),
    ownership: ownershipOf(view, members),
    agreement: agreementIn(view),
    notable: notableIn(view),
    entry: formatAddress(entry.address),
  };
}

/**
 * A thousand nodes say a million things, most of them in the same shared records: each is judged once,
 * and the checks look only at what is left.
 */
function notableIn(view: ClusterView): readonly Sighting[] {
  const dull = new Set<NodeRecord>();
  const notable: Sighting[] = [];
  for (const by of view.claims.values()) {
    for (const record of by.records.values()) {
      if (dull.has(record) || record === by.self) continue;
      if (isNotable(record)) notable.push({ by, record });
      else dull.add(record);
    }
  }
  return notable;
}

function isNotable({ flags, isLinkUp }: NodeRecord): boolean {
  const isMarked = ['fail', 'fail?', 'handshake', 'noaddr'] as const;
  return !isLinkUp || isMarked.some((flag) => flags.has(flag));
}

export function finding(
  base: Pick<Finding, 'id' | 'severity' | 'subject' | 'message'> &
    Partial<Pick<Finding, 'evidence' | 'cure' | 'slots'>> & { readonly about?: readonly Member[] },
): Finding {
  const { about = [], evidence = [], cure = [], slots = [], ...rest } = base;
  return {
    ...rest,
    evidence: shortened(evidence, (line) => line),
    cure,
    slots,
    nodes: about.map(({ id }) => id),
  };
}

/** `127.0.0.1:7000`, or the short id where no address is known. */
export function at(member: Member): string {
  return member.address.port === 0 ? shortId(member.id) : formatAddress(member.address);
}

/** The node as findings and evidence name it, by id; a node nobody knows by its id alone. */
export function nodeText(context: Context, id: NodeId): string {
  const member = context.byId.get(id);
  return member && member.address.port !== 0 ? `${shortId(id)} ${at(member)}` : shortId(id);
}

/** `a, b and 3 more`. */
export function listed(words: readonly string[], limit = 4): string {
  if (words.length <= limit) return words.join(', ');
  return `${words.slice(0, limit).join(', ')} and ${words.length - limit} more`;
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** The text of the first few and a count of the rest. */
export function shortened<T>(items: readonly T[], textOf: (item: T) => string): readonly string[] {
  if (items.length <= EVIDENCE_LINES_MAX) return items.map(textOf);
  const shown = items.slice(0, EVIDENCE_LINES_MAX - 1).map(textOf);
  return [...shown, `and ${items.length - shown.length} more`];
}

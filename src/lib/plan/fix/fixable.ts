/** What `fix` can repair, and what an operator lets it do. */
import type { FindingId } from '../../cluster/finding.js';

export const FIXABLE = [
  'slot-open',
  'slot-multiple-owners',
  'slot-uncovered',
  'slot-owner-down',
  'keys-in-foreign-slot',
  'views-differ',
  'epoch-collision',
  'replica-of-replica',
] as const satisfies readonly FindingId[];

export type Fixable = (typeof FIXABLE)[number];

export interface FixWish {
  /** Nothing else is touched; default: everything fixable. */
  readonly only?: ReadonlySet<Fixable> | undefined;
  /** Slots go to others although a primary that does not answer may have their keys. */
  readonly withUnreachable?: boolean;
  /** Every node is asked for keys of every slot that it does not own. */
  readonly searchesKeys?: boolean;
}

export function isWanted({ only }: FixWish, id: Fixable): boolean {
  return only === undefined || only.has(id);
}

/** Which findings a repair still owes. */
import type { Finding } from '../../cluster/finding.js';
import { slotsIn, type SlotRange } from '../../kernel/ranges.js';
import { FIXABLE, type Fixable, type FixWish } from './fixable.js';

/** @param without slots that are known not to be repaired */
export function unresolved(
  findings: readonly Finding[],
  { only }: FixWish,
  without: readonly SlotRange[] = [],
): readonly Finding[] {
  const known = new Set(slotsIn(without));
  const wanted = only ?? new Set<Fixable>(FIXABLE);
  return findings.filter(({ id, slots, severity }) => {
    if (!(wanted as ReadonlySet<string>).has(id)) return false;
    // A node that did not say which keys it has is a warning, and nothing to repair.
    if (id === 'keys-in-foreign-slot' && severity === 'warning') return false;
    if (slots.length === 0) return true;
    return [...slotsIn(slots)].some((slot) => !known.has(slot));
  });
}

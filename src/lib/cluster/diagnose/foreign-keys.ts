/** Keys in slots that belong to another node, or to nobody. Only known when the nodes were asked. */
import { formatRanges, rangesOf } from '../../kernel/ranges.js';
import type { Finding } from '../finding.js';
import type { SlotKeys } from '../slot-keys.js';
import type { Member } from '../view.js';
import { at, finding, nodeText, plural, type Context } from './context.js';

export function foreignKeyFindings(
  context: Context,
  said: readonly SlotKeys[],
): readonly Finding[] {
  return said.flatMap((answer) => {
    const member = context.byId.get(answer.id);
    if (member === undefined) return [];
    if (answer.failure !== undefined) return [unknown(context, member, answer.failure)];
    return answer.counts.size === 0 ? [] : [misplaced(context, member, answer)];
  });
}

function misplaced(context: Context, member: Member, { counts }: SlotKeys): Finding {
  const keys = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const slots = rangesOf(counts.keys());
  return finding({
    id: 'keys-in-foreign-slot',
    severity: 'error',
    subject: formatRanges(slots),
    message: `${at(member)} has ${plural(keys, 'key')} of ${plural(counts.size, 'slot')} that it does not own.`,
    evidence: [...counts].map(([slot, count]) => {
      const owner = context.ownership.ownerOf[slot];
      const whose = owner ? `belongs to ${nodeText(context, owner.id)}` : 'belongs to no node';
      return `${plural(count, 'key')} of slot ${slot}, which ${whose}`;
    }),
    cure: [`trib orphans ${context.entry}`, `trib fix ${context.entry} --search-multiple-owners`],
    about: [member],
    slots,
  });
}

function unknown(context: Context, member: Member, failure: string): Finding {
  return finding({
    id: 'keys-in-foreign-slot',
    severity: 'warning',
    subject: at(member),
    message: `${at(member)} did not say whether it has keys of slots it does not own.`,
    evidence: [failure],
    cure: [`trib check ${context.entry} --search-multiple-owners`],
    about: [member],
  });
}

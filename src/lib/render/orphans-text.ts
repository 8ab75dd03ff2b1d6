/** Keys in slots that their node does not own, node by node. */
import { at } from '../cluster/diagnose/context.js';
import { groupBy } from '../cluster/group-by.js';
import type { Orphans } from '../plan/plan-orphans.js';
import { styleFor, wrap, type Capabilities } from './style.js';

export interface ShownOrphans extends Orphans {
  /** latin1 text, the first few. */
  readonly sample: readonly string[];
}

/** A screen of slots; `--json` has them all. */
const SLOTS_SHOWN_MAX = 20;

export function orphansText(
  orphans: readonly ShownOrphans[],
  capabilities: Capabilities,
): readonly string[] {
  const style = styleFor(capabilities);
  return [...groupBy(orphans, ({ node }) => node)].flatMap(([node, slots]) => {
    const keys = slots.reduce((sum, { count }) => sum + count, 0);
    const rest = slots.length - SLOTS_SHOWN_MAX;
    return [
      style.warning(
        `${at(node)} has ${plural(keys, 'key')} of ${plural(slots.length, 'slot')} that it does not own:`,
      ),
      ...slots
        .slice(0, SLOTS_SHOWN_MAX)
        .flatMap((one) => wrap(slotText(one), style.width, { first: '    - ', rest: '      ' })),
      ...(rest > 0 ? [`    and ${rest} slots more`] : []),
    ];
  });
}

function slotText({ slot, count, owner, left, sample }: ShownOrphans): string {
  const whose = owner ? ` of ${at(owner)}` : '';
  const more = count > sample.length ? ', ...' : '';
  const why = left ? ` (${left.why}: ${left.hint})` : '';
  return `slot ${slot}${whose}: ${plural(count, 'key')}: ${sample.map(escapedKey).join(' ')}${more}${why}`;
}

/** As redis-cli shows strings: quoted, and bytes that are no ASCII as `\xff`. */
export function escapedKey(latin1: string): string {
  const escaped = latin1.replace(/[\\"]|[^\x20-\x7e]/g, (char) => {
    if (char === '\\' || char === '"') return `\\${char}`;
    return `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
  return `"${escaped}"`;
}

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** What `fix` found and decided, before it does anything; and what it could not do, when it is through. */
import { countSlots, formatRanges, type SlotRange } from '../kernel/ranges.js';
import type { FixCase } from '../plan/fix/case.js';
import { styleFor, wrap, type Capabilities } from './style.js';

/** Evidence and decision of each case. */
export function casesText(
  cases: readonly FixCase[],
  capabilities: Capabilities,
): readonly string[] {
  const style = styleFor(capabilities);
  return cases.flatMap(({ slots, situation, keys, verdict, left }) => [
    style.heading(`${slotsText(slots)}:`),
    ...situation.flatMap((line) => prose(line, style.width)),
    ...prose(keysText(keys), style.width),
    ...(left
      ? [`    => left as ${countSlots(slots) === 1 ? 'it is' : 'they are'}: ${verdict}`]
      : [`    => ${verdict}`]
    ).flatMap((line) => wrap(line.trimStart(), style.width, { first: '    ', rest: '       ' })),
    ...(left?.hint ?? []).map((line) => `    > ${line}`),
  ]);
}

/** What has not been repaired, each with its reason and what to do. */
export function failuresText(
  failures: readonly {
    readonly slots: readonly SlotRange[];
    readonly message: string;
    readonly hints: readonly string[];
  }[],
  capabilities: Capabilities,
): readonly string[] {
  const style = styleFor(capabilities);
  return failures.flatMap(({ slots, message, hints }) => {
    const text = slots.length === 0 ? message : `${slotsText(slots)}: ${message}`;
    const [first = '', ...rest] = wrap(text, style.width - '[ERR] '.length, { rest: '    ' });
    return [style.error(first), ...rest, ...hints.map((hint) => `    > ${hint}`)];
  });
}

function keysText(keys: FixCase['keys']): string {
  if (keys.length === 0) return 'no keys';
  return keys
    .map(({ node, count }) => `${count} key${count === 1 ? '' : 's'} at ${node}`)
    .join(', ');
}

function slotsText(slots: readonly SlotRange[]): string {
  const count = countSlots(slots);
  return count === 1 ? `Slot ${formatRanges(slots)}` : `Slots ${formatRanges(slots)} (${count})`;
}

const prose = (line: string, width: number): readonly string[] =>
  wrap(line, width, { first: '    - ', rest: '      ' });

/** A cluster before and after a rebalance: two bars for every primary, one pair per line of thought. */
import { formatAddress } from '../cluster/address.js';
import type { Share } from '../plan/plan-rebalance.js';
import type { Measure } from '../plan/slots/slot-loads.js';
import { styleFor, type Capabilities } from './style.js';

const TITLES: Readonly<Record<Measure | 'slots', string>> = {
  slots: 'Slots',
  keys: 'Keys',
  memory: 'Memory (sampled)',
  cpu: 'Processor time',
  net: 'Network traffic',
};

/** A bar of fewer columns would show nothing. */
const BAR_MIN = 8;

/** @param measure what was evened out; slots are shown beside any other. */
export function balanceText(
  shares: readonly Share[],
  measure: Measure | 'slots',
  capabilities: Capabilities,
): readonly string[] {
  const slots = chart('slots', shares, capabilities, ({ slots: count }) => count);
  if (measure === 'slots') return slots;
  return [...chart(measure, shares, capabilities, ({ load }) => load), ...slots];
}

function chart(
  measure: Measure | 'slots',
  shares: readonly Share[],
  capabilities: Capabilities,
  valueOf: (side: Share['before']) => number,
): readonly string[] {
  const style = styleFor(capabilities);
  const rows = shares.flatMap(({ member, before, after }) => [
    { name: formatAddress(member.address), when: 'before', value: valueOf(before) },
    { name: '', when: 'after', value: valueOf(after) },
  ]);
  const texts = rows.map(({ value }) => amountText(measure, value));
  const nameWidth = Math.max(...rows.map(({ name }) => name.length));
  const textWidth = Math.max(...texts.map(({ length }) => length));
  const barWidth = Math.max(BAR_MIN, style.width - nameWidth - textWidth - '  before ||  '.length);
  const most = Math.max(...rows.map(({ value }) => value));
  return [
    style.heading(`${TITLES[measure]} of ${shares.length} primaries, before and after`),
    ...rows.map(({ name, when, value }, index) => {
      const bar = barOf(value, most, barWidth);
      return `${name.padEnd(nameWidth)}  ${when.padEnd(6)} |${bar}| ${texts[index]!.padStart(textWidth)}`;
    }),
  ];
}

/** Whatever is not nothing is seen. */
function barOf(value: number, most: number, width: number): string {
  const length = most === 0 ? 0 : Math.round((value / most) * width);
  return '#'.repeat(value > 0 ? Math.max(1, length) : 0).padEnd(width);
}

function amountText(measure: Measure | 'slots', value: number): string {
  switch (measure) {
    case 'slots':
    case 'keys':
      return String(Math.round(value));
    case 'memory':
      return bytesText(value);
    case 'net':
      return `${bytesText(value)}/s`;
    case 'cpu':
      return `${(value / 1_000).toFixed(1)} ms/s`;
  }
}

function bytesText(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'] as const;
  let unit = 0;
  let amount = bytes;
  while (amount >= 1_024 && unit < units.length - 1) {
    amount /= 1_024;
    unit++;
  }
  return `${unit === 0 ? Math.round(amount) : amount.toFixed(1)} ${units[unit]!}`;
}

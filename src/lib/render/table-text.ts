/** Tables without borders: readable, and easy to cut with awk. */
import Table from 'cli-table3';
import { formatAddress } from '../cluster/address.js';
import { countKeys } from '../cluster/facts.js';
import type { ClusterView } from '../cluster/model.js';
import type { Member } from '../cluster/view.js';
import { shortId } from '../kernel/node-id.js';
import { countSlots } from '../kernel/ranges.js';
import { inReadingOrder } from './reading-order.js';
import { styleFor, type Capabilities } from './style.js';

const NO_BORDERS = Object.fromEntries(
  [
    ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left'],
    ...['bottom-right', 'left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'],
  ].map((part) => [part, '']),
);

const GAP = '  ';
/** Narrower than this a column of words cannot be read. */
const LAST_MIN = 20;

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

/** Lines without trailing spaces; the title row is bold where that is possible. */
export function tableText(
  columns: readonly Column[],
  rows: readonly (readonly (string | number)[])[],
  capabilities: Capabilities,
): readonly string[] {
  const style = styleFor(capabilities);
  const texts = rows.map((row) => row.map(String));
  const table = new Table({
    colWidths: columnWidths(columns, texts, capabilities.width),
    wordWrap: true,
    head: columns.map(({ title }) => title),
    colAligns: columns.map(({ align }) => align ?? 'left'),
    chars: { ...NO_BORDERS, middle: GAP },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  table.push(...texts.map((row) => [...row]));
  const [head = '', ...body] = table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
  return [style.strong(head), ...body];
}

/** As wide as the longest cell; the last column gives way when the line would be too long. */
function columnWidths(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): number[] {
  const widths = columns.map(({ title }, at) =>
    Math.max(title.length, ...rows.map((row) => (row[at] ?? '').length)),
  );
  const others = widths.slice(0, -1).reduce((sum, each) => sum + each + GAP.length, 0);
  return [...widths.slice(0, -1), Math.min(widths.at(-1)!, Math.max(LAST_MIN, width - others))];
}

/** One row per member, the silent ones included. */
export function membersText(view: ClusterView, capabilities: Capabilities): readonly string[] {
  const columns: readonly Column[] = [
    { title: 'NODE' },
    { title: 'ID' },
    { title: 'ROLE' },
    { title: 'SLOTS', align: 'right' },
    { title: 'KEYS', align: 'right' },
    { title: 'PRIMARY' },
    { title: 'STATE' },
  ];
  return tableText(columns, inReadingOrder(view).map(rowOf), capabilities);
}

function rowOf({ address, id, role, slots, claim, primaryId, silence }: Member) {
  return [
    formatAddress(address),
    shortId(id),
    role,
    role === 'primary' ? countSlots(slots) : '',
    claim ? countKeys(claim.facts) : '',
    primaryId === undefined ? '' : shortId(primaryId),
    claim
      ? stateOf(claim.facts.clusterState, claim.facts.primaryLinkUp)
      : (silence?.reason ?? 'unknown'),
  ];
}

function stateOf(state: 'ok' | 'fail' | undefined, linkUp: boolean | undefined): string {
  return linkUp === false ? `${state ?? 'unknown'}, no link to its primary` : (state ?? 'unknown');
}

/**
 * The report of `check`. First the sections redis-trib prints, word for word, since scripts look for them;
 * then every finding with its evidence and what to type; then the verdict.
 */
import { formatAddress } from '../cluster/address.js';
import { doAllAgree } from '../cluster/agreement.js';
import type { Finding, Severity } from '../cluster/finding.js';
import type { ClusterView } from '../cluster/model.js';
import { slotOwners, type SlotKeys } from '../cluster/slot-keys.js';
import { membersOf } from '../cluster/view.js';
import { rangesOf, slotsIn } from '../kernel/ranges.js';
import { nodeBlocks } from './node-block.js';
import { styleFor, wrap, type Capabilities, type Style } from './style.js';

/** The whole report. */
export function checkText(
  view: ClusterView,
  findings: readonly Finding[],
  capabilities: Capabilities,
  slotKeys?: readonly SlotKeys[],
): readonly string[] {
  return [
    ...clusterCheckText(view, findings, capabilities, slotKeys),
    ...findingsText(findings, capabilities),
    verdict(findings, styleFor(capabilities)),
  ];
}

/**
 * redis-trib's sections only: what `create`, `add-node` and others print on the way.
 * @param slotKeys undefined where nobody asked for them
 */
export function clusterCheckText(
  view: ClusterView,
  findings: readonly Finding[],
  capabilities: Capabilities,
  slotKeys?: readonly SlotKeys[],
): readonly string[] {
  const style = styleFor(capabilities);
  const entry = view.claims.get(view.entryId);
  const address = entry ? formatAddress(entry.reachedAt) : '';
  return [
    style.heading(`Performing Cluster Check (using node ${address})`),
    ...nodeBlocks(view),
    doAllAgree(view)
      ? style.ok('All nodes agree about slots configuration.')
      : style.error("Nodes don't agree about configuration!"),
    style.heading('Check for open slots...'),
    ...openSlotLines(view, style),
    style.heading('Check slots coverage...'),
    findings.some(({ id }) => id === 'slot-uncovered' || id === 'slot-owner-down')
      ? style.error('Not all 16384 slots are covered by nodes.')
      : style.ok('All 16384 slots covered.'),
    ...(slotKeys === undefined ? [] : ownerLines(view, slotKeys, style)),
  ];
}

function ownerLines(
  view: ClusterView,
  slotKeys: readonly SlotKeys[],
  style: Style,
): readonly string[] {
  const heading = style.heading('Check for multiple slot owners...');
  const contested = slotOwners(view, slotKeys);
  if (contested.size === 0) return [heading, style.ok('No multiple owners found.')];
  return [
    heading,
    ...[...contested].flatMap(([slot, owners]) => [
      style.warning(`Slot ${slot} has ${owners.length} owners:`),
      ...owners.map(({ address }) => `    ${formatAddress(address)}`),
    ]),
  ];
}

/** Each finding: its line, the evidence, the cure. */
function findingsText(findings: readonly Finding[], capabilities: Capabilities): readonly string[] {
  const style = styleFor(capabilities);
  return findings.flatMap((finding) => findingLines(finding, style));
}

/** Columns the mark takes: counted without its colours. */
const MARK_WIDTH: Readonly<Record<Severity, number>> = {
  error: '[ERR] '.length,
  warning: '[WARNING] '.length,
  info: '[INFO] '.length,
};

function findingLines(finding: Finding, style: Style): readonly string[] {
  const { id, severity, message, evidence, cure } = finding;
  const [first = '', ...rest] = wrap(`${message} (${id})`, style.width - MARK_WIDTH[severity], {
    rest: '    ',
  });
  return [
    marked(first, severity, style),
    ...rest,
    ...evidence.flatMap((line) => wrap(line, style.width, { first: '    - ', rest: '      ' })),
    // Something to copy and paste stays in one line, however long.
    ...cure.map((line) => `    > ${line}`),
  ];
}

function openSlotLines(view: ClusterView, style: Style): readonly string[] {
  const lines: string[] = [];
  const open: number[] = [];
  for (const { address, record } of membersOf(view)) {
    for (const [state, slots] of [
      ['migrating', [...record.migrating.keys()]],
      ['importing', [...record.importing.keys()]],
    ] as const) {
      if (slots.length === 0) continue;
      open.push(...slots);
      const text = [...slots].sort((a, b) => a - b).join(',');
      lines.push(
        style.warning(`Node ${formatAddress(address)} has slots in ${state} state ${text}.`),
      );
    }
  }
  if (open.length === 0) return [];
  const all = [...slotsIn(rangesOf(open))].join(',');
  return [...lines, style.warning(`The following slots are open: ${all}.`)];
}

function verdict(findings: readonly Finding[], style: Style): string {
  const count = (severity: Severity) =>
    findings.filter((finding) => finding.severity === severity).length;
  const [errors, warnings] = [count('error'), count('warning')];
  const text = [amount(errors, 'error'), amount(warnings, 'warning')].join(', ');
  if (errors > 0) return style.error(`The cluster is not healthy: ${text}.`);
  if (warnings > 0) return style.warning(`The cluster serves, but is at risk: ${text}.`);
  return style.ok('The cluster is healthy.');
}

function marked(text: string, severity: Severity, style: Style): string {
  switch (severity) {
    case 'error':
      return style.error(text);
    case 'warning':
      return style.warning(text);
    case 'info':
      return style.info(text);
  }
}

const amount = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

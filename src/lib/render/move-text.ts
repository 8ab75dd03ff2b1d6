/** Slots on their way, as text: a bar for people at a terminal, a line per slot for logs. */
import { formatAddress } from '../cluster/address.js';
import type { ExecutionEvent } from '../execute/events.js';
import type { Moving } from '../execute/move/moving.js';

type Progress = Extract<ExecutionEvent, { kind: 'moves-progress' }>;
type SlotMoved = Extract<ExecutionEvent, { kind: 'slot-moved' }>;
type BigKey = Extract<ExecutionEvent, { kind: 'big-key' }>;
type PaceChanged = Extract<ExecutionEvent, { kind: 'pace-changed' }>;

const BAR_WIDTH = 24;

/** `[######..................] 512 of 2000 slots, 18,700 keys, 36,500 keys/s, 5.1 MB/s, 2 s left` */
export function progressBar(event: Progress, width: number): string {
  const { slotsDone, slotCount, keysDone, keyCount, bytes, elapsedMs } = event;
  const share = shareDone(event);
  const filled = Math.floor(share * BAR_WIDTH);
  const seconds = Math.max(elapsedMs, 1) / 1_000;
  const leftMs = share > 0 ? (elapsedMs / share) * (1 - share) : undefined;
  const parts = [
    `${slotsDone} of ${slotCount} slots`,
    keyCount > 0 ? `${grouped(keysDone)} keys` : '',
    keyCount > 0 ? `${grouped(Math.round(keysDone / seconds))} keys/s` : '',
    bytes > 0 ? `${megabytes(bytes / seconds)}/s` : '',
    leftMs === undefined ? '' : `${duration(leftMs)} left`,
  ].filter((part) => part !== '');
  const text = `[${'#'.repeat(filled)}${'.'.repeat(BAR_WIDTH - filled)}] ${parts.join(', ')}`;
  return text.slice(0, Math.max(0, width - 1)).trimEnd();
}

/** By keys where there are any: slots are of very different sizes. */
function shareDone({ slotsDone, slotCount, keysDone, keyCount }: Progress): number {
  const bySlots = slotCount === 0 ? 1 : slotsDone / slotCount;
  return keyCount === 0 ? bySlots : Math.min(1, (keysDone / keyCount) * 0.9 + bySlots * 0.1);
}

export function slotLine({ slot, source, target, keyCount }: SlotMoved): string {
  return `Moving slot ${slot} from ${formatAddress(source)} to ${formatAddress(target)}: ${keys(keyCount)}`;
}

export function bigKeyText({ node, slot, key, bytes }: BigKey): string {
  return `Big key at ${formatAddress(node)} in slot ${slot}: ${JSON.stringify(key)}, ${megabytes(bytes)}.`;
}

export function paceText({ node, pingMs, isSlowed }: PaceChanged): string {
  const name = formatAddress(node);
  return isSlowed
    ? `${name} answers PING after ${pingMs} ms: moving more slowly.`
    : `${name} answers PING after ${pingMs} ms again: moving on at full speed.`;
}

/** `It moves no faster than 5,000 keys/s.`; nothing where nothing holds it back. */
export function limitsText(
  { rate, guardMs }: Pick<Moving, 'rate' | 'guardMs'>,
  howToLift = '',
): readonly string[] {
  const limits = [
    ...(rate ? [`no faster than ${rateText(rate)}`] : []),
    ...(guardMs > 0 ? [`more slowly when a source takes more than ${guardMs} ms for a PING`] : []),
  ];
  return limits.length === 0 ? [] : [`It moves ${limits.join(', and ')}. ${howToLift}`.trimEnd()];
}

/** `5,000 keys/s`, `10 MB/s`, in the units of `--max-rate`. */
export function rateText({ unit, perSecond }: NonNullable<Moving['rate']>): string {
  if (unit === 'keys') return `${grouped(perSecond)} keys/s`;
  const units = ['KB', 'MB', 'GB'] as const;
  const power = Math.min(units.length, Math.max(1, Math.floor(Math.log2(perSecond) / 10)));
  return `${grouped(perSecond / 1_024 ** power)} ${units[power - 1]!}/s`;
}

/** `Moved 2000 slots with 73,242 keys in 1.4 s (52,300 keys/s).` */
export function movedText(slotCount: number, keyCount: number, elapsedMs: number): string {
  const rate = Math.round(keyCount / (Math.max(elapsedMs, 1) / 1_000));
  const speed = keyCount > 0 ? ` (${grouped(rate)} keys/s)` : '';
  const slots = `${slotCount} slot${slotCount === 1 ? '' : 's'}`;
  return `Moved ${slots} with ${keys(keyCount)} in ${duration(elapsedMs)}${speed}.`;
}

const keys = (count: number): string => `${grouped(count)} key${count === 1 ? '' : 's'}`;

const grouped = (count: number): string => count.toLocaleString('en-US');

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

function duration(ms: number): string {
  const seconds = ms / 1_000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3_600).toFixed(1)} h`;
}

/** LATENCY GRAPH: samples as bars, four rows high, with the age of each written downwards below it. */
import type { LatencySample } from '../ports/latency.js';

const COLUMNS = 80;
const ROWS = 4;
/** A third, two thirds, and all of a row. */
const LEVELS = '_o#';

export interface LatencySeries {
  readonly event: string;
  /** Oldest first; at least one. */
  readonly samples: readonly LatencySample[];
  readonly longestMs: number;
}

export function latencyGraph({ event, samples, longestMs }: LatencySeries, nowMs: number): string {
  const shown = samples.slice(-COLUMNS);
  const values = shown.map(({ latencyMs }) => latencyMs);
  const high = values.reduce((a, b) => Math.max(a, b));
  const low = values.reduce((a, b) => Math.min(a, b));
  const steps = ROWS * LEVELS.length;
  // The lowest is still a bar, so that a column is never taken for an empty one.
  const heights = values.map((value) =>
    high === low ? 1 : 1 + Math.round(((value - low) / (high - low)) * (steps - 1)),
  );
  const rows: string[] = [];
  for (let row = ROWS - 1; row >= 0; row--) {
    const below = row * LEVELS.length;
    rows.push(heights.map((height) => charOf(height - below)).join(''));
  }
  const ages = shown.map(({ atSeconds }) => ageOf(Math.max(0, nowMs / 1000 - atSeconds)));
  const depth = ages.reduce((longest, age) => Math.max(longest, age.length), 0);
  for (let at = 0; at < depth; at++) rows.push(ages.map((age) => age[at] ?? ' ').join(''));
  const title = `${event} - high ${high} ms, low ${low} ms (all time high ${longestMs} ms)`;
  return [title, '-'.repeat(COLUMNS), ...rows.map((row) => row.trimEnd()), ''].join('\n');
}

function charOf(height: number): string {
  if (height <= 0) return ' ';
  return LEVELS[Math.min(height, LEVELS.length) - 1]!;
}

function ageOf(seconds: number): string {
  if (seconds < 60) return `${Math.floor(seconds)}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

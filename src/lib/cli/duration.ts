/** Durations as people type them: `500ms`, `30s`, `2m`, `1h`; a bare number is milliseconds, as for node timeouts. */
import { TribError } from '../kernel/errors.js';

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

/** Longer waits are mistakes of a unit, and beyond 24.8 days timers of Node do not wait at all. */
const DURATION_MAX_MS = 24 * UNIT_MS.h;

/** @throws TribError USAGE */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text.trim());
  if (!match) {
    throw new TribError('USAGE', `'${text}' is no duration.`, {
      hint: 'Write 500ms, 30s, 2m or 1h; a bare number is milliseconds.',
    });
  }
  const durationMs = Number(match[1]) * UNIT_MS[(match[2] ?? 'ms') as keyof typeof UNIT_MS];
  if (durationMs >= 1 && durationMs <= DURATION_MAX_MS) return Math.round(durationMs);
  throw new TribError('USAGE', `'${text}' is too ${durationMs < 1 ? 'short' : 'long'}.`, {
    hint: 'Give 1ms to 24h.',
  });
}

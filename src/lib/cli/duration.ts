/** Durations as people type them: `500ms`, `30s`, `2m`; a bare number is milliseconds, as for node timeouts. */
import { TribError } from '../kernel/errors.js';

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000 } as const;

/** @throws TribError USAGE */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m)?$/.exec(text.trim());
  const durationMs = match
    ? Number(match[1]) * UNIT_MS[(match[2] ?? 'ms') as keyof typeof UNIT_MS]
    : 0;
  if (durationMs >= 1 && durationMs <= 86_400_000) return Math.round(durationMs);
  throw new TribError('USAGE', `'${text}' is no duration.`, {
    hint: 'Write 500ms, 30s or 2m; a bare number is milliseconds.',
  });
}

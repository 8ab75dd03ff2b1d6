/** What came of a restore. */
import { latin1ToUtf8 } from '../kernel/bytes.js';
import type { RestoreTally } from '../execute/restore/restore-keys.js';
import { styleFor, type Capabilities } from './style.js';

export interface RestoreCounts {
  /** Keys of all primaries, before and after. */
  readonly before: number;
  readonly after: number;
  /** Keys that should be there and are not. */
  readonly missing: number;
}

export function restoreText(
  tally: RestoreTally,
  { after, missing }: RestoreCounts,
  capabilities: Capabilities,
): readonly string[] {
  const style = styleFor(capabilities);
  const { restored, alreadyThere, expired, conflicts, verified, differing } = tally;
  const isWhole = conflicts === 0 && differing === 0 && missing === 0;
  const done = `${keys(restored)} restored; the cluster holds ${after}.`;
  return [
    isWhole ? style.ok(done) : style.warning(done),
    ...(alreadyThere > 0 ? [`${keys(alreadyThere)} there already, with the same value.`] : []),
    ...(expired > 0 ? [`${keys(expired)} had expired.`] : []),
    ...(verified > 0 && differing === 0
      ? [style.ok(`${keys(verified)} compared: all equal.`)]
      : []),
    ...(differing > 0 ? [style.error(`${keys(differing)} differ from what was sent:`)] : []),
    ...(conflicts > 0
      ? [style.error(`${keys(conflicts)} left out: somebody wrote under these names meanwhile:`)]
      : []),
    ...tally.named.map((key) => `    ${JSON.stringify(latin1ToUtf8(key))}`),
    ...(missing > 0 ? [style.error(`${keys(missing)} are missing afterwards.`)] : []),
  ];
}

const keys = (count: number): string => `${count} key${count === 1 ? '' : 's'}`;

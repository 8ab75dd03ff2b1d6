/** What came of an import. Keys are shown as JSON strings: they may hold anything. */
import { latin1ToUtf8 } from '../kernel/bytes.js';
import type { ImportTally, SourceKey } from '../execute/import/import-job.js';
import { styleFor, type Capabilities } from './style.js';

export function importText(
  tally: ImportTally,
  { copy }: { readonly copy: boolean },
  capabilities: Capabilities,
): readonly string[] {
  const style = styleFor(capabilities);
  const { carried, alreadyThere, gone, conflicts, remaining, verified, differing } = tally;
  const done = `${keys(carried)} ${copy ? 'copied' : 'moved'}.`;
  const isWhole = conflicts === 0 && differing === 0;
  return [
    isWhole ? style.ok(done) : style.warning(done),
    ...(alreadyThere > 0 ? [`${keys(alreadyThere)} there already, with the same value.`] : []),
    ...(gone > 0 ? [`${keys(gone)} expired or deleted meanwhile.`] : []),
    ...(verified > 0 && differing === 0
      ? [style.ok(`${keys(verified)} compared: all equal.`)]
      : []),
    ...(differing > 0
      ? [
          style.error(`${differing} of ${keys(verified)} compared differ from what was taken:`),
          ...named(tally.differingKeys, differing),
          'A client may have changed them meanwhile; --copy --replace takes them again.',
        ]
      : []),
    ...(conflicts > 0
      ? [
          style.error(
            `${keys(conflicts)} left out: the cluster has other values under these names:`,
          ),
          ...named(tally.conflictKeys, conflicts),
          'With --replace the values of the source win.',
        ]
      : []),
    ...(remaining > conflicts
      ? [
          style.warning(
            `${keys(remaining - conflicts)} at the source were written meanwhile; run it again for them.`,
          ),
        ]
      : []),
  ];
}

function named(some: readonly SourceKey[], count: number): readonly string[] {
  const lines = some.map(
    ({ key, database }) => `    ${JSON.stringify(latin1ToUtf8(key))} of DB ${database}`,
  );
  return count > some.length ? [...lines, `    and ${count - some.length} more`] : lines;
}

const keys = (count: number): string => `${count} key${count === 1 ? '' : 's'}`;

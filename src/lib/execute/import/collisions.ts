/**
 * One name in two databases: when databases become one, the second would overwrite the first, or be left
 * behind. All such names are looked for before anything is changed; the databases are asked in a row, each
 * about the keys of those before it.
 */
import { formatAddress } from '../../cluster/address.js';
import { TribError } from '../../kernel/errors.js';
import { latin1ToUtf8 } from '../../kernel/bytes.js';
import { throwIfInterrupted } from '../wait.js';
import type { ImportJob } from './import-job.js';
import { askIn, scanKeys } from './source.js';

/** So many names are told. */
const NAMED_MAX = 10;

/** @throws TribError REFUSED with the names; INTERRUPTED */
export async function refuseCollisions(job: ImportJob, signal?: AbortSignal): Promise<void> {
  const { databases } = job.plan;
  const link = job.source.links.to(job.source.address);
  const found: string[] = [];
  let count = 0;
  for (const [at, database] of databases.entries()) {
    const others = databases.slice(at + 1);
    if (others.length === 0) break;
    for await (const keys of scanKeys(link, database)) {
      throwIfInterrupted(signal, 'looking for names that stand in two databases');
      for (const other of others) {
        const replies = await askIn(
          link,
          other,
          keys.map((key) => ['EXISTS', key]),
        );
        keys.forEach((key, index) => {
          if (Number(replies[index]) !== 1) return;
          count++;
          if (found.length < NAMED_MAX) {
            found.push(
              `${JSON.stringify(latin1ToUtf8(key))} in databases ${database} and ${other}`,
            );
          }
        });
      }
    }
  }
  if (count === 0) return;
  throw new TribError(
    'REFUSED',
    `${count} name${count === 1 ? '' : 's'} of ${formatAddress(job.source.address)} stand in two databases: nothing was imported.`,
    {
      hint: [...found, 'Rename them, or take the databases one by one with --db N.'],
      details: { count },
    },
  );
}

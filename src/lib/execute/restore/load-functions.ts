/** Functions of a backup into a primary: what it has already, exactly so, is left alone. */
import { formatAddress } from '../../cluster/address.js';
import { TribError } from '../../kernel/errors.js';
import type { NodeRef } from '../../plan/plan.js';
import type { Links } from '../links.js';
import { replyWordsOf } from '../reply-words.js';

/** @param dump FUNCTION DUMP, as latin1. @throws TribError REFUSED, or as `Link.askBinary` */
export async function loadFunctions(
  dump: string,
  node: NodeRef,
  links: Links,
  replace: boolean,
): Promise<void> {
  const link = links.to(node.address);
  const [present] = await link.askBinary([['FUNCTION', 'DUMP']]);
  if (present === dump) return;
  const how = replace ? ['REPLACE'] : [];
  const [reply] = await link.askBinary([['FUNCTION', 'RESTORE', dump, ...how]]);
  if (!(reply instanceof TribError)) return;
  const where = formatAddress(node.address);
  throw new TribError(
    'REFUSED',
    `${where} does not take the functions of the backup: ${replyWordsOf(reply)}`,
    {
      hint: 'With --replace those of the backup win; --skip-functions restores the keys alone.',
      cause: reply,
      details: reply.details,
    },
  );
}

/**
 * Can these nodes read what the backup holds? Asked of the nodes themselves, with a payload of that version
 * whose time to live is over: a server checks it, says so, and keeps nothing.
 */
import { formatAddress } from '../../cluster/address.js';
import type { ClusterView } from '../../cluster/model.js';
import { membersOf, type Member } from '../../cluster/view.js';
import { TribError } from '../../kernel/errors.js';
import { CONCURRENT_NODES_MAX } from '../../kernel/limits.js';
import { slotsIn } from '../../kernel/ranges.js';
import { slotOfKey } from '../../kernel/slot.js';
import { dumpOf } from '../../wire/rdb/dump.js';
import { STRING_TYPE } from '../../wire/rdb/format.js';
import type { Links } from '../links.js';
import { mapBounded } from '../map-bounded.js';
import { replyWordsOf } from '../reply-words.js';
import type { Backup } from './read-backup.js';

/** One character, with its length before it. */
const SMALL_STRING = Buffer.from([1, 0x78]);

/** @throws TribError REFUSED naming the first node that is too old; as `Link.askBinary` */
export async function refuseTooOld(
  { needs, contents }: Backup,
  view: ClusterView,
  links: Links,
): Promise<void> {
  if (contents.keyCount === 0) return;
  const payload = dumpOf(STRING_TYPE, SMALL_STRING, needs.version);
  const owners = membersOf(view).filter(
    ({ role, slots }) => role === 'primary' && slots.length > 0,
  );
  await mapBounded(owners, CONCURRENT_NODES_MAX, async (owner) => {
    const probe = ['RESTORE', nameIn(owner), '1', payload, 'ABSTTL'];
    const [reply] = await links.to(owner.address).askBinary([probe]);
    if (!(reply instanceof TribError)) return;
    const words = replyWordsOf(reply);
    const where = formatAddress(owner.address);
    const version = owner.claim?.facts.version ?? 'of unknown version';
    if (words.includes('DUMP payload version')) {
      throw new TribError(
        'REFUSED',
        `${where} (${version}) is too old for this backup: it holds a ${needs.typeName} of RDB version ${needs.version}.`,
        {
          hint: 'Data travel from older servers to newer ones only: upgrade the cluster first. Nothing was changed.',
          cause: reply,
          details: { node: where, needs: needs.version },
        },
      );
    }
    if (/syntax error/i.test(words)) {
      throw new TribError('REFUSED', `${where} (${version}) does not know RESTORE with ABSTTL.`, {
        hint: 'Servers before 5.0 cannot be restored to. Nothing was changed.',
        cause: reply,
      });
    }
    throw reply;
  });
}

/** A name nobody uses, in a slot of this node. */
function nameIn({ slots }: Member): string {
  const own = new Set(slotsIn(slots));
  for (let number = 0; ; number++) {
    const name = `trib:restore:probe:${number}`;
    if (own.has(slotOfKey(name))) return name;
  }
}

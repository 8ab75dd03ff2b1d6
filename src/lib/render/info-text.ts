/** `info`: keys, slots and replicas per primary in redis-trib's lines, then every member in a table. */
import { formatAddress } from '../cluster/address.js';
import type { ClusterView } from '../cluster/model.js';
import { isDown } from '../cluster/view.js';
import { countKeys } from '../cluster/facts.js';
import { shortId } from '../kernel/node-id.js';
import { countSlots } from '../kernel/ranges.js';
import { SLOT_COUNT } from '../kernel/slot.js';
import { inReadingOrder } from './reading-order.js';
import { styleFor, type Capabilities } from './style.js';
import { membersText } from './table-text.js';

export function infoText(view: ClusterView, capabilities: Capabilities): readonly string[] {
  const style = styleFor(capabilities);
  const members = inReadingOrder(view);
  const primaries = members.filter(({ role, claim }) => role === 'primary' && claim);
  let total = 0;
  const lines = primaries.map(({ id, address, slots, claim }) => {
    const keys = claim ? countKeys(claim.facts) : 0;
    total += keys;
    const replicas = members.filter((member) => member.primaryId === id && !isDown(member)).length;
    return `${formatAddress(address)} (${shortId(id)}...) -> ${keys} keys | ${countSlots(slots)} slots | ${replicas} slaves.`;
  });
  return [
    ...lines,
    style.ok(`${total} keys in ${primaries.length} masters.`),
    `${(total / SLOT_COUNT).toFixed(2)} keys per slot on average.`,
    '',
    ...membersText(view, capabilities),
  ];
}

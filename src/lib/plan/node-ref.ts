/** References to nodes inside plans. */
import { isSameAddress } from '../cluster/address.js';
import type { Claim } from '../cluster/model.js';
import type { Member } from '../cluster/view.js';
import type { NodeRef } from './plan.js';

/** A node that stands alone: its own bus port counts, its address is the one it was reached at. */
export function refOf(claim: Claim): NodeRef {
  const { host, port } = claim.reachedAt;
  const { busPort } = claim.self;
  return { id: claim.self.id, address: busPort === 0 ? { host, port } : { host, port, busPort } };
}

/** A member: reached here, announced there. */
export function refOfMember({ id, address, announced, record }: Member): NodeRef {
  const reached =
    record.busPort === 0 || address.busPort !== undefined
      ? address
      : { ...address, busPort: record.busPort };
  return announced === undefined || isSameAddress(announced, address)
    ? { id, address: reached }
    : { id, address: reached, announced };
}

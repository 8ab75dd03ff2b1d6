/** A primary that nobody follows. */
import type { ReplicationWing } from '../ports/wings.js';

export const STANDALONE: ReplicationWing = {
  role: 'primary',
  offset: 0,
  primaryAddress: undefined,
  isLinkUp: false,
  lastPrimaryIoMs: undefined,
  linkDownSinceMs: undefined,
  follow: () => undefined,
  promote: () => undefined,
  propagate: () => undefined,
  countGoodReplicas: () => 0,
  infoLines: () => ['role:master', 'connected_slaves:0'],
};

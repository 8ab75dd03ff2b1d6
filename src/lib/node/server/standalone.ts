/** A primary that nobody follows: what stands in the wings until a replication wing takes its place. */
import type { ReplicaService } from '../ports/replication.js';
import type { ReplicationWing } from '../ports/wings.js';

const REFUSAL = 'ERR replication is not available on this node';

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
  infoLines: () => ['role:master', 'connected_slaves:0', 'master_failover_state:no-failover'],
};

export const NO_REPLICAS: ReplicaService = {
  sync: (_request, { reply }) => reply.error(REFUSAL),
  replconf: (_argv, { reply }) => reply.error(REFUSAL),
  role: (reply) => {
    reply.array(3);
    reply.bulk('master');
    reply.integer(0);
    reply.array(0);
  },
  wait: (_request, { reply }) => reply.integer(0),
  failover: (_request, { reply }) => reply.error(REFUSAL),
};

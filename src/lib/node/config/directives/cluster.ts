/** The directives of cluster mode: membership, failure and failover, and what is told to others. */
import {
  choice,
  type Directive,
  integer,
  LONG_MAX,
  memory,
  text,
  UNSIGNED_LONG_MAX,
  yesNo,
} from '../directive.js';
import { checkHostname } from './checks.js';

const PORT = { max: 65535 } as const;

export const CLUSTER_DIRECTIVES: readonly Directive[] = [
  yesNo('cluster-enabled', 'no', ['effective', 'Whether this is a node of a cluster.'], {
    immutable: true,
  }),
  text('cluster-config-file', 'nodes.conf', ['effective', 'What the node knows of its cluster.'], {
    immutable: true,
  }),
  integer('cluster-node-timeout', 15000, ['effective', 'Milliseconds until a silent node fails.'], {
    max: LONG_MAX,
  }),
  integer('cluster-port', 0, ['effective', 'The bus port; 0 is port + 10000.'], {
    ...PORT,
    immutable: true,
  }),
  text('cluster-announce-ip', '', ['effective', 'The address told to others.']),
  text('cluster-announce-hostname', '', ['effective', 'The host name told to others.'], {
    check: checkHostname,
  }),
  integer('cluster-announce-port', 0, ['effective', 'The client port told to others.'], PORT),
  integer('cluster-announce-tls-port', 0, ['effective', '0 is tls-port.'], PORT),
  integer('cluster-announce-bus-port', 0, ['effective', 'The bus port told to others.'], PORT),
  choice('cluster-preferred-endpoint-type', ['ip', 'hostname', 'unknown-endpoint'], 'ip', [
    'effective',
    'How redirects and CLUSTER SLOTS name nodes.',
  ]),
  integer('cluster-replica-validity-factor', 10, ['effective', 'How stale a candidate may be.'], {
    alias: 'cluster-slave-validity-factor',
  }),
  yesNo('cluster-replica-no-failover', 'no', ['effective', 'Never become a primary by itself.'], {
    alias: 'cluster-slave-no-failover',
  }),
  integer('cluster-migration-barrier', 1, [
    'effective',
    'Replicas a primary keeps when one leaves.',
  ]),
  yesNo('cluster-allow-replica-migration', 'yes', [
    'effective',
    'Replicas move to orphaned primaries.',
  ]),
  yesNo('cluster-require-full-coverage', 'yes', ['effective', 'One lost slot stops them all.']),
  yesNo('cluster-allow-reads-when-down', 'no', ['effective', 'Reads go on in a failed cluster.']),
  yesNo('cluster-allow-pubsubshard-when-down', 'yes', ['effective', 'Shard channels likewise.']),
  memory(
    'cluster-link-sendbuf-limit',
    0,
    ['effective', 'Bytes queued on a bus link; 0 is no bound.'],
    {
      max: UNSIGNED_LONG_MAX,
    },
  ),
  integer('databases', 16, ['effective', 'Always 1 in cluster mode.'], { min: 1, immutable: true }),
];

/** Following a primary, and being followed. */
import {
  choice,
  type Directive,
  integer,
  LONG_MAX,
  memory,
  text,
  words,
  yesNo,
} from '../directive.js';
import { replicaOfKind } from './words.js';

export const REPLICATION_DIRECTIVES: readonly Directive[] = [
  words('replicaof', '', replicaOfKind, ['effective', 'The primary to follow; not in a cluster.'], {
    alias: 'slaveof',
    immutable: true,
  }),
  text('masterauth', '', ['effective', 'The password sent to a primary.']),
  text('masteruser', '', ['effective', 'The user sent to a primary with it.']),
  yesNo(
    'replica-serve-stale-data',
    'yes',
    ['effective', 'Whether to answer while the link is down.'],
    {
      alias: 'slave-serve-stale-data',
    },
  ),
  yesNo('replica-read-only', 'yes', ['effective', 'Whether a replica refuses writes.'], {
    alias: 'slave-read-only',
  }),
  yesNo('replica-lazy-flush', 'no', ['accepted', 'The collector frees memory in the background.'], {
    alias: 'slave-lazy-flush',
  }),
  yesNo('replica-ignore-maxmemory', 'yes', ['effective', 'Leave eviction to the primary.'], {
    alias: 'slave-ignore-maxmemory',
  }),
  yesNo('replica-ignore-disk-write-errors', 'no', [
    'effective',
    'No: a replica that cannot write to its disk ends.',
  ]),
  choice('propagation-error-behavior', ['ignore', 'panic', 'panic-on-replicas'], 'ignore', [
    'effective',
    'Whether a command of the stream that cannot be applied ends the node, or only the link, loudly.',
  ]),
  integer('replica-priority', 100, ['effective', 'Shown to those who choose a new primary.'], {
    alias: 'slave-priority',
  }),
  yesNo('replica-announced', 'yes', ['effective', 'Shown in INFO replication.']),
  text('replica-announce-ip', '', ['effective', 'The address told to the primary.'], {
    alias: 'slave-announce-ip',
  }),
  integer('replica-announce-port', 0, ['effective', 'The port told to the primary.'], {
    alias: 'slave-announce-port',
    max: 65535,
  }),
  integer('min-replicas-to-write', 0, ['effective', 'Fewer good replicas stop writes.'], {
    alias: 'min-slaves-to-write',
  }),
  integer('min-replicas-max-lag', 10, ['effective', 'Seconds within which a replica is good.'], {
    alias: 'min-slaves-max-lag',
  }),
  yesNo('repl-diskless-sync', 'yes', [
    'effective',
    'Snapshots go straight to the sockets, not by way of a file.',
  ]),
  integer('repl-diskless-sync-delay', 5, [
    'effective',
    'Seconds that such a snapshot waits for more replicas.',
  ]),
  integer('repl-diskless-sync-max-replicas', 0, [
    'effective',
    'So many replicas need not wait for more.',
  ]),
  choice('repl-diskless-load', ['disabled', 'on-empty-db', 'swapdb'], 'disabled', [
    'effective',
    'Whether a snapshot is read as it comes or put into a file first; whole, it replaces the data.',
  ]),
  yesNo('repl-disable-tcp-nodelay', 'no', ['accepted', 'Small packets are never held back.']),
  integer('repl-ping-replica-period', 10, ['effective', 'Seconds between pings to replicas.'], {
    alias: 'repl-ping-slave-period',
    min: 1,
  }),
  integer('repl-timeout', 60, ['effective', 'Seconds of silence that break a replication link.'], {
    min: 1,
  }),
  memory('repl-backlog-size', 1_048_576, ['effective', 'Bytes kept for replicas that come back.'], {
    min: 1,
  }),
  integer('repl-backlog-ttl', 3600, ['effective', 'Seconds without replicas until it is freed.'], {
    max: LONG_MAX,
  }),
];

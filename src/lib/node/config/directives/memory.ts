/** Memory, eviction, and how redis-server lays values out; buffers of clients. */
import {
  choice,
  type Directive,
  integer,
  LONG_MAX,
  memory,
  UNSIGNED_LONG_MAX,
  words,
  yesNo,
} from '../directive.js';
import { bufferLimitsKind, keyspaceEventsKind } from './words.js';

const EVICTION = ['effective', 'Which keys go when the data weigh more than maxmemory.'] as const;
const TOLD_LAYOUT = [
  'effective',
  'Decides what OBJECT ENCODING says; the memory is laid out by JavaScript.',
] as const;
const NO_LAYOUT = ['accepted', 'Values are laid out by JavaScript.'] as const;
const NO_DEFRAG = ['accepted', 'V8 moves objects by itself.'] as const;
const NO_LAZY = ['accepted', 'The collector frees memory in the background anyway.'] as const;
const TOLD_LAZILY = [
  'effective',
  'Replicas are told UNLINK instead of DEL; here the collector frees memory anyway.',
] as const;
const NO_SCRIPTS = ['accepted', 'Scripting is not served.'] as const;
const MEGABYTE = 1_048_576;

export const MEMORY_DIRECTIVES: readonly Directive[] = [
  memory('maxmemory', 0, ['effective', 'Bytes the data may weigh, by account; 0 is no bound.'], {
    max: UNSIGNED_LONG_MAX,
  }),
  choice(
    'maxmemory-policy',
    [
      'volatile-lru',
      'volatile-lfu',
      'volatile-random',
      'volatile-ttl',
      'allkeys-lru',
      'allkeys-lfu',
      'allkeys-random',
      'noeviction',
    ],
    'noeviction',
    EVICTION,
  ),
  integer('maxmemory-samples', 5, EVICTION, { min: 1 }),
  integer('maxmemory-eviction-tenacity', 10, EVICTION, { max: 100 }),
  memory('maxmemory-clients', 0, ['accepted', 'Clients are bounded one by one, not together.'], {
    max: UNSIGNED_LONG_MAX,
    percent: true,
  }),
  integer('lfu-log-factor', 10, EVICTION),
  integer('lfu-decay-time', 1, EVICTION),
  integer('active-expire-effort', 1, ['accepted', 'Keys expire when they are due.'], {
    min: 1,
    max: 10,
  }),
  yesNo('lazyfree-lazy-eviction', 'no', TOLD_LAZILY),
  yesNo('lazyfree-lazy-expire', 'no', TOLD_LAZILY),
  yesNo('lazyfree-lazy-server-del', 'no', TOLD_LAZILY),
  yesNo('lazyfree-lazy-user-del', 'no', TOLD_LAZILY),
  yesNo('lazyfree-lazy-user-flush', 'no', NO_LAZY),
  yesNo('activedefrag', 'no', NO_DEFRAG),
  integer('active-defrag-cycle-min', 1, NO_DEFRAG, { min: 1, max: 99 }),
  integer('active-defrag-cycle-max', 25, NO_DEFRAG, { min: 1, max: 99 }),
  integer('active-defrag-threshold-lower', 10, NO_DEFRAG, { max: 1000 }),
  integer('active-defrag-threshold-upper', 100, NO_DEFRAG, { max: 1000 }),
  integer('active-defrag-max-scan-fields', 1000, NO_DEFRAG, { min: 1, max: LONG_MAX }),
  memory('active-defrag-ignore-bytes', 100 * MEGABYTE, NO_DEFRAG, { min: 1 }),
  integer('hash-max-listpack-entries', 512, TOLD_LAYOUT, {
    alias: 'hash-max-ziplist-entries',
    max: LONG_MAX,
  }),
  memory('hash-max-listpack-value', 64, TOLD_LAYOUT, { alias: 'hash-max-ziplist-value' }),
  integer('set-max-intset-entries', 512, TOLD_LAYOUT, { max: LONG_MAX }),
  integer('zset-max-listpack-entries', 128, TOLD_LAYOUT, {
    alias: 'zset-max-ziplist-entries',
    max: LONG_MAX,
  }),
  memory('zset-max-listpack-value', 64, TOLD_LAYOUT, { alias: 'zset-max-ziplist-value' }),
  integer('list-max-listpack-size', -2, NO_LAYOUT, {
    alias: 'list-max-ziplist-size',
    min: -(2n ** 31n),
  }),
  integer('list-compress-depth', 0, NO_LAYOUT),
  memory('hll-sparse-max-bytes', 3000, NO_LAYOUT),
  memory('stream-node-max-bytes', 4096, NO_LAYOUT),
  integer('stream-node-max-entries', 100, NO_LAYOUT, { max: LONG_MAX }),
  memory(
    'client-query-buffer-limit',
    1024 * MEGABYTE,
    ['effective', 'A client that sends more without ending a command is closed.'],
    { min: MEGABYTE },
  ),
  words(
    'client-output-buffer-limit',
    'normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60',
    bufferLimitsKind,
    ['effective', 'A client that does not read its replies is closed.'],
  ),
  memory('proto-max-bulk-len', 512 * MEGABYTE, ['effective', 'The longest argument taken.'], {
    min: MEGABYTE,
  }),
  integer('tracking-table-max-keys', 1_000_000, ['accepted', 'CLIENT TRACKING is not served.'], {
    max: LONG_MAX,
  }),
  words('notify-keyspace-events', '', keyspaceEventsKind, [
    'effective',
    'The classes of events that are published, and where.',
  ]),
  integer('busy-reply-threshold', 5000, NO_SCRIPTS, { alias: 'lua-time-limit', max: LONG_MAX }),
  yesNo('lua-enable-deprecated-api', 'no', NO_SCRIPTS, { immutable: true, hidden: true }),
];

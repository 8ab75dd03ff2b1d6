/**
 * What redis-server 7.0 does not know: whom the node plays, and the directives of the servers it can play.
 * To any other persona they are as unknown as a misspelt name.
 */
import { PERSONA_NAMES } from '../../ports/persona.js';
import { choice, type Directive, integer, LONG_MAX, memory, text, yesNo } from '../directive.js';

const VALKEY = { personas: ['valkey-9'] } as const;
const REDIS = { personas: ['redis-8.4'] } as const;

export const PERSONA_DIRECTIVES: readonly Directive[] = [
  choice(
    'persona',
    PERSONA_NAMES,
    'redis-7.0',
    ['effective', 'Whose version, commands and directives the node has.'],
    { immutable: true, hidden: true },
  ),
  yesNo(
    'cluster-slot-stats-enabled',
    'no',
    ['effective', 'CLUSTER SLOT-STATS tells processor time and traffic as well.'],
    { personas: ['redis-8.4', 'valkey-9'] },
  ),
  integer('cluster-databases', 1, ['effective', 'How many databases a cluster node has.'], {
    ...VALKEY,
    min: 1,
    immutable: true,
  }),
  text('availability-zone', '', ['effective', 'Told in INFO and HELLO.'], VALKEY),
  integer(
    'cluster-slot-migration-log-max-len',
    1000,
    ['effective', 'Entries of CLUSTER GETSLOTMIGRATIONS that are kept.'],
    VALKEY,
  ),
  integer(
    'slot-migration-max-failover-repl-bytes',
    0,
    ['effective', 'Writes are held when no more than this is left to send; -1 does not look.'],
    { ...VALKEY, min: -1, max: LONG_MAX },
  ),
  memory(
    'cluster-slot-migration-handoff-max-lag-bytes',
    1024 * 1024,
    ['effective', 'Writes are held when no more than this is left to send.'],
    REDIS,
  ),
  integer(
    'cluster-slot-migration-write-pause-timeout',
    10_000,
    ['effective', 'How many milliseconds the source holds writes for the destination.'],
    REDIS,
  ),
  integer(
    'cluster-slot-migration-max-archived-tasks',
    32,
    ['effective', 'Finished tasks that CLUSTER MIGRATION STATUS ALL lists.'],
    { ...REDIS, hidden: true, min: 1 },
  ),
];

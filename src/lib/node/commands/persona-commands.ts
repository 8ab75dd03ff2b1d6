/** Subcommands of CLUSTER that some personas have beyond those of redis-server 7.0. */
import type { Persona, PersonaName } from '../ports/persona.js';
import { cluster, syncSlots } from './cluster-operations.js';
import { setSlot } from './set-slot.js';
import { family, type SpecFacts } from './spec.js';
import type { StoreCommandSpec } from './store-call.js';

const clusterCommand = family('cluster');

const subcommand = (name: string, facts: SpecFacts): StoreCommandSpec =>
  clusterCommand(name, facts, cluster);

const ADMIN = { flags: 'admin stale no_async_loading', acl: 'admin slow dangerous' } as const;

/** Between nodes that move slots; the words are our own. */
const SYNCSLOTS = clusterCommand(
  'syncslots',
  {
    arity: -3,
    flags: 'admin stale no_async_loading',
    acl: 'admin slow dangerous',
    since: '9.0.0',
    summary: 'What two nodes say to each other while slots move.',
  },
  syncSlots,
);

const slotStats = (since: string): StoreCommandSpec =>
  subcommand('slot-stats', {
    arity: -4,
    flags: 'loading stale',
    acl: 'slow',
    since,
    summary: 'What the slots of this shard hold and cost.',
    tips: ['nondeterministic_output', 'request_policy:all_shards'],
  });

const VALKEY_9: readonly StoreCommandSpec[] = [
  slotStats('8.0.0'),
  subcommand('migrateslots', {
    ...ADMIN,
    arity: -4,
    since: '9.0.0',
    summary: 'Begins to move slots of this node to others.',
  }),
  subcommand('getslotmigrations', {
    ...ADMIN,
    arity: 2,
    since: '9.0.0',
    summary: 'Moves of slots that are under way, and how the last ones ended.',
  }),
  subcommand('cancelslotmigrations', {
    ...ADMIN,
    arity: 2,
    since: '9.0.0',
    summary: 'Breaks off every move of slots away from this node.',
  }),
  SYNCSLOTS,
];

const REDIS_8_4: readonly StoreCommandSpec[] = [
  slotStats('8.2.0'),
  subcommand('migration', {
    ...ADMIN,
    arity: -4,
    since: '8.4.0',
    summary: 'Begins to take slots from another node, tells how that goes, breaks it off.',
  }),
  { ...SYNCSLOTS, since: '8.4.0' },
];

export const PERSONA_COMMANDS: Readonly<Record<PersonaName, readonly StoreCommandSpec[]>> = {
  'redis-7.0': [],
  'redis-8.4': REDIS_8_4,
  'valkey-9': VALKEY_9,
};

/** The tables as the persona has them. */
export function commandsOf(
  { name }: Persona,
  commands: readonly StoreCommandSpec[],
): readonly StoreCommandSpec[] {
  const extra = PERSONA_COMMANDS[name];
  if (extra.length === 0) return commands;
  return commands.map((spec) => {
    if (spec.name !== 'cluster') return spec;
    const subcommands = spec.subcommands?.map((one) => asIn(name, one)) ?? [];
    return { ...spec, subcommands: [...subcommands, ...extra] };
  });
}

/** Where SETSLOT travels to replicas, a pause of writes holds it as well. */
function asIn(name: PersonaName, spec: StoreCommandSpec): StoreCommandSpec {
  if (name !== 'valkey-9' || spec.name !== 'setslot') return spec;
  return { ...spec, flags: [...spec.flags, 'may_replicate'], run: setSlot };
}

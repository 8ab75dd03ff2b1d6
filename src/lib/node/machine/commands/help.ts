/** CLUSTER HELP: every subcommand's form, and below it what it does. */
import type { PersonaName } from '../../ports/persona.js';
import type { ClusterCall } from './context.js';

type Entry = readonly [form: string, ...meaning: string[]];

const ENTRIES: readonly Entry[] = [
  ['ADDSLOTS <slot> [<slot> ...]', 'Take unassigned slots for this node.'],
  ['ADDSLOTSRANGE <start> <end> [<start> <end> ...]', 'The same with ranges, ends included.'],
  ['BUMPEPOCH', "Raise this node's config epoch, unless it is the highest already."],
  ['COUNT-FAILURE-REPORTS <node-id>', 'How many primaries report the node as failing.'],
  ['COUNTKEYSINSLOT <slot>', 'How many keys this node holds in the slot.'],
  ['DELSLOTS <slot> [<slot> ...]', 'Forget who owns the slots, on this node only.'],
  ['DELSLOTSRANGE <start> <end> [<start> <end> ...]', 'The same with ranges, ends included.'],
  [
    'FAILOVER [FORCE|TAKEOVER]',
    "Take the primary's place: in agreement with it; with votes",
    'only; or without asking anybody.',
  ],
  ['FLUSHSLOTS', 'Give up all slots of this node, which must hold no key.'],
  ['FORGET <node-id>', 'Drop a node, and do not take it back from gossip for a minute.'],
  ['GETKEYSINSLOT <slot> <count>', 'Names of keys this node holds in the slot.'],
  ['INFO', 'The state of the cluster as this node sees it.'],
  ['KEYSLOT <key>', 'The slot of a key.'],
  ['LINKS', 'The bus connections of this node.'],
  ['MEET <ip> <port> [<bus-port>]', 'Join the cluster of the node at that address.'],
  ['MYID', "This node's id."],
  ['NODES', 'A line for each known node.'],
  ['REPLICAS <node-id>', 'A line for each replica of a primary.'],
  ['REPLICATE <node-id>', 'Become a replica of that primary.'],
  ['RESET [HARD|SOFT]', 'Leave the cluster; HARD also takes a new id and epoch 0.'],
  ['SAVECONFIG', 'Write the cluster config file now.'],
  ['SET-CONFIG-EPOCH <epoch>', 'Give a node that is alone its first config epoch.'],
  [
    'SETSLOT <slot> (IMPORTING <id>|MIGRATING <id>|NODE <id>|STABLE)',
    'Open a slot for a migration, assign it, or close it again.',
  ],
  ['SHARDS', 'Slots and nodes, shard by shard.'],
  ['SLOTS', 'Ranges of slots with the nodes that serve them.'],
  ['HELP', 'This text.'],
];

const BY_PERSONA: Readonly<Record<PersonaName, readonly Entry[]>> = {
  'redis-7.0': [],
  'redis-8.4': [
    [
      'MIGRATION IMPORT <start> <end> [<start> <end> ...]',
      'Take slots from the node that owns them; replies with the id of the task.',
    ],
    ['MIGRATION STATUS (ID <task-id>|ALL)', 'How tasks stand, on either side.'],
    ['MIGRATION CANCEL (ID <task-id>|ALL)', 'End tasks; replies with their number.'],
    [
      'SLOT-STATS (SLOTSRANGE <start> <end>|ORDERBY <metric> [LIMIT <n>] [ASC|DESC])',
      'What slots of this shard hold and cost.',
    ],
  ],
  'valkey-9': [
    [
      'MIGRATESLOTS SLOTSRANGE <start> <end> [<start> <end> ...] NODE <node-id> [SLOTSRANGE ...]',
      'Give slots of this node to others; returns when that has begun.',
    ],
    ['GETSLOTMIGRATIONS', 'How moves of slots stand, the newest first.'],
    ['CANCELSLOTMIGRATIONS', 'End every move of slots away from this node.'],
    [
      'SLOT-STATS (SLOTSRANGE <start> <end>|ORDERBY <metric> [LIMIT <n>] [ASC|DESC])',
      'What slots of this shard hold and cost.',
    ],
  ],
};

export function help({ state, reply }: ClusterCall): void {
  const lines = [
    'CLUSTER <subcommand> [<arg> [value] [opt] ...]. Subcommands are:',
    ...[
      ...ENTRIES.slice(0, -1),
      ...BY_PERSONA[state.settings.persona],
      ...ENTRIES.slice(-1),
    ].flatMap(([form, ...meaning]) => [form, ...meaning.map((line) => `    ${line}`)]),
  ];
  reply.array(lines.length);
  for (const line of lines) reply.status(line);
}

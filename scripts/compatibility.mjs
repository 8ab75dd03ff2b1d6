/** The embedded node's tables of commands, read from their sources, and the page made of them. */

export async function readCommands() {
  const { register } = await import('tsx/esm/api');
  const unregister = register();
  try {
    const node = '../src/lib/node';
    const { ALL_COMMANDS } = await import(`${node}/server/all-commands.ts`);
    const { PERSONA_COMMANDS } = await import(`${node}/commands/persona-commands.ts`);
    const { NOT_SERVED } = await import(`${node}/commands/not-served.ts`);
    return { served: ALL_COMMANDS, particular: PERSONA_COMMANDS, notServed: NOT_SERVED };
  } finally {
    await unregister();
  }
}

const TITLES = {
  string: 'Strings',
  bitmap: 'Bits',
  list: 'Lists',
  set: 'Sets',
  hash: 'Hashes',
  'sorted-set': 'Sorted sets',
  generic: 'Keys of any type',
  transactions: 'Transactions',
  pubsub: 'Publish and subscribe',
  connection: 'Connections',
  server: 'The server',
  cluster: 'Cluster',
  scripting: 'Scripting',
};

export function compatibilityPage({ served, particular, notServed }) {
  const groups = new Map();
  for (const command of served) {
    const members = groups.get(command.group) ?? [];
    groups.set(command.group, [...members, command]);
  }
  const order = Object.keys(TITLES).filter((group) => groups.has(group));
  const others = [...groups.keys()].filter((group) => !order.includes(group));
  const rows = served.flatMap(namesOf);
  const refused = rows.filter(([, summary]) => summary.startsWith('Refused'));
  return [
    '# Commands the embedded node serves',
    '',
    'Made from its own command tables by `npm run docs`. Arity, flags, key positions, ACL categories and tips of',
    'each are compared with COMMAND of redis-server 7.0.15 by the tests, and so is the list: whatever that server',
    'knows stands on this page, served, refused or not served. How served commands answer is compared with the',
    'same server over generated sequences, in RESP2 and RESP3; [where the node differs on purpose](differences.md)',
    'is a page of its own.',
    '',
    `${rows.length - refused.length} commands and subcommands are served, ${refused.length} are there to say no`,
    `(*refused*), ${notServed.length} are [not served](#not-served).`,
    '',
    ...[...order, ...others].flatMap((group) => section(group, groups.get(group))),
    ...personas(particular),
    '## Not served',
    '',
    'They answer an error that says so. Met in the stream or in the RDB of a primary they end the link with a line',
    'in the log that names them: nothing is skipped in silence.',
    '',
    '| command | why |',
    '| --- | --- |',
    ...notServed.map(({ name, what }) => `| \`${words(name)}\` | no ${what} |`),
    '',
  ].join('\n');
}

function personas(particular) {
  const rows = Object.entries(particular).flatMap(([persona, commands]) =>
    commands.map(({ name, since, summary }) => {
      return `| \`CLUSTER ${name.toUpperCase()}\` | ${persona} | ${since} | ${summary} |`;
    }),
  );
  return [
    '## Personas',
    '',
    'A node plays redis-server 7.0.15 unless its `persona` says otherwise: `trib node --persona valkey-9`, the same',
    'line in its config file, `trib lab up --persona`, or `persona` in [trib/testing](testing.md). Version numbers in',
    'INFO and HELLO, COMMAND with its subcommands, and [directives](directives.md#of-personas) change together. The',
    'cluster bus, replication and the files are those of 7.0 in every persona, so all nodes of one cluster should play',
    'the same. What is said here of Redis 8.4 and of Valkey 9 was built from their documentation and has not been',
    'run against either server yet.',
    '',
    '| command | persona | since | |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
    'Slots move whole: a picture of their keys, then what is written meanwhile, then a pause of writes to these slots in',
    'which the target takes over with a new epoch. Until then its keys are not seen there, and clients hear MOVED, never',
    'ASK. The two nodes talk over the client port and in words of their own, so both must be embedded nodes of one',
    'persona; the one that connects says `masteruser` and `masterauth`.',
    '',
  ];
}

function section(group, commands) {
  const title = TITLES[group] ?? group;
  return [
    `## ${title}`,
    '',
    '| command | since | |',
    '| --- | --- | --- |',
    ...commands.flatMap(namesOf).map(([name, summary, since]) => {
      const text = summary.startsWith('Refused')
        ? summary.replace('Refused', '*Refused*')
        : summary;
      return `| \`${words(name)}\` | ${since} | ${text.replaceAll('|', '\\|')} |`;
    }),
    '',
  ];
}

/** A command with subcommands is a name for these. */
function namesOf({ name, summary, since, subcommands }) {
  if (subcommands === undefined) return [[name, summary, since]];
  return subcommands.map((sub) => [`${name}|${sub.name}`, sub.summary, sub.since]);
}

const words = (name) => name.toUpperCase().replace('|', ' ');

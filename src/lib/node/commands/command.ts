/** COMMAND: what this node serves, told from the very tables that serve it. */
import { compileGlob } from '../../kernel/glob.js';
import type { CommandShape } from '../ports/command-shape.js';
import { SYNTAX_ERROR } from './arguments.js';
import { fullName, writeDocs, writeInfo } from './command-reply.js';
import { helpCommand } from './help.js';
import { accessTo } from './key-specs.js';
import { family } from './spec.js';
import type { StoreCall, StoreCommandSpec } from './store-call.js';

const server = family('server');
const OPEN = { flags: 'loading stale', acl: 'slow connection' } as const;
const UNORDERED = ['nondeterministic_output_order'];

function all({ reply, wings }: StoreCall): void {
  const shapes = wings.host.commands();
  reply.array(shapes.length);
  for (const shape of shapes) writeInfo(reply, shape);
}

function count({ reply, wings }: StoreCall): void {
  reply.integer(wings.host.commands().length);
}

interface Found {
  readonly shape: CommandShape;
  readonly parent: string | undefined;
}

/** By `get` or `config|get`, in any case. */
function find(shapes: readonly CommandShape[], name: string): Found | undefined {
  const [first, second, ...more] = name.toLowerCase().split('|');
  const shape = shapes.find((one) => one.name === first);
  if (second === undefined || shape === undefined) return shape && { shape, parent: undefined };
  const subcommand = shape.subcommands?.find((one) => one.name === second);
  return subcommand && more.length === 0 ? { shape: subcommand, parent: shape.name } : undefined;
}

function info(call: StoreCall): void {
  const { argv, reply, wings } = call;
  if (argv.length === 2) {
    all(call);
    return;
  }
  reply.array(argv.length - 2);
  for (const name of argv.slice(2)) {
    const found = find(wings.host.commands(), name);
    if (found === undefined) reply.null();
    else writeInfo(reply, found.shape, found.parent);
  }
}

function docs({ argv, reply, wings }: StoreCall): void {
  const shapes = wings.host.commands();
  const found =
    argv.length === 2
      ? shapes.map((shape) => ({ shape, parent: undefined }))
      : argv.slice(2).flatMap((name) => find(shapes, name) ?? []);
  reply.map(found.length);
  for (const { shape, parent } of found) writeDocs(reply, shape, parent);
}

function list({ argv, reply, wings }: StoreCall): void {
  const names = wings.host
    .commands()
    .flatMap((shape) => [
      { name: shape.name, shape },
      ...(shape.subcommands ?? []).map((sub) => ({ name: fullName(sub, shape.name), shape: sub })),
    ]);
  const [filterBy, kind, wanted = '', ...more] = argv.slice(2).map((word) => word.toLowerCase());
  if (filterBy === undefined) {
    const top = names.filter(({ name }) => !name.includes('|'));
    reply.array(top.length);
    for (const { name } of top) reply.bulk(name);
    return;
  }
  const matches = compileGlob(wanted);
  const filters: Record<string, (one: (typeof names)[number]) => boolean> = {
    module: () => false,
    aclcat: ({ shape }) => shape.categories.includes(`@${wanted}`),
    pattern: ({ name }) => matches(name),
  };
  const filter = argv.length === 5 && more.length === 0 ? filters[kind ?? ''] : undefined;
  if (filterBy !== 'filterby' || filter === undefined) {
    reply.error(SYNTAX_ERROR);
    return;
  }
  const found = names.filter(filter);
  reply.array(found.length);
  for (const { name } of found) reply.bulk(name);
}

interface FoundKeys {
  readonly fullName: string;
  readonly words: readonly string[];
  readonly indexes: readonly number[];
}

/** The keys of the command in argv from its third word on, or why there are none. */
function keysIn({ argv, wings }: StoreCall): FoundKeys | string {
  const words = argv.slice(2);
  const shapes = wings.host.commands();
  const container = find(shapes, words[0]!)?.shape;
  const shape =
    container?.subcommands === undefined || words[1] === undefined
      ? container
      : (container.subcommands.find((one) => one.name === words[1]?.toLowerCase()) ?? container);
  if (shape === undefined) return 'ERR Invalid command specified';
  if (shape.firstKey === 0 && shape.keyIndexes === undefined) {
    return 'ERR The command has no key arguments';
  }
  const fits = shape.arity > 0 ? words.length === shape.arity : words.length >= -shape.arity;
  if (!fits) return 'ERR Invalid number of arguments specified for command';
  const indexes = indexesOf(shape, words);
  if (indexes.length === 0) return 'ERR Invalid arguments specified for command';
  const parent = shape === container ? undefined : container!.name;
  return { fullName: fullName(shape, parent), words, indexes };
}

function indexesOf(shape: CommandShape, words: readonly string[]): readonly number[] {
  if (shape.keyIndexes !== undefined) return shape.keyIndexes(words);
  const indexes: number[] = [];
  const last = shape.lastKey < 0 ? words.length + shape.lastKey : shape.lastKey;
  for (let at = shape.firstKey; at <= last; at += shape.keyStep) indexes.push(at);
  return indexes;
}

function getKeys(call: StoreCall): void {
  const found = keysIn(call);
  if (typeof found === 'string') {
    call.reply.error(found);
    return;
  }
  call.reply.array(found.indexes.length);
  for (const index of found.indexes) call.reply.bulk(found.words[index]!);
}

function getKeysAndFlags(call: StoreCall): void {
  const { reply } = call;
  const found = keysIn(call);
  if (typeof found === 'string') {
    reply.error(found);
    return;
  }
  const { fullName: name, words, indexes } = found;
  reply.array(indexes.length);
  for (const index of indexes) {
    const access = accessTo(name, words, index);
    reply.array(2);
    reply.bulk(words[index]!);
    reply.set(access.length);
    for (const word of access) reply.status(word);
  }
}

export const COMMAND_COMMANDS: readonly StoreCommandSpec[] = [
  server(
    'command',
    {
      ...OPEN,
      arity: -1,
      since: '2.8.13',
      summary: 'Every command served here, with its shape.',
      tips: UNORDERED,
    },
    all,
    [
      server(
        'count',
        { ...OPEN, arity: 2, since: '2.8.13', summary: 'How many commands are served here.' },
        count,
      ),
      server(
        'info',
        { ...OPEN, arity: -2, since: '2.8.13', summary: 'The shape of commands.', tips: UNORDERED },
        info,
      ),
      server(
        'docs',
        {
          ...OPEN,
          arity: -2,
          since: '7.0.0',
          summary: 'What commands are for, in a sentence each.',
          tips: UNORDERED,
        },
        docs,
      ),
      server(
        'list',
        {
          ...OPEN,
          arity: -2,
          since: '7.0.0',
          summary: 'The names of commands, filtered if wanted.',
          tips: UNORDERED,
        },
        list,
      ),
      server(
        'getkeys',
        { ...OPEN, arity: -4, since: '2.8.13', summary: 'The keys in the words of a command.' },
        getKeys,
      ),
      server(
        'getkeysandflags',
        {
          ...OPEN,
          arity: -4,
          since: '7.0.0',
          summary: 'The keys in the words of a command, and what happens to them.',
        },
        getKeysAndFlags,
      ),
      helpCommand('command', { since: '5.0.0', group: 'server', acl: ['connection'] }, [
        ['(no subcommand)', 'The shape of every command.'],
        ['COUNT', 'How many commands there are.'],
        ['LIST [FILTERBY MODULE|ACLCAT|PATTERN <value>]', 'Their names.'],
        ['INFO [<name> ...]', 'The shape of these commands, or of all.'],
        ['DOCS [<name> ...]', 'What these commands, or all, are for.'],
        ['GETKEYS <command> [<arg> ...]', 'The keys among the words.'],
        ['GETKEYSANDFLAGS <command> [<arg> ...]', 'The keys, and what happens to them.'],
      ]),
    ],
  ),
];

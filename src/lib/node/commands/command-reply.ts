/** A command's shape as COMMAND INFO and COMMAND DOCS print it. */
import type { CommandShape } from '../ports/command-shape.js';
import type { ReplySink } from '../../wire/resp/reply-sink.js';

/** Ten elements: name, arity, flags, first key, last key, step, categories, tips, key specs, subcommands. */
export function writeInfo(reply: ReplySink, shape: CommandShape, parent?: string): void {
  const subcommands = shape.subcommands ?? [];
  reply.array(10);
  reply.bulk(fullName(shape, parent));
  reply.integer(shape.arity);
  writeStatusSet(reply, shape.flags);
  reply.integer(shape.firstKey);
  reply.integer(shape.lastKey);
  reply.integer(shape.keyStep);
  writeStatusSet(reply, shape.categories);
  reply.set(shape.tips?.length ?? 0);
  for (const tip of shape.tips ?? []) reply.bulk(tip);
  writeKeySpecs(reply, shape);
  reply.array(subcommands.length);
  for (const subcommand of subcommands) writeInfo(reply, subcommand, fullName(shape, parent));
}

/** One name with its documentation: `summary`, `since`, `group`, and the subcommands. */
export function writeDocs(reply: ReplySink, shape: CommandShape, parent?: string): void {
  const name = fullName(shape, parent);
  const subcommands = shape.subcommands ?? [];
  reply.bulk(name);
  reply.map(subcommands.length > 0 ? 4 : 3);
  for (const word of ['summary', shape.summary, 'since', shape.since, 'group', shape.group]) {
    reply.bulk(word);
  }
  if (subcommands.length === 0) return;
  reply.bulk('subcommands');
  reply.map(subcommands.length);
  for (const subcommand of subcommands) writeDocs(reply, subcommand, name);
}

export function fullName(shape: CommandShape, parent?: string): string {
  return parent === undefined ? shape.name : `${parent}|${shape.name}`;
}

/**
 * What happens to the keys, at worst: the tables do not say more than whether a command writes, and a
 * client that assumes too much only asks a primary where a replica would have done.
 */
export function keyAccess(shape: CommandShape): readonly string[] {
  return shape.flags.includes('write') ? ['RW', 'access', 'update'] : ['RO', 'access'];
}

/** One range of keys, where the first key's place is fixed. */
function writeKeySpecs(reply: ReplySink, shape: CommandShape): void {
  if (shape.firstKey <= 0) {
    reply.set(0);
    return;
  }
  reply.set(1);
  reply.map(3);
  reply.bulk('flags');
  writeStatusSet(reply, keyAccess(shape));
  reply.bulk('begin_search');
  writeTyped(reply, 'index', { index: shape.firstKey });
  reply.bulk('find_keys');
  // In a key spec the last key is counted from the first one.
  const last = shape.lastKey < 0 ? shape.lastKey : shape.lastKey - shape.firstKey;
  writeTyped(reply, 'range', { lastkey: last, keystep: shape.keyStep, limit: 0 });
}

function writeTyped(reply: ReplySink, type: string, spec: Readonly<Record<string, number>>): void {
  reply.map(2);
  reply.bulk('type');
  reply.bulk(type);
  reply.bulk('spec');
  reply.map(Object.keys(spec).length);
  for (const [name, value] of Object.entries(spec)) {
    reply.bulk(name);
    reply.integer(value);
  }
}

function writeStatusSet(reply: ReplySink, words: readonly string[]): void {
  reply.set(words.length);
  for (const word of words) reply.status(word);
}

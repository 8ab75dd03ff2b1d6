/** A command's shape as COMMAND INFO and COMMAND DOCS print it. */
import type { CommandShape } from '../ports/command-shape.js';
import type { ReplySink } from '../../wire/resp/reply-sink.js';
import { type KeysBegin, type KeysFound, keySpecsOf } from './key-specs.js';

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
  writeKeySpecs(reply, fullName(shape, parent));
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

function writeKeySpecs(reply: ReplySink, fullName: string): void {
  const specs = keySpecsOf(fullName);
  reply.set(specs.length);
  for (const { flags, begin, find } of specs) {
    reply.map(3);
    reply.bulk('flags');
    writeStatusSet(reply, flags);
    reply.bulk('begin_search');
    writeBegin(reply, begin);
    reply.bulk('find_keys');
    writeFind(reply, find);
  }
}

function writeBegin(reply: ReplySink, begin: KeysBegin): void {
  switch (begin.kind) {
    case 'index':
      writeTyped(reply, 'index', { index: begin.index });
      return;
    case 'keyword':
      writeTyped(reply, 'keyword', { keyword: begin.keyword, startfrom: begin.startFrom });
      return;
    case 'unknown':
      writeTyped(reply, 'unknown', {});
  }
}

function writeFind(reply: ReplySink, find: KeysFound): void {
  switch (find.kind) {
    case 'range':
      writeTyped(reply, 'range', { lastkey: find.last, keystep: find.step, limit: 0 });
      return;
    case 'keynum':
      writeTyped(reply, 'keynum', { keynumidx: 0, firstkey: 1, keystep: 1 });
      return;
    case 'unknown':
      writeTyped(reply, 'unknown', {});
  }
}

function writeTyped(
  reply: ReplySink,
  type: string,
  spec: Readonly<Record<string, number | string>>,
): void {
  reply.map(2);
  reply.bulk('type');
  reply.bulk(type);
  reply.bulk('spec');
  reply.map(Object.keys(spec).length);
  for (const [name, value] of Object.entries(spec)) {
    reply.bulk(name);
    if (typeof value === 'string') reply.bulk(value);
    else reply.integer(value);
  }
}

function writeStatusSet(reply: ReplySink, words: readonly string[]): void {
  reply.set(words.length);
  for (const word of words) reply.status(word);
}

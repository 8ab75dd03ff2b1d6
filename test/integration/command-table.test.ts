/** Every command table against COMMAND INFO of redis-server 7.0: this is what keeps the tables true. */
import { expect } from 'chai';
import type { CommandShape } from '../../src/lib/node/ports/command-shape.js';
import { startNode } from '../../src/lib/node/server/node.js';
import { NOT_SERVED } from '../../src/lib/node/commands/not-served.js';
import { ALL_COMMANDS } from '../../src/lib/node/server/all-commands.js';
import type { Reply } from '../../src/lib/wire/resp/reply.js';
import { hasRedisServer, type RealServer, startRealServer } from '../support/real-server.js';
import { ask, textOf } from './config-link.js';

interface Facts {
  readonly arity: string;
  readonly flags: string;
  readonly keys: string;
  readonly categories: string;
  readonly tips: string;
}

/** Every client library of today sends it first; 7.0 answers an error, which they swallow. */
const BEYOND: ReadonlySet<string> = new Set(['client|setinfo']);

const WITH_KEYS = [
  'SET a 1',
  'SET a 1 EX 5 GET',
  'BITFIELD a GET u8 0',
  'BITFIELD a SET u8 0 1',
  'SORT l STORE x',
  'SORT l LIMIT 0 1 BY w GET x STORE y STORE z',
  'SORT l STORE',
  'SORT_RO l GET y',
  'LMOVE a b LEFT RIGHT',
  'LMPOP 2 a b LEFT',
  'LMPOP 9 a b LEFT',
  'BLMPOP 0 1 a LEFT',
  'BLPOP a b 0',
  'SINTERSTORE x a b',
  'SINTERCARD 2 a b',
  'SMOVE a b m',
  'ZUNIONSTORE x 2 a b',
  'ZINTER 2 a b',
  'MSET a 1 b 2',
  'OBJECT ENCODING a',
  'RENAME a b',
  'GET a',
];

describe('command tables against redis-server 7.0', function () {
  let server: RealServer | undefined;
  const theirs = new Map<string, Facts>();
  let everything: Reply | undefined;

  before(async function () {
    if (!hasRedisServer()) this.skip();
    server = await startRealServer({ cluster: false });
    const [reply] = await ask(server.port, [['COMMAND']]);
    everything = reply;
    for (const command of itemsOf(reply)) note(theirs, command);
  });

  after(async () => server?.stop());

  it('goes beyond 7.0 only where clients of today insist', () => {
    const beyond = named(ALL_COMMANDS).filter(({ name }) => !theirs.has(name));
    expect(beyond.map(({ name }) => name)).to.deep.equal([...BEYOND]);
  });

  for (const { name, shape } of named(ALL_COMMANDS)) {
    if (BEYOND.has(name)) continue;
    it(`${name} has the arity, flags, keys, categories and tips of the real one`, () => {
      expect(factsOf(shape)).to.deep.equal(theirs.get(name));
    });
  }

  it('says of keys what the real one says: where they stand and what happens to them', async function () {
    const node = await startNode({ port: 0 });
    try {
      const [reply] = await ask(node.port, [['COMMAND']]);
      const ours = new Map<string, string>();
      const real = new Map<string, string>();
      for (const command of itemsOf(reply)) noteKeySpecs(ours, command);
      for (const command of itemsOf(everything)) noteKeySpecs(real, command);
      const differing = [...ours].filter(([name, specs]) => {
        return real.has(name) && real.get(name) !== specs;
      });
      expect(differing).to.deep.equal([]);
      expect(ours.size).to.be.greaterThan(200);
    } finally {
      await node.stop();
    }
  });

  for (const line of WITH_KEYS) {
    it(`finds the keys of ${line}, and what happens to them`, async () => {
      const node = await startNode({ port: 0 });
      try {
        const argv = ['COMMAND', 'GETKEYSANDFLAGS', ...line.split(' ')];
        const [[wanted], [heard]] = await Promise.all([
          ask(server!.port, [argv]),
          ask(node.port, [argv]),
        ]);
        expect(heard).to.deep.equal(wanted);
      } finally {
        await node.stop();
      }
    });
  }

  it('knows of every command whether it is served, and docs/compatibility.md has them all', () => {
    const served = new Set(named(ALL_COMMANDS).map(({ name }) => name));
    const absent = new Set(NOT_SERVED.map(({ name }) => name));
    const unknown = [...theirs.keys()].filter((name) => {
      const container = name.split('|')[0]!;
      return !served.has(name) && !absent.has(name) && !absent.has(container);
    });
    expect(unknown).to.deep.equal([]);
    expect([...absent].filter((name) => served.has(name) || !theirs.has(name))).to.deep.equal([]);
  });

  it('lists no command twice', () => {
    const names = ALL_COMMANDS.map(({ name }) => name);
    expect(names.filter((name, at) => names.indexOf(name) !== at)).to.deep.equal([]);
  });

  it('says of every command what it is for, in a sentence', () => {
    for (const { name, shape } of named(ALL_COMMANDS)) {
      expect(shape.summary, name).to.match(/^[A-Z].*\.$/);
      expect(shape.since, name).to.match(/^\d+\.\d+\.\d+$/);
    }
  });
});

function named(
  shapes: readonly CommandShape[],
): readonly { readonly name: string; readonly shape: CommandShape }[] {
  return shapes.flatMap((shape) => [
    { name: shape.name, shape },
    ...(shape.subcommands ?? []).map((sub) => ({ name: `${shape.name}|${sub.name}`, shape: sub })),
  ]);
}

function factsOf(shape: CommandShape): Facts {
  return {
    arity: String(shape.arity),
    flags: sorted(shape.flags),
    keys: [shape.firstKey, shape.lastKey, shape.keyStep].join(' '),
    categories: sorted(shape.categories),
    tips: sorted(shape.tips ?? []),
  };
}

function note(facts: Map<string, Facts>, command: Reply): void {
  const [name, arity, flags, first, last, step, categories, tips, , subcommands] = itemsOf(command);
  facts.set(textOf(name), {
    arity: numberOf(arity),
    flags: sorted(itemsOf(flags).map(textOf)),
    keys: [first, last, step].map(numberOf).join(' '),
    categories: sorted(itemsOf(categories).map(textOf)),
    tips: sorted(itemsOf(tips).map(textOf)),
  });
  for (const subcommand of itemsOf(subcommands)) note(facts, subcommand);
}

/** The ninth element, without remarks. */
function noteKeySpecs(all: Map<string, string>, command: Reply): void {
  const [name, , , , , , , , specs, subcommands] = itemsOf(command);
  const told = itemsOf(specs).map((spec) => {
    const words = itemsOf(spec);
    const hasNotes = textOf(words[0]) === 'notes';
    return words
      .slice(hasNotes ? 2 : 0)
      .map(inWords)
      .join(' ');
  });
  all.set(textOf(name), told.join('; '));
  for (const subcommand of itemsOf(subcommands)) noteKeySpecs(all, subcommand);
}

function inWords(reply: Reply): string {
  if (reply.kind === 'array') return `[${reply.items.map(inWords).join(' ')}]`;
  return reply.kind === 'integer' ? String(reply.value) : textOf(reply);
}

function itemsOf(reply: Reply | undefined): readonly Reply[] {
  return reply?.kind === 'array' ? reply.items : [];
}

function numberOf(reply: Reply | undefined): string {
  return reply?.kind === 'integer' ? String(reply.value) : '?';
}

function sorted(words: readonly string[]): string {
  return [...words].sort().join(' ');
}

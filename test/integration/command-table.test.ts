/** Every command table against COMMAND INFO of redis-server 7.0: this is what keeps the tables true. */
import { expect } from 'chai';
import type { CommandShape } from '../../src/lib/node/ports/command-shape.js';
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

describe('command tables against redis-server 7.0', function () {
  let server: RealServer | undefined;
  const theirs = new Map<string, Facts>();

  before(async function () {
    if (!hasRedisServer()) this.skip();
    server = await startRealServer({ cluster: false });
    const [reply] = await ask(server.port, [['COMMAND']]);
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

function itemsOf(reply: Reply | undefined): readonly Reply[] {
  return reply?.kind === 'array' ? reply.items : [];
}

function numberOf(reply: Reply | undefined): string {
  return reply?.kind === 'integer' ? String(reply.value) : '?';
}

function sorted(words: readonly string[]): string {
  return [...words].sort().join(' ');
}

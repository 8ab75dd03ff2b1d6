/** SORT beside redis-server: see `data-harness.ts`. */
import { expect } from 'chai';
import fc from 'fast-check';
import { type EmbeddedNode, startNode } from '../../src/lib/node/server/node.js';
import { RespClient, show } from '../node/resp-client.js';
import { hasRedisServer, type RealServer, startRealServer } from '../support/real-server.js';
import { waitUntil } from '../support/wait.js';
import { compareWithRealServer, join, number, optional, some, word } from './data-harness.js';

/** What begins with `n` holds numbers only. */
const key = word('nl', 'ns', 'nz', 'l', 's', 'z', 'w', 'hash', 'nope', 'nl', 'ns', 'nz');
const target = word('out', 'l', 'ns', 'w');
const integer = word('3', '1', '2', '10', '-5', '0', '7', '20');
/** Never two that weigh the same by themselves: which of those comes first is chance. */
const element = word('3', '1', 'x', 'y', '10', '', 'é', 'b', 'A', ' 4', '5 ', 'nan', '0x10', '1e3');
const pattern = word(
  'w_*',
  'h_*->f',
  'h_*->g',
  'h_*->',
  '#',
  'w_1',
  '*',
  'z*z',
  'nope_*',
  'w_*->f',
);
const limits = fc.oneof(word('0', '1', '2', '-1', '3', '100'), number);
const option = fc.oneof(
  word('ASC', 'DESC', 'ALPHA', 'desc', 'alpha', 'bogus', 'LIMIT', 'GET').map((name) => [name]),
  join(word('LIMIT'), limits, limits),
  join(word('BY'), word('nosort', 'w_*', 'h_*->f', 'nope_*', 'h_*->g')),
  join(word('GET'), pattern),
  join(word('STORE'), target),
);

const command: fc.Arbitrary<string[]> = fc.oneof(
  { weight: 5, arbitrary: join(word('SORT', 'SORT_RO'), key, some(option, 4)) },
  join(word('RPUSH'), word('nl'), fc.array(integer, { minLength: 1, maxLength: 3 })),
  join(word('SADD'), word('ns'), fc.array(integer, { minLength: 1, maxLength: 3 })),
  join(word('ZADD'), word('nz'), integer, integer),
  join(word('RPUSH'), word('l'), element),
  join(word('SADD'), word('s'), element),
  join(word('ZADD'), word('z'), integer, element),
  join(
    word('SET'),
    integer.map((one) => `w_${one}`),
    word('1', '2', '1.5', '-1', '1e1', 'x'),
  ),
  join(
    word('HSET'),
    integer.map((one) => `h_${one}`),
    word('f', 'g'),
    integer,
  ),
  join(word('LPOP', 'SPOP', 'DEL'), word('l', 'nl'), optional(word('x'))),
  join(word('LRANGE'), word('out', 'l'), word('0'), word('-1')),
  join(word('EXPIRE', 'TYPE', 'PERSIST'), word('out', 'ns'), optional(word('1000'))),
);

/** Weights found by a pattern may tie, and a set unsorted has no order. */
function normalize(argv: readonly string[], text: string): string {
  if (!argv[0]!.startsWith('SORT') && argv[0] !== 'LRANGE') return text;
  const words = argv.map((one) => one.toLowerCase());
  const isFree = words.includes('by') || words.includes('alpha');
  return isFree ? Array.from(text).sort().join('') : text;
}

const stores = (argv: readonly string[]): boolean =>
  argv.some((one) => one.toLowerCase() === 'store');
const ties = (argv: readonly string[]): boolean => {
  const words = argv.map((one) => one.toLowerCase());
  return words.includes('by') && words.includes('alpha');
};
const cuts = (argv: readonly string[]): boolean =>
  argv.some((one) => one.toLowerCase() === 'limit');
const isUnsortedSet = (argv: readonly string[]): boolean =>
  argv[1] === 's' && argv.includes('nosort') && cuts(argv);

compareWithRealServer({
  title: 'sort',
  command: command.filter(
    (argv) => !(ties(argv) && (stores(argv) || cuts(argv))) && !isUnsortedSet(argv),
  ),
  setup: [
    ['SET', 'w', 'x'],
    ['HSET', 'hash', 'f', '1'],
    ['RPUSH', 'nl', '3', '1', '2'],
    ['SADD', 'ns', '3', '1', '2'],
    ['ZADD', 'nz', '1', '3', '2', '1', '3', '2'],
    ['MSET', 'w_1', '30', 'w_2', '20', 'w_3', '10', 'z2z', '5'],
    ['HSET', 'h_1', 'f', '3', 'g', 'x'],
    ['HSET', 'h_2', 'f', '2', 'g', 'y'],
  ],
  normalize,
  // Elements that have no order are looked up in none, and some lead to nothing.
  events: 'AEn',
  runs: 100,
});

describe('sort in a cluster', function () {
  this.timeout(30_000);
  let real: RealServer | undefined;
  let node: EmbeddedNode | undefined;
  const clients: RespClient[] = [];

  before(async function () {
    if (!hasRedisServer()) this.skip();
    real = await startRealServer();
    node = await startNode({ port: 0, cluster: true });
    for (const { port } of [real, node]) {
      const client = await RespClient.open(port);
      clients.push(client);
      await client.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
      await waitUntil('the cluster is ok', async () =>
        show(await client.call('CLUSTER', 'INFO')).includes('cluster_state:ok'),
      );
      await client.call('RPUSH', 'l', '3', '1', '2');
    }
  });

  after(async () => {
    for (const client of clients) client.close();
    await node?.stop();
    await real?.stop();
  });

  for (const line of [
    'SORT l',
    'SORT l BY nosort DESC',
    'SORT l BY w_*',
    'SORT l BY {l}_*',
    'SORT l GET #',
    'SORT l GET {l}_*',
    'SORT_RO l LIMIT 0 1 GET #',
    'SORT nope GET # BOGUS',
    'SORT l STORE {l}x',
    'SORT l STORE m',
    'SORT l LIMIT STORE m',
    'LMPOP 2 l m LEFT',
    'LMPOP 2 l {l}x LEFT',
    'BLMPOP 0 2 m {l}x LEFT',
    'SINTERCARD 2 l m',
    'SINTERCARD 3 l m',
    'BLPOP l {l}x 0',
    'BLPOP l m 0',
  ]) {
    it(line, async () => {
      const [wanted, heard] = await Promise.all(
        clients.map(async (client) => show(await client.call(...line.split(' ')))),
      );
      expect(heard).to.equal(wanted);
    });
  }
});

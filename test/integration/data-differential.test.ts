/**
 * The same commands to a real redis-server and to an embedded node: every reply must be of the same type
 * with the same content, in RESP2 and RESP3. Sequences are generated; a failing one prints its seed.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { type EmbeddedNode, startNode } from '../../src/lib/node/server/node.js';
import { RespClient, show } from '../node/resp-client.js';
import { hasRedisServer, type RealServer, startRealServer } from '../support/real-server.js';

const key = fc.constantFrom('a', 'b', 'c', 'd');
const value = fc.oneof(
  fc.constantFrom(
    '',
    '0',
    '1',
    '-1',
    '10',
    '007',
    '3.5',
    'abc',
    'abcabc',
    ' 1',
    '9223372036854775807',
  ),
  fc.constantFrom('-9223372036854775808', '1e3', '\x00\xff\r\n', 'x'.repeat(50), 'inf', '0.1'),
);
const number = fc.constantFrom(
  '0',
  '1',
  '-1',
  '5',
  '-3',
  '100',
  'x',
  '1.5',
  '',
  '9223372036854775807',
  '-9223372036854775808',
  '99999999999999999999',
);
/** Far from now, so that nothing expires while two servers are compared. */
const ttl = fc.constantFrom('1000', '2000', '0', '-1', 'x', '9223372036854775807', '100000');
const moment = fc.constantFrom('1', '4000000000', '4000000001', 'x', '-5');
const word = (...words: string[]): fc.Arbitrary<string> => fc.constantFrom(...words);
const optional = (arbitrary: fc.Arbitrary<string>): fc.Arbitrary<string[]> =>
  fc.array(arbitrary, { maxLength: 1 });

const join = (...parts: fc.Arbitrary<string | string[]>[]): fc.Arbitrary<string[]> =>
  fc.tuple(...parts).map((all) => all.flat());

const setOption = fc.oneof(
  word('NX', 'xx', 'GET', 'KEEPTTL', 'bogus').map((one) => [one]),
  fc.tuple(word('EX', 'px'), ttl).map(([unit, at]) => [unit, at]),
  fc
    .tuple(word('EXAT', 'PXAT'), word('4000000000', '4000000000000', 'x', '0'))
    .map(([unit, at]) => [unit, at]),
);

const command: fc.Arbitrary<string[]> = fc.oneof(
  join(word('GET', 'GETDEL', 'INCR', 'DECR', 'STRLEN', 'TYPE', 'PERSIST', 'EXISTS', 'TOUCH'), key),
  join(
    word('SET'),
    key,
    value,
    fc.array(setOption, { maxLength: 3 }).map((all) => all.flat()),
  ),
  join(word('SETNX', 'GETSET', 'APPEND'), key, value),
  join(word('INCRBY', 'DECRBY'), key, number),
  join(
    word('INCRBYFLOAT'),
    key,
    fc.oneof(number, word('0.1', '1e2', '-2.25', 'nan', 'inf', '.5', '5.', ' 1')),
  ),
  join(word('SETEX', 'PSETEX'), key, ttl, value),
  join(
    word('GETEX'),
    key,
    fc
      .array(fc.oneof(setOption, fc.constant(['PERSIST'])), { maxLength: 2 })
      .map((all) => all.flat()),
  ),
  join(word('GETRANGE', 'SUBSTR'), key, number, number),
  join(word('SETRANGE'), key, word('0', '1', '5', '-1', 'x', '600000000'), value),
  join(
    word('MGET', 'DEL', 'UNLINK', 'EXISTS', 'TOUCH'),
    fc.array(key, { minLength: 1, maxLength: 4 }),
  ),
  join(word('MSET', 'MSETNX'), fc.array(fc.oneof(key, value), { minLength: 1, maxLength: 5 })),
  join(
    word('LCS'),
    key,
    key,
    fc
      .array(
        fc.oneof(
          word('LEN', 'IDX', 'WITHMATCHLEN').map((one) => [one]),
          fc.tuple(word('MINMATCHLEN'), number),
        ),
        { maxLength: 3 },
      )
      .map((all) => all.flat()),
  ),
  join(word('RENAME', 'RENAMENX'), key, key),
  join(
    word('COPY'),
    key,
    key,
    optional(word('REPLACE')),
    fc.oneof(fc.constant<string[]>([]), fc.tuple(word('DB'), word('0', '3', '99', 'x'))),
  ),
  join(word('MOVE'), key, word('0', '3', '99', 'x')),
  join(
    word('EXPIRE', 'PEXPIRE'),
    key,
    ttl,
    fc.array(word('NX', 'XX', 'GT', 'LT', 'zz'), { maxLength: 2 }),
  ),
  join(
    word('EXPIREAT', 'PEXPIREAT'),
    key,
    moment,
    fc.array(word('NX', 'XX', 'GT', 'LT'), { maxLength: 2 }),
  ),
  join(word('TTL', 'PTTL', 'EXPIRETIME', 'PEXPIRETIME'), key),
  join(word('OBJECT'), word('ENCODING', 'FREQ', 'bogus'), key),
  join(word('KEYS'), word('*', 'a', '[ab]', '?', '\\a', '[^a]')),
  join(
    word('SCAN'),
    word('0', 'x'),
    fc
      .array(
        fc.oneof(
          fc.tuple(word('MATCH'), word('*', 'a*')),
          fc.tuple(word('COUNT'), word('100', '0', 'x')),
          fc.tuple(word('TYPE'), word('string', 'list')),
          word('bogus').map((one) => [one]),
        ),
        { maxLength: 2 },
      )
      .map((all) => ['COUNT', '100', ...all.flat()]),
  ),
  join(word('DBSIZE', 'PING', 'RANDOMKEYX', 'ECHO', 'TIME2'), optional(value)),
  join(word('SELECT'), word('0', '3', '16', '-1', 'x')),
  join(word('MULTI', 'EXEC', 'DISCARD', 'UNWATCH')),
  join(word('WATCH'), key),
  join(word('FLUSHDB', 'FLUSHALL'), optional(word('ASYNC', 'SYNC', 'x'))),
  join(
    word('CLIENT'),
    word('GETNAME', 'SETNAME', 'REPLY', 'NO-EVICT', 'KILL', 'PAUSE', 'UNBLOCK', 'bogus'),
    optional(word('x y', 'name', 'bogus', '')),
  ),
  join(word('AUTH'), fc.array(word('default', 'x'), { maxLength: 3 })),
  join(
    word('HELLO'),
    fc
      .array(word('4', 'x', 'SETNAME', 'AUTH', 'default'), { minLength: 1, maxLength: 4 })
      .map((words) => ['9', ...words.slice(1)]),
  ),
  join(word('READONLY', 'ASKING', 'CLUSTER'), optional(word('INFO'))),
  join(word('PUBLISH'), key, value),
  join(
    word('PUBSUB'),
    word('CHANNELS', 'NUMSUB', 'NUMPAT', 'SHARDCHANNELS', 'bogus'),
    optional(key),
  ),
  fc.array(fc.oneof(word('get', 'SET', 'foo', 'config', 'object'), value), {
    minLength: 1,
    maxLength: 4,
  }),
);

/** Replies whose content may rightly differ: order of keys, and times that run. */
function normalize(argv: readonly string[], text: string): string {
  const name = argv[0]!.toUpperCase();
  if (name === 'KEYS' || name === 'SCAN') return Array.from(text).sort().join('');
  const isTime = name === 'TTL' || name === 'PTTL' || name.endsWith('EXPIRETIME');
  const time = isTime ? Number(/^:(\d+)$/.exec(text)?.[1] ?? -1) : -1;
  // The two ran at slightly different moments: to the nearest 10 s they agree.
  if (time > 900) return `about ${Math.round(time / (name.startsWith('P') ? 10_000 : 10))}`;
  return text;
}

describe('embedded node beside redis-server: same commands, same replies', function () {
  this.timeout(60_000);
  let real: RealServer | undefined;
  let node: EmbeddedNode | undefined;

  before(async function () {
    if (!hasRedisServer()) this.skip();
    real = await startRealServer({ cluster: false });
    node = await startNode({ port: 0 });
  });

  after(async () => {
    await node?.stop();
    await real?.stop();
  });

  for (const protocol of ['2', '3']) {
    it(`in RESP${protocol}`, async () => {
      const property = fc.asyncProperty(
        fc.array(command, { minLength: 1, maxLength: 40 }),
        async (commands) => {
          const clients = [await RespClient.open(real!.port), await RespClient.open(node!.port)];
          try {
            const transcripts = await Promise.all(
              clients.map(async (client) => {
                await client.call('FLUSHALL');
                await client.call('HELLO', protocol);
                const lines: string[] = [];
                for (const argv of commands) {
                  if (argv[0] === 'CLIENT' && argv[1] === 'REPLY') continue;
                  const reply = await client.call(...argv);
                  lines.push(`${JSON.stringify(argv)} -> ${normalize(argv, show(reply))}`);
                }
                return lines;
              }),
            );
            const at = transcripts[0]!.findIndex((line, index) => line !== transcripts[1]![index]);
            expect(transcripts[1]![at]).to.equal(transcripts[0]![at]);
          } finally {
            for (const client of clients) client.close();
          }
        },
      );
      await fc.assert(property, { numRuns: 500 });
    });
  }
});

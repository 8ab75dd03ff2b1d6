/** Commands about keys, whatever they hold and in whatever database, beside redis-server: see `data-harness.ts`. */
import fc from 'fast-check';
import { dumpOf } from '../../src/lib/node/commands/restore.js';
import { HashValue } from '../../src/lib/node/store/hash-value.js';
import { defaultLayout } from '../../src/lib/node/store/layout.js';
import { ListValue } from '../../src/lib/node/store/list-value.js';
import { SetValue } from '../../src/lib/node/store/set-value.js';
import { SortedSetValue } from '../../src/lib/node/store/sorted-set-value.js';
import type { Value } from '../../src/lib/node/store/value.js';
import { compareWithRealServer, join, number, some, word } from './data-harness.js';

const names = ['text', 'whole', 'list', 'set', 'hash', 'zset', 'long', 'nope'];
const key = word(...names);
const keys = fc.array(key, { minLength: 1, maxLength: 4 });
const one = (arbitrary: fc.Arbitrary<string>): fc.Arbitrary<string[]> =>
  arbitrary.map((text) => [text]);

/** Far from now, or past. */
const ttl = word('1000', '2000', '0', '-1', 'x', '9223372036854775807', '100000', '');
const moment = word('1', '0', '4000000000', '4000000001', 'x', '-5', '9223372036854775807');
const condition = one(word('NX', 'XX', 'GT', 'LT', 'gt', 'zz'));
const database = word('0', '1', '2', '3', '1', '0', '16', '-1', 'x', '4294967296');

function payloadOf(value: Value): string {
  const payload = dumpOf(value);
  if (!payload.ok) throw new Error(payload.error);
  return payload.value;
}

function sampleValues(): Value[] {
  const layout = defaultLayout();
  const set = new SetValue(layout);
  const hash = new HashValue(layout);
  const zset = new SortedSetValue(layout);
  for (const member of ['a', 'b', '12']) {
    set.add(member);
    hash.set(member, `${member}\xff`);
    zset.set(member, 1.5);
  }
  return ['a string', '42', '', new ListValue(['x', 'y']), set, hash, zset];
}

const payloads = sampleValues().map(payloadOf);
const payload = word(...payloads, payloads[0]!.slice(1), '', 'bogus');
const restoreOption = fc.oneof(
  one(word('REPLACE', 'replace', 'ABSTTL', 'bogus', 'FREQ')),
  join(word('IDLETIME', 'FREQ'), word('5', '-1', 'x', '300')),
);

const scanOption = fc.oneof(
  join(word('MATCH'), word('*', '*t', 'nope')),
  join(word('COUNT'), word('100', '0', 'x')),
  join(word('TYPE'), word('string', 'list', 'zset', 'x')),
  one(word('bogus')),
);

const SETUP = [
  ['SET', 'text', 'some text'],
  ['SET', 'whole', '42'],
  ['RPUSH', 'list', 'a', 'b'],
  ['SADD', 'set', '1', '2'],
  ['HSET', 'hash', 'f', 'v'],
  ['ZADD', 'zset', '1', 'one'],
  ['SETBIT', 'long', '50000', '1'],
];

/** Times that run, orders that are nobody's, chance, and payloads of another writer. */
function normalize(argv: readonly string[], text: string): string {
  const name = argv[0]!.toUpperCase();
  if (name === 'KEYS' || name === 'SCAN') return Array.from(text).sort().join('');
  if (name === 'RANDOMKEY' || name === 'DUMP') return text.startsWith('$') ? 'something' : text;
  if (name === 'OBJECT' && argv[1] === 'IDLETIME') return text.replace(/^:\d+$/, ':idle');
  const isTime = name.endsWith('TTL') || name.endsWith('EXPIRETIME');
  const time = isTime ? Number(/^:(\d+)$/.exec(text)?.[1] ?? -1) : -1;
  // The two ran at slightly different moments: to the nearest 10 s they agree.
  return time > 900 ? `about ${Math.round(time / (name.startsWith('P') ? 10_000 : 10))}` : text;
}

compareWithRealServer({
  title: 'keys of every type',
  command: fc.oneof(
    { weight: 2, arbitrary: join(word('DEL', 'UNLINK', 'EXISTS', 'TOUCH'), keys) },
    join(word('TYPE', 'PERSIST', 'DUMP'), key),
    { weight: 2, arbitrary: join(word('RENAME', 'RENAMENX'), key, key) },
    {
      weight: 3,
      arbitrary: join(
        word('COPY'),
        key,
        key,
        some(fc.oneof(one(word('REPLACE', 'bogus', 'DB')), join(word('DB'), database)), 2),
      ),
    },
    { weight: 2, arbitrary: join(word('MOVE'), key, database) },
    join(word('SWAPDB'), database, database),
    { weight: 2, arbitrary: join(word('SELECT'), database) },
    { weight: 2, arbitrary: join(word('EXPIRE', 'PEXPIRE'), key, ttl, some(condition, 2)) },
    { weight: 2, arbitrary: join(word('EXPIREAT', 'PEXPIREAT'), key, moment, some(condition, 2)) },
    join(word('TTL', 'PTTL', 'EXPIRETIME', 'PEXPIRETIME'), key),
    { weight: 2, arbitrary: join(word('OBJECT'), word('ENCODING', 'FREQ', 'x'), key) },
    join(word('OBJECT'), word('IDLETIME', 'HELPME'), key),
    join(word('KEYS'), word('*', 't*', '[lz]*', '?ash', '\\t*', '[^a]*')),
    join(word('SCAN'), word('0', 'x', ''), join(word('COUNT'), word('100')), some(scanOption, 2)),
    join(word('RANDOMKEY', 'DBSIZE')),
    { weight: 4, arbitrary: join(word('RESTORE'), key, ttl, payload, some(restoreOption, 2)) },
    join(word('RESTORE'), key, moment, payload, word('ABSTTL'), some(restoreOption, 1)),
    join(word('SORT'), key, some(one(word('ALPHA', 'DESC')), 2), word('STORE'), key),
    join(word('FLUSHDB', 'FLUSHALL'), some(one(word('ASYNC', 'SYNC', 'x')), 1)),
    join(word('SET', 'LPUSH', 'SADD', 'GET'), key, number),
    join(word('LOLWUT'), word('version'), word('x')),
  ),
  setup: SETUP,
  normalize,
});

compareWithRealServer({
  title: 'transactions over several databases',
  command: fc.oneof(
    { weight: 2, arbitrary: join(word('MULTI', 'EXEC')) },
    { weight: 2, arbitrary: join(word('WATCH'), word('a', 'b', 'c')) },
    join(word('DISCARD', 'UNWATCH')),
    { weight: 2, arbitrary: join(word('SELECT'), word('0', '1', '2')) },
    { weight: 2, arbitrary: join(word('SWAPDB'), word('0', '1', '2'), word('0', '1', '2')) },
    join(word('MOVE'), word('a', 'b'), word('0', '1', '2')),
    { weight: 3, arbitrary: join(word('SET', 'GETSET', 'LPUSH'), word('a', 'b', 'c'), number) },
    { weight: 2, arbitrary: join(word('GET', 'DEL', 'INCR', 'PERSIST'), word('a', 'b', 'c')) },
    join(word('EXPIRE'), word('a', 'b'), word('1000', '-1', 'x')),
    join(word('RENAME', 'COPY'), word('a', 'b', 'c'), word('a', 'b', 'c')),
    join(word('BLPOP', 'BZPOPMIN'), word('a', 'nope'), word('0.001')),
    join(word('FLUSHDB', 'FLUSHALL', 'BOGUS', 'DBSIZE')),
  ),
  setup: [['SET', 'a', '1']],
});

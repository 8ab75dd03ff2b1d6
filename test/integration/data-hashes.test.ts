/** Hashes beside redis-server: see `data-harness.ts`. */
import fc from 'fast-check';
import { compareWithRealServer, join, number, optional, some, word } from './data-harness.js';

/** `w` holds a string. */
const key = word('a', 'b', 'c', 'a', 'b', 'w', 'nope');
const field = word('f', 'g', 'h', 'i', '', 'é\x00\xff\r\n', 'f'.repeat(65));
const value = fc.oneof(
  word('1', '-1', '10', '', 'x', '3.5', ' 1', '1e3', '0.1', 'inf', 'v'.repeat(64), 'v'.repeat(65)),
  number,
);
const float = word(
  ...[
    '1',
    '0.1',
    '-2.25',
    '1e2',
    '.5',
    '5.',
    'nan',
    'inf',
    '-inf',
    '',
    'x',
    ' 1',
    '1e5000',
    '3e-9',
  ],
);
const one = (arbitrary: fc.Arbitrary<string>): fc.Arbitrary<string[]> =>
  arbitrary.map((text) => [text]);
const pairs = some(join(field, value), 4);
const fields = fc.array(field, { maxLength: 4 });

const command: fc.Arbitrary<string[]> = fc.oneof(
  { weight: 6, arbitrary: join(word('HSET', 'HSET', 'HMSET'), key, pairs) },
  join(word('HSET', 'HMSET'), key, fields),
  { weight: 2, arbitrary: join(word('HSETNX'), key, field, value) },
  { weight: 2, arbitrary: join(word('HGET', 'HEXISTS', 'HSTRLEN'), key, field) },
  join(word('HMGET'), key, fields),
  { weight: 2, arbitrary: join(word('HGETALL', 'HKEYS', 'HVALS'), key) },
  join(word('HLEN', 'TYPE', 'DEL', 'PERSIST'), key),
  { weight: 3, arbitrary: join(word('OBJECT'), word('ENCODING', 'FREQ'), key) },
  { weight: 3, arbitrary: join(word('HDEL'), key, fields) },
  { weight: 2, arbitrary: join(word('HINCRBY'), key, field, number) },
  { weight: 2, arbitrary: join(word('HINCRBYFLOAT'), key, field, fc.oneof(float, number)) },
  join(word('HRANDFIELD'), key),
  {
    weight: 2,
    arbitrary: join(
      word('HRANDFIELD'),
      key,
      word('0', '1', '2', '-2', '100', 'x', '', '9223372036854775807', '-9223372036854775808'),
      optional(word('WITHVALUES', 'withvalues', 'x')),
      optional(word('x')),
    ),
  },
  join(
    word('HSCAN'),
    key,
    word('0', '0', '0', 'x', ''),
    some(
      fc.oneof(
        join(word('MATCH'), word('*', '[fg]*', 'x*')),
        join(word('COUNT'), word('100', '0', 'x')),
        one(word('NOVALUES')),
        join(word('TYPE'), word('hash')),
      ),
      2,
    ).map((options) => ['COUNT', '1000', ...options]),
  ),
  join(word('RENAME', 'RENAMENX', 'COPY'), key, key),
  join(word('EXPIRE'), key, word('1000')),
  word('MULTI', 'EXEC', 'EXEC', 'DISCARD').map((name) => [name]),
  join(word('WATCH'), key),
  // Another type may come up under any key.
  join(word('SET', 'RPUSH', 'RPOP'), key, word('1')),
);

const UNORDERED = new Set(['HGETALL', 'HKEYS', 'HVALS', 'HSCAN']);

/** Large hashes have no order, and drawn fields only a number and a kind. */
function normalize(argv: readonly string[], text: string): string {
  const name = argv[0]!.toUpperCase();
  if (name === 'HRANDFIELD' || name === 'EXEC')
    return text.replace(/\$"(?:[^"\\]|\\.)*"/g, 'field');
  return UNORDERED.has(name) ? Array.from(text).sort().join('') : text;
}

compareWithRealServer({
  title: 'hashes',
  command,
  setup: [
    ['SET', 'w', 'x'],
    ['CONFIG', 'SET', 'hash-max-listpack-entries', '4'],
  ],
  normalize,
  runs: 100,
});

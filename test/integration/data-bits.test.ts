/** Bits of strings beside redis-server: see `data-harness.ts`. */
import fc from 'fast-check';
import { compareWithRealServer, join, number, some, word } from './data-harness.js';

/** `l` and `m` hold strings long enough to be changed in place, `z` a sorted set. */
const key = word('a', 'b', 'c', 'l', 'm', 'z', 'nope');
const text = word('', 'a', '\xff\xff\xff', '\x00\x01\x80', 'foobar', '\xff\x00', '12');
const offset = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 70 }).map(String) },
  { weight: 2, arbitrary: fc.integer({ min: 32_000, max: 50_000 }).map(String) },
  { weight: 1, arbitrary: word('-1', 'x', '4294967296', '99999999999', '', '#1', '40000') },
);
const index = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -40, max: 40 }).map(String) },
  { weight: 2, arbitrary: fc.integer({ min: 4_000, max: 40_000 }).map(String) },
  { weight: 1, arbitrary: number },
);
const unit = some(
  word('BIT', 'BYTE', 'bit', 'x').map((one) => [one]),
  1,
);
const range = fc.oneof(
  fc.constant<string[]>([]),
  join(index),
  join(index, index, unit),
  join(index, index, unit),
  join(index, index, unit, unit),
);

const type = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(word('i', 'u'), fc.integer({ min: 1, max: 64 }))
      .map(([sign, bits]) => `${sign}${bits}`),
  },
  { weight: 2, arbitrary: word('u8', 'i8', 'i64', 'u63', 'u1', 'i1') },
  { weight: 1, arbitrary: word('u0', 'i65', 'U8', 'x8', 'u', '', 'u08') },
);
const place = fc.oneof(
  offset,
  fc.integer({ min: 0, max: 12 }).map((count) => `#${count}`),
  word('#-1', '#x', '#', '#9223372036854775807'),
);
const value = fc.oneof(
  fc.integer({ min: -300, max: 300 }).map(String),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  number,
);
const fieldOperation = fc.oneof(
  { weight: 3, arbitrary: join(word('GET', 'get'), type, place) },
  { weight: 3, arbitrary: join(word('SET'), type, place, value) },
  { weight: 4, arbitrary: join(word('INCRBY'), type, place, value) },
  { weight: 3, arbitrary: join(word('OVERFLOW'), word('WRAP', 'sat', 'FAIL', 'x')) },
  { weight: 1, arbitrary: join(word('GET', 'SET', 'bogus', 'OVERFLOW')) },
);

compareWithRealServer({
  title: 'bits of strings',
  command: fc.oneof(
    { weight: 5, arbitrary: join(word('SETBIT'), key, offset, word('0', '1', '1', '2', 'x')) },
    { weight: 2, arbitrary: join(word('GETBIT'), key, offset) },
    { weight: 4, arbitrary: join(word('BITCOUNT'), key, range) },
    { weight: 5, arbitrary: join(word('BITPOS'), key, word('0', '1', '1', '0', '2', 'x'), range) },
    {
      weight: 4,
      arbitrary: join(
        word('BITOP'),
        word('AND', 'or', 'XOR', 'NOT', 'x'),
        key,
        fc.array(key, { minLength: 1, maxLength: 3 }),
      ),
    },
    { weight: 6, arbitrary: join(word('BITFIELD'), key, some(fieldOperation, 4)) },
    { weight: 2, arbitrary: join(word('BITFIELD_RO'), key, some(fieldOperation, 2)) },
    join(word('BITFIELD_RO'), key, some(join(word('GET'), type, place), 3)),
    { weight: 2, arbitrary: join(word('SET', 'APPEND'), key, text) },
    { weight: 2, arbitrary: join(word('SETRANGE'), key, offset, text) },
    join(word('GETRANGE'), key, index, index),
    join(word('STRLEN', 'GET', 'DEL', 'INCR', 'TYPE', 'PERSIST'), key),
    join(word('OBJECT'), word('ENCODING'), key),
    join(word('COPY', 'RENAME'), key, key),
  ),
  setup: [
    ['SET', 'a', 'foobar'],
    ['SET', 'b', '\xff\xff\xff'],
    ['SETRANGE', 'l', '5000', 'the end'],
    ['SET', 'm', '\xff'.repeat(4097)],
    ['ZADD', 'z', '1', 'one'],
  ],
});

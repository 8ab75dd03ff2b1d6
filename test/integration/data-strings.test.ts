/** Strings beside redis-server: see `data-harness.ts`. */
import fc from 'fast-check';
import { compareWithRealServer, join, number, optional, some, word } from './data-harness.js';

/** `z` holds a sorted set. */
const key = word('a', 'b', 'c', 'a', 'b', 'z', 'nope');
/** The table of LCS grows with the product of two lengths. */
const short = word('p', 'q', 'z', 'nope');
const value = word(
  ...['', '0', '1', '-1', '10', '007', '3.5', 'abc', 'abcabc', ' 1', '9223372036854775807'],
  ...[
    '-9223372036854775808',
    '1e3',
    '\x00\xff\r\n',
    'x'.repeat(50),
    'inf',
    '0.1',
    'y'.repeat(5000),
  ],
);
/** Far from now, so that nothing expires while two servers are compared. */
const ttl = word('100000', '200000', '0', '-1', 'x', '9223372036854775807', '100000');
const one = (arbitrary: fc.Arbitrary<string>): fc.Arbitrary<string[]> =>
  arbitrary.map((text) => [text]);

const setOption = fc.oneof(
  one(word('NX', 'xx', 'GET', 'KEEPTTL', 'bogus')),
  join(word('EX', 'px'), ttl),
  join(word('EXAT'), word('4000000000', 'x', '0', '-1')),
  join(word('PXAT'), word('4000000000000', 'x', '0', '-1')),
);
const offset = word('0', '1', '5', '-1', 'x', '600000000', '4096', '5000', '');
const lcsOption = fc.oneof(
  one(word('LEN', 'IDX', 'WITHMATCHLEN', 'bogus')),
  join(word('MINMATCHLEN'), number),
);

compareWithRealServer({
  title: 'strings',
  command: fc.oneof(
    join(word('GET', 'GETDEL', 'INCR', 'DECR', 'STRLEN'), key),
    join(word('DEL', 'TYPE', 'PERSIST', 'PTTL'), key),
    { weight: 4, arbitrary: join(word('SET'), key, value, some(setOption, 3)) },
    join(word('SETNX', 'GETSET', 'APPEND'), key, value),
    join(word('INCRBY', 'DECRBY'), key, number),
    join(
      word('INCRBYFLOAT'),
      key,
      fc.oneof(number, word('0.1', '1e2', '-2.25', 'nan', 'inf', '.5', '5.', ' 1', '0x1', '1e500')),
    ),
    join(word('SETEX', 'PSETEX'), key, ttl, value),
    { weight: 2, arbitrary: join(word('GETEX'), key, some(setOption, 2)) },
    join(word('GETEX'), key, optional(word('PERSIST', 'persist'))),
    join(word('GETRANGE', 'SUBSTR'), key, number, number),
    { weight: 2, arbitrary: join(word('SETRANGE'), key, offset, value) },
    join(word('MGET'), fc.array(key, { minLength: 1, maxLength: 4 })),
    join(word('MSET', 'MSETNX'), some(join(key, value), 3, 1)),
    join(word('MSET', 'MSETNX'), fc.array(fc.oneof(key, value), { minLength: 1, maxLength: 5 })),
    join(word('LCS'), short, short, some(lcsOption, 3)),
    join(word('SET'), short, word('ohmytext', 'mynewtext', '', 'abcabc', '\xff\x00ab')),
    join(word('OBJECT'), word('ENCODING'), key),
    join(word('COPY', 'RENAME'), key, key),
  ),
  setup: [
    ['ZADD', 'z', '1', 'one'],
    ['SET', 'p', 'ohmytext'],
    ['SET', 'q', 'mynewtext'],
  ],
  normalize: (argv, text) => {
    const left = argv[0] === 'PTTL' ? Number(/^:(\d+)$/.exec(text)?.[1] ?? 0) : 0;
    // The two ran at slightly different moments.
    return left > 90_000 ? `about ${Math.round(left / 10_000)}` : text;
  },
});

/** Lists beside redis-server: see `data-harness.ts`; clients that wait are in `data-blocking.test.ts`. */
import fc from 'fast-check';
import { compareWithRealServer, join, number, optional, some, word } from './data-harness.js';

/** `w` holds a string. */
const key = word('a', 'b', 'c', 'a', 'b', 'w', 'nope');
const keys = fc.array(key, { minLength: 1, maxLength: 3 });
const element = word('x', 'y', 'z', 'x', 'y', '', '10', 'é\x00\xff\r\n', 'x'.repeat(70));
const index = fc.oneof(word('0', '1', '2', '-1', '-2', '-3', '3', '5', '100', '-100'), number);
const end = word('LEFT', 'RIGHT', 'left', 'Right', 'up');
const timeout = word('0.001', '0.002', 'x', '-1', 'inf', '', 'nan', '-inf', '1e30');
const one = (arbitrary: fc.Arbitrary<string>): fc.Arbitrary<string[]> =>
  arbitrary.map((text) => [text]);

const counted = keys.map((all) => [String(all.length), ...all]);
const countedKeys = fc.oneof(
  { weight: 8, arbitrary: counted },
  { weight: 1, arbitrary: join(number, keys) },
);
const countOption = some(fc.oneof(join(word('COUNT'), number), one(word('COUNT', 'x'))), 2);

const command: fc.Arbitrary<string[]> = fc.oneof(
  {
    weight: 8,
    arbitrary: join(
      word('LPUSH', 'RPUSH', 'LPUSHX', 'RPUSHX'),
      key,
      fc.array(element, { maxLength: 5 }),
    ),
  },
  { weight: 3, arbitrary: join(word('LPOP', 'RPOP'), key, optional(number)) },
  { weight: 1, arbitrary: join(word('LPOP', 'RPOP'), key, number, optional(number)) },
  join(word('LLEN', 'TYPE', 'DEL', 'PERSIST'), key),
  join(word('OBJECT'), word('ENCODING', 'FREQ'), key),
  { weight: 2, arbitrary: join(word('LRANGE'), key, index, index) },
  { weight: 2, arbitrary: join(word('LINDEX'), key, index) },
  { weight: 2, arbitrary: join(word('LSET'), key, index, element) },
  {
    weight: 2,
    arbitrary: join(word('LINSERT'), key, word('BEFORE', 'after', 'x'), element, element),
  },
  { weight: 2, arbitrary: join(word('LREM'), key, index, element) },
  join(word('LTRIM'), key, index, index),
  {
    weight: 3,
    arbitrary: join(
      word('LPOS'),
      key,
      element,
      some(fc.oneof(join(word('RANK', 'count', 'MAXLEN'), index), one(word('RANK', 'x'))), 3),
    ),
  },
  { weight: 2, arbitrary: join(word('LMOVE'), key, key, end, end) },
  join(word('RPOPLPUSH'), key, key),
  { weight: 2, arbitrary: join(word('LMPOP'), countedKeys, optional(end), countOption) },
  join(word('BLPOP', 'BRPOP'), keys, timeout),
  join(word('BLMOVE'), key, key, end, end, timeout),
  join(word('BRPOPLPUSH'), key, key, timeout),
  join(word('BLMPOP'), timeout, countedKeys, optional(end), countOption),
  join(word('RENAME', 'RENAMENX', 'COPY'), key, key),
  join(word('COPY'), key, key, word('REPLACE')),
  join(word('EXPIRE'), key, word('1000')),
  word('MULTI', 'EXEC', 'EXEC', 'DISCARD').map((name) => [name]),
  join(word('WATCH'), key),
  // Another type may come up under any key.
  join(word('SET', 'APPEND'), key, element),
);

compareWithRealServer({ title: 'lists', command, setup: [['SET', 'w', 'x']], runs: 100 });

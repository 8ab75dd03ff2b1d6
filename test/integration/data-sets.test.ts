/** Sets beside redis-server: see `data-harness.ts`. */
import fc from 'fast-check';
import { compareWithRealServer, join, number, optional, some, word } from './data-harness.js';

/** `w` holds a string. */
const key = word('a', 'b', 'c', 'd', 'a', 'b', 'w', 'nope');
const keys = fc.array(key, { minLength: 1, maxLength: 4 });
const whole = word(
  ...['1', '2', '3', '4', '-5', '10', '0', '9223372036854775807', '-9223372036854775808'],
  ...['9007199254740993', '9007199254740992'],
);
const member = fc.oneof(
  { weight: 3, arbitrary: whole },
  word('x', 'y', '', '01', '-0', '+1', 'é\x00\xff\r\n', 'x'.repeat(70), '9223372036854775808'),
);
/** Sets of one kind come up often enough to be intsets. */
const members = fc.oneof(
  fc.array(whole, { maxLength: 5 }),
  fc.array(member, { minLength: 1, maxLength: 4 }),
);
const one = (arbitrary: fc.Arbitrary<string>): fc.Arbitrary<string[]> =>
  arbitrary.map((text) => [text]);
const counted = keys.map((all) => [String(all.length), ...all]);
const limit = fc.oneof(join(word('LIMIT', 'limit'), number), one(word('LIMIT', 'x')));

/** Chance may choose only where it does not show in the data: nothing, everything, or the only one. */
const allOrNothing = word('0', '100', 'x', '-1', '', '9223372036854775807');

const command: fc.Arbitrary<string[]> = fc.oneof(
  { weight: 8, arbitrary: join(word('SADD'), key, members) },
  { weight: 3, arbitrary: join(word('SREM'), key, members) },
  { weight: 2, arbitrary: join(word('SMOVE'), key, key, member) },
  join(word('SCARD', 'TYPE', 'DEL', 'PERSIST', 'UNLINK'), key),
  { weight: 2, arbitrary: join(word('SMEMBERS'), key) },
  { weight: 3, arbitrary: join(word('OBJECT'), word('ENCODING', 'FREQ'), key) },
  join(word('SISMEMBER'), key, member),
  join(word('SMISMEMBER'), key, members),
  join(word('SPOP'), key, allOrNothing, optional(number)),
  join(word('SPOP'), word('never there')),
  join(word('SRANDMEMBER'), key, fc.oneof(allOrNothing, word('2', '-3', '1')), optional(number)),
  join(word('SRANDMEMBER'), key),
  { weight: 4, arbitrary: join(word('SINTER', 'SUNION', 'SDIFF'), keys) },
  {
    weight: 4,
    arbitrary: join(word('SINTERSTORE', 'SUNIONSTORE', 'SDIFFSTORE'), key, keys),
  },
  { weight: 2, arbitrary: join(word('SINTERCARD'), counted, some(limit, 2)) },
  join(word('SINTERCARD'), number, keys, some(limit, 1)),
  join(
    word('SSCAN'),
    key,
    word('0', '0', '0', 'x', ''),
    some(
      fc.oneof(
        join(word('MATCH'), word('*', '[1-3]*', 'x*')),
        join(word('COUNT'), word('100', '0', 'x')),
        one(word('bogus')),
        join(word('TYPE'), word('set')),
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

/** Sets have no order, and drawn members only a number and a kind. */
function normalize(argv: readonly string[], text: string): string {
  const name = argv[0]!.toUpperCase();
  if (name === 'SRANDMEMBER' || name === 'EXEC')
    return text.replace(/\$"(?:[^"\\]|\\.)*"/g, 'member');
  return name.startsWith('S') ? Array.from(text).sort().join('') : text;
}

compareWithRealServer({
  title: 'sets',
  command,
  setup: [
    ['SET', 'w', 'x'],
    ['CONFIG', 'SET', 'set-max-intset-entries', '4'],
  ],
  normalize,
  runs: 100,
});

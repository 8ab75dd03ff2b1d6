/** Commands about the connection, and words that mean nothing, beside redis-server: see `data-harness.ts`. */
import fc from 'fast-check';
import { compareWithRealServer, join, optional, word } from './data-harness.js';

const key = word('a', 'b');
const value = word('', '0', '1', 'abc', ' 1', '\x00\xff\r\n', 'x'.repeat(50));

compareWithRealServer({
  title: 'connections',
  command: fc.oneof(
    join(word('SET', 'GETSET', 'APPEND'), key, value),
    join(word('GET', 'INCR', 'DEL', 'EXISTS'), key),
    join(word('DBSIZE', 'PING', 'RANDOMKEYX', 'ECHO', 'TIME2'), optional(value)),
    join(word('SELECT'), word('0', '3', '16', '-1', 'x')),
    join(word('MULTI', 'EXEC', 'DISCARD', 'UNWATCH')),
    join(word('EXEC'), key),
    // Words too many, where the table of commands does not say how many there may be.
    fc.constantFrom(
      ['PUBSUB', 'CHANNELS', 'a', 'b'],
      ['CLIENT', 'UNBLOCK', '0', 'ERROR', 'b'],
      ['SLOWLOG', 'GET', '1', '2'],
      ['ACL', 'CAT', 'read', 'write'],
      ['MEMORY', 'USAGE', 'nobody', 'SAMPLES', '1', 'SAMPLES', 'x'],
    ),
    join(word('WATCH'), key),
    join(word('FLUSHDB', 'FLUSHALL'), optional(word('ASYNC', 'SYNC', 'x'))),
    join(
      word('CLIENT'),
      word('GETNAME', 'SETNAME', 'NO-EVICT', 'KILL', 'PAUSE', 'UNBLOCK', 'bogus'),
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
  ),
});

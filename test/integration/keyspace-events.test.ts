/**
 * What a node says of its keys (`notify-keyspace-events`), and what MONITOR shows, beside redis-server: the
 * same commands to both, the same messages from both, in the same order.
 */
import { expect } from 'chai';
import { type EmbeddedNode, startNode } from '../../src/lib/node/server/node.js';
import { RespClient, show } from '../node/resp-client.js';
import { hasRedisServer, type RealServer, startRealServer } from '../support/real-server.js';
import { waitUntil } from '../support/wait.js';

/** Each line is one command; a case starts with no keys. */
const CASES: Readonly<Record<string, string>> = {
  'strings that are set': `SET a 1
SET a 2 EX 100
SET a 3 KEEPTTL
SETNX a 1
SETNX b 1
SETEX a 10 x
PSETEX a 10000 x
GETSET a y
MSET a 1 b 2 c 3
MSETNX a 1 d 2
MSETNX e 1 f 2`,
  'strings that change': `INCR n
INCRBY n 5
DECR n
DECRBY n 2
INCRBYFLOAT n 0.5
APPEND s abc
SETRANGE s 1 zz
SETRANGE nothing 0 \x00
SETBIT bits 7 1
BITFIELD bits SET u8 0 5
BITFIELD bits GET u8 0
BITOP NOT other bits
BITOP AND other missing
GETDEL s
GETEX n EX 100
GETEX n PERSIST
GETEX n`,
  'keys that come and go': `SET a 1
EXPIRE a 100
PEXPIRE a 200000 GT
EXPIREAT a 1
SET a 1
EXPIRE a -1
SET a 1
PERSIST a
EXPIRE a 100
PERSIST a
RENAME a b
RENAMENX b c
COPY c d
COPY c d REPLACE
DEL c d missing
SET a 1
UNLINK a
SET a 1
MOVE a 3
GET missing
EXISTS missing
TYPE missing
TTL missing
STRLEN missing
MGET missing other`,
  lists: `RPUSH l a b c
LPUSH l x
LPUSHX l y
RPUSHX missing y
LSET l 0 z
LINSERT l BEFORE a w
LINSERT l BEFORE nope w
LREM l 0 w
LREM l 0 nope
LTRIM l 0 3
LPOP l
RPOP l 2
LMOVE l other LEFT RIGHT
RPOPLPUSH other other
LMPOP 1 other LEFT
RPUSH l a b c
BLPOP l 0.1
BLMOVE missing l LEFT LEFT 0.01
LPOP l 9
LRANGE missing 0 -1
SORT missing STORE sorted
RPUSH l 3 1 2
SORT l STORE sorted
LTRIM l 5 6`,
  sets: `SADD s a b c
SADD s a
SREM s a nope
SREM s nope
SMOVE s t b
SMOVE s t nope
SADD u x c
SINTERSTORE i s u
SINTERSTORE i s missing
SUNIONSTORE v s u
SDIFFSTORE d s u
SPOP s
SPOP u 9
SMEMBERS missing`,
  hashes: `HSET h a 1 b 2
HSET h a 1
HSETNX h a 3
HSETNX h c 3
HMSET h d 4
HINCRBY h a 5
HINCRBYFLOAT h a 0.5
HDEL h a nope
HDEL h nope
HDEL h b c d
HGET missing a`,
  'sorted sets': `ZADD z 1 a 2 b 3 c
ZADD z 1 a
ZADD z XX CH 5 a
ZADD z INCR 2 a
ZINCRBY z 1 b
ZREM z nope
ZREM z a
ZADD y 1 b 9 q
ZUNIONSTORE u 2 z y
ZINTERSTORE i 2 z y
ZDIFFSTORE d 2 z y
ZRANGESTORE r z 0 0
ZRANGESTORE r missing 0 0
ZREMRANGEBYRANK u 0 0
ZREMRANGEBYSCORE u 0 3
ZREMRANGEBYLEX y - [b
ZPOPMIN u
ZPOPMAX z
ZMPOP 1 z MIN
ZADD y 1 q
BZPOPMIN y 0.1
ZSCORE missing a`,
};

interface Side {
  readonly port: number;
  readonly client: RespClient;
}

/** Everything a subscriber to all events hears while the commands run. */
async function messagesOf(side: Side, lines: readonly string[]): Promise<string[]> {
  const listener = await RespClient.open(side.port);
  const heard: string[] = [];
  try {
    await listener.call('PSUBSCRIBE', '__key*');
    for (const line of lines) await side.client.call(...line.split(' '));
    await side.client.call('PUBLISH', '__key-end', 'end');
    await waitUntil('the last message', () =>
      listener.unasked.some((message) => show(message).includes('__key-end')),
    );
    for (const message of listener.unasked.slice(0, -1)) heard.push(show(message));
  } finally {
    listener.close();
  }
  return heard;
}

describe('keyspace events beside redis-server', function () {
  this.timeout(60_000);
  let real: RealServer | undefined;
  let node: EmbeddedNode | undefined;
  const sides: Side[] = [];

  before(async function () {
    if (!hasRedisServer()) this.skip();
    real = await startRealServer({ cluster: false });
    node = await startNode({ port: 0 });
    for (const { port } of [real, node]) sides.push({ port, client: await RespClient.open(port) });
    for (const { client } of sides)
      await client.call('CONFIG', 'SET', 'notify-keyspace-events', 'KEAmn');
  });

  after(async () => {
    for (const { client } of sides) client.close();
    await node?.stop();
    await real?.stop();
  });

  for (const [name, text] of Object.entries(CASES)) {
    it(name, async () => {
      const lines = text.split('\n');
      for (const { client } of sides) await client.call('FLUSHALL');
      for (const line of lines) {
        const [expected, actual] = await Promise.all(sides.map((side) => messagesOf(side, [line])));
        expect(actual, line).to.deep.equal(expected);
      }
    });
  }

  it('of a key that expires, on its own and when it is asked for', async () => {
    const heard = await Promise.all(
      sides.map((side) => messagesOf(side, ['SET e 1 PX 1', 'WAIT 1 20', 'GET e', 'TTL e'])),
    );
    expect(heard[1]).to.deep.equal(heard[0]);
  });

  it('chooses classes and channels by their letters', async () => {
    for (const letters of ['K$', 'Elg', 'A', 'KEx', 'KEn', 'Km', '']) {
      const [expected, actual] = await Promise.all(
        sides.map(async (side) => {
          await side.client.call('CONFIG', 'SET', 'notify-keyspace-events', letters);
          return messagesOf(side, ['SET a 1', 'GET nothing', 'APPEND b 1', 'DEL a', 'DEL b']);
        }),
      );
      expect(actual, letters).to.deep.equal(expected);
    }
  });
});

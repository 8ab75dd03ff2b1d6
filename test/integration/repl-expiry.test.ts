/** Keys whose time has come, on replicas: hidden until the primary deletes them, and what a writable replica does. */
import { expect } from 'chai';
import { show } from '../node/resp-client.js';
import { hasRedisServer } from '../support/real-server.js';
import { waitUntil } from '../support/wait.js';
import { follow, linked, type Make, type Server, Servers } from './repl-support.js';

const KEYS = ['s', 's2', 'l', 'h', 'S', 'z'];

const READS = [
  'GET s, MGET s s2 keep, STRLEN s, EXISTS s l h S z, TTL s, PTTL l, EXPIRETIME s, TYPE l, LLEN l, LRANGE l 0 -1',
  'HGETALL h, HGET h a, SMEMBERS S, SISMEMBER S 1, SINTER S S, ZRANGE z 0 -1, ZSCORE z a, OBJECT ENCODING s',
  'OBJECT IDLETIME l, TOUCH s l, DUMP s, GETRANGE s 0 -1, BITCOUNT s, GETBIT s 1, LPOS l a, SORT_RO l',
  'ZRANDMEMBER z, SRANDMEMBER S, HRANDFIELD h, RANDOMKEY, DBSIZE, SSCAN S 0, HSCAN h 0, SCAN 0, LCS s s2',
  'WATCH s, MULTI, GET s, EXEC',
];

const REFUSED = [
  'SET s 1, DEL s, EXPIRE s 1, GETEX s, RENAME s t, BITFIELD s SET u8 0 1, SORT l STORE x',
];

/** Each write finds nothing, and what it makes lives for ever. */
const WRITES = [
  'GET s, INCR s, GET s, TTL s, APPEND l x, TYPE l, RPUSH l z, LRANGE l 0 -1, HSET h q 1, HGETALL h',
  'SADD S 9, SMEMBERS S, EXPIRE z 100, EXISTS z, RENAME s2 s3, SETNX s2 1, TTL s2, DEL keep, DBSIZE',
];

function commands(lines: readonly string[]): string[][] {
  return lines.flatMap((line) => line.split(', ')).map((words) => words.split(' '));
}

async function answers(server: Server, lines: readonly string[]): Promise<string[]> {
  const replies: string[] = [];
  for (const argv of commands(lines)) {
    replies.push(`${argv.join(' ')} ${show(await server.client.call(...argv))}`);
  }
  return replies;
}

describe('keys whose time has come, on replicas', () => {
  const servers = new Servers();
  before(function () {
    if (!hasRedisServer()) this.skip();
  });
  afterEach(() => servers.stop());

  /** A primary that deletes nothing by itself, and replicas of both makes that hold the same expired keys. */
  async function scene(make: Make): Promise<{ primary: Server; real: Server; embedded: Server }> {
    const primary = await servers.start(make);
    const real = await servers.start('real');
    const embedded = await servers.start('embedded');
    for (const replica of [real, embedded]) {
      await follow(replica, primary);
      await linked(replica);
    }
    await answers(primary, [
      'DEBUG SET-ACTIVE-EXPIRE 0, SET keep 2, SET s 1, SET s2 x, RPUSH l a b, HSET h a 1, SADD S 1, ZADD z 1 a',
    ]);
    for (const key of KEYS) await primary.client.call('PEXPIRE', key, '1');
    await primary.client.call('WAIT', '2', '5000');
    for (const replica of [real, embedded]) {
      await waitUntil('they are over there', async () => {
        const counted = await replica.client.call('EXISTS', ...KEYS);
        return show(counted) === ':0';
      });
    }
    return { primary, real, embedded };
  }

  for (const make of ['real', 'embedded'] as const) {
    it(`replicas of a ${make} primary answer alike, reading and refusing to write`, async () => {
      const { real, embedded } = await scene(make);
      const wanted = await answers(real, [...READS, ...REFUSED]);
      expect(await answers(embedded, [...READS, ...REFUSED])).to.deep.equal(wanted);
      for (const argv of [
        ['MEMORY', 'USAGE', 's'],
        ['DEBUG', 'OBJECT', 's'],
      ]) {
        const kinds = [real, embedded].map(async ({ client }) => (await client.call(...argv)).kind);
        const [theirs, ours] = await Promise.all(kinds);
        expect(ours, argv.join(' ')).to.equal(theirs);
      }
    });
  }

  it('writable replicas delete what they find, and what only they gave a time to live', async () => {
    const { real, embedded } = await scene('real');
    for (const { client } of [real, embedded]) {
      await client.call('CONFIG', 'SET', 'replica-read-only', 'no');
    }
    expect(await answers(embedded, WRITES)).to.deep.equal(await answers(real, WRITES));
    for (const replica of [real, embedded]) {
      const before = await answers(replica, ['DBSIZE']);
      await answers(replica, [
        'SET w 1 PX 1, SET w2 1 EX 100, SET w3 1 PX 1, PERSIST w3, SET w4 1',
      ]);
      await answers(replica, ['PEXPIRE w4 1']);
      const left = Number(before[0]?.split(':')[1]) + 1;
      await waitUntil(`the ${replica.make} one has deleted them`, async () => {
        const [size] = await answers(replica, ['DBSIZE']);
        return Number(size?.split(':')[1]) <= left + 1;
      });
    }
    const last = ['EXISTS w, EXISTS w2, EXISTS w4'];
    expect(await answers(embedded, last)).to.deep.equal(await answers(real, last));
  });
});

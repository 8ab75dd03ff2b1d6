/**
 * Values of every type travel between redis-server and an embedded node, as payloads and as files, in
 * every encoding that 7.0.15 writes and in those that it still reads. DEBUG DIGEST-VALUE is the judge.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type EmbeddedNode, startNode } from '../../src/lib/node/server/node.js';
import { Crc64 } from '../../src/lib/wire/crc64.js';
import { type RawValue, RdbReader } from '../../src/lib/wire/rdb/reader.js';
import { RespClient, show } from '../node/resp-client.js';
import { hasRedisServer, type RealServer, startRealServer } from '../support/real-server.js';
import { intsetOf, listpackOf, ziplistOf, zipmapOf } from '../wire/blobs.js';
import { textOf } from './config-link.js';

const text = fc.oneof(
  fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes).latin1Slice()),
  fc.integer({ min: -70_000, max: 70_000 }).map(String),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  fc.constantFrom('', '-0', '007', 'x'.repeat(64), 'x'.repeat(65), 'ab'.repeat(3000)),
);
const score = fc.oneof(
  fc.integer({ min: -1000, max: 1000 }),
  fc.double({ noNaN: true }),
  // Many of these lie in the middle between two decimals of seventeen digits.
  fc.maxSafeInteger().map((eighths) => eighths / 8),
  fc.constantFrom(Infinity, -Infinity, -0, 0.1, 1e22, 9007199254740993),
);
const scoreText = (value: number): string =>
  Number.isFinite(value)
    ? Object.is(value, -0)
      ? '-0'
      : String(value)
    : value > 0
      ? 'inf'
      : '-inf';

/** The commands that make one value under the key `k`. */
const value: fc.Arbitrary<string[][]> = fc.oneof(
  fc.array(text, { minLength: 1, maxLength: 200 }).map((all) => [['RPUSH', 'k', ...all]]),
  fc.array(text, { minLength: 1, maxLength: 40 }).map((all) => [['SADD', 'k', ...all]]),
  fc
    .array(fc.integer(), { minLength: 1, maxLength: 700 })
    .map((all) => [['SADD', 'k', ...all.map(String)]]),
  fc
    .array(fc.tuple(text, text), { minLength: 1, maxLength: 200 })
    .map((all) => [['HSET', 'k', ...all.flat()]]),
  fc
    .array(fc.tuple(score, text), { minLength: 1, maxLength: 200 })
    .map((all) => [['ZADD', 'k', ...all.flatMap(([at, member]) => [scoreText(at), member])]]),
);

function payloadOf(type: number, body: Uint8Array, version = 9): string {
  const bytes = Buffer.from([type, ...body, version, 0]);
  return Buffer.concat([bytes, new Crc64().update(bytes).digest()]).latin1Slice();
}

function blob(bytes: Buffer): number[] {
  return [0x80, 0, 0, bytes.length >> 8, bytes.length & 0xff, ...bytes];
}

describe('values of every type, between redis-server and an embedded node', function () {
  this.timeout(60_000);
  let server: RealServer | undefined;
  let node: EmbeddedNode | undefined;
  let real: RespClient;
  let ours: RespClient;
  const clients: RespClient[] = [];

  before(async function () {
    if (!hasRedisServer()) this.skip();
    server = await startRealServer({ cluster: false, config: { 'sanitize-dump-payload': 'yes' } });
    node = await startNode({ port: 0, config: { 'enable-debug-command': 'local' } });
    real = await RespClient.open(server.port);
    ours = await RespClient.open(node.port);
    clients.push(real, ours);
  });

  after(async () => {
    for (const client of clients) client.close();
    await node?.stop();
    await server?.stop();
  });

  beforeEach(async () => {
    await real.call('FLUSHALL');
    await ours.call('FLUSHALL');
  });

  async function said(client: RespClient, ...argv: string[]): Promise<string> {
    return show(await client.call(...argv));
  }

  /** RESTORE's answer on both, and what they then say of the key. */
  async function restoredBy(client: RespClient, key: string, payload: string): Promise<string[]> {
    const answer = await said(client, 'RESTORE', key, '0', payload, 'REPLACE');
    return [
      answer,
      await said(client, 'DEBUG', 'DIGEST-VALUE', key),
      await said(client, 'OBJECT', 'ENCODING', key),
    ];
  }

  it('go there and back as payloads, in whichever encoding', async () => {
    await fc.assert(
      fc.asyncProperty(value, async (commands) => {
        await real.call('DEL', 'k');
        for (const command of commands) await real.call(...command);
        const payload = textOf(await real.call('DUMP', 'k'));
        const theirs = await restoredBy(real, 'again', payload);
        expect(theirs[1]).to.equal(await said(real, 'DEBUG', 'DIGEST-VALUE', 'k'));
        expect(await restoredBy(ours, 'k', payload)).to.deep.equal(theirs);
        const back = textOf(await ours.call('DUMP', 'k'));
        expect(await restoredBy(real, 'back', back)).to.deep.equal(theirs);
      }),
      { numRuns: 150 },
    );
  });

  const PAIRS = Array.from({ length: 100 }, (_, at) => [`f${at}`, String(at * at * at)]).flat();
  const OLD: readonly (readonly [what: string, type: number, body: number[]])[] = [
    ['a list of a ziplist', 10, blob(ziplistOf(PAIRS))],
    ['a list of ziplists', 14, [2, ...blob(ziplistOf(PAIRS)), ...blob(ziplistOf(['z']))]],
    ['a hash of a ziplist', 13, blob(ziplistOf(PAIRS))],
    ['a sorted set of a ziplist', 12, blob(ziplistOf(PAIRS))],
    ['a hash of a zipmap', 9, blob(zipmapOf(PAIRS, 3))],
    ['a sorted set with scores as text', 3, [2, 1, 0x61, 3, 0x31, 0x2e, 0x35, 1, 0x62, 254]],
    ['a plain list', 1, [2, 1, 0x61, 0xc0, 7]],
    ['a plain set of integers', 2, [2, 0xc0, 5, 0xc0, 7]],
    ['an intset', 11, blob(intsetOf(['5', '-7', '100000']))],
    ['a hash of a listpack', 16, blob(listpackOf(PAIRS))],
    [
      'a list with an empty node',
      18,
      [2, 2, ...blob(listpackOf([])), 2, ...blob(listpackOf(['a']))],
    ],
    ['a list with a plain node', 18, [1, 1, 3, 0x61, 0x62, 0x63]],
    ['a list of nothing', 1, [0]],
    ['a hash of nothing', 16, blob(listpackOf([]))],
    ['a sorted set out of order', 17, blob(listpackOf(['b', '2', 'a', '1']))],
  ];
  for (const [what, type, body] of OLD) {
    it(`${what}: read alike`, async () => {
      const payload = payloadOf(type, Uint8Array.from(body));
      const theirs = await restoredBy(real, 'k', payload);
      expect(await restoredBy(ours, 'k', payload)).to.deep.equal(theirs);
    });
  }

  it('a damaged payload that is taken is taken alike, and none that the real one refuses', async () => {
    const change = fc.tuple(fc.nat(), fc.nat(255));
    const sample = fc.constantFrom(...OLD.filter(([, type]) => type !== 3));
    await fc.assert(
      fc.asyncProperty(
        sample,
        fc.array(change, { maxLength: 2 }),
        async ([, type, whole], changes) => {
          await real.call('DEL', 'k');
          await ours.call('DEL', 'k');
          const body = Uint8Array.from(whole);
          for (const [place, byte] of changes) body[place % body.length] = byte;
          const payload = payloadOf(type, body);
          const [theirs, mine] = [
            await restoredBy(real, 'k', payload),
            await restoredBy(ours, 'k', payload),
          ];
          // Real servers do not ask whether a value ends where its payload does; we do.
          if (mine[0] === '+OK') expect(mine).to.deep.equal(theirs);
          else expect(mine[0]).to.equal('-ERR Bad data format');
        },
      ),
      { numRuns: 300 },
    );
  });

  it('what a file holds, streams too, comes back from its raw bytes', async () => {
    for (const command of [
      ['XADD', 'stream', '1-1', 'f', 'v', 'g', 'w'],
      ['XADD', 'stream', '2-1', 'f', 'x', 'g', 'y'],
      ['XADD', 'stream', '3-1', 'other', 'z'],
      ['XDEL', 'stream', '2-1'],
      ['XGROUP', 'CREATE', 'stream', 'group', '0'],
      ['XREADGROUP', 'GROUP', 'group', 'alice', 'COUNT', '1', 'STREAMS', 'stream', '>'],
      ['XGROUP', 'CREATECONSUMER', 'stream', 'group', 'idle'],
      ['XGROUP', 'CREATE', 'stream', 'other', '$'],
      ['XADD', 'gone', '5-5', 'f', 'v'],
      ['XTRIM', 'gone', 'MAXLEN', '0'],
      ['SET', 'string', 'x'.repeat(1000), 'PX', '1000000'],
      ['RPUSH', 'list', ...PAIRS, 'y'.repeat(10_000)],
      ['SADD', 'set', ...PAIRS],
      ['SADD', 'intset', '1', '2'],
      ['HSET', 'hash', ...PAIRS],
      ['HSET', 'large', 'f', 'x'.repeat(100)],
      ['ZADD', 'zset', '1', 'a', '2', 'b'],
      ['PFADD', 'hll', ...PAIRS],
    ]) {
      await real.call(...command);
    }
    const before = await said(real, 'DEBUG', 'DIGEST');
    const groups = await said(real, 'XINFO', 'STREAM', 'stream', 'FULL');
    await real.call('SAVE');
    const raw: RawValue[] = [];
    const reader = new RdbReader(
      { string: () => undefined, raw: (one) => raw.push({ ...one, body: Buffer.from(one.body) }) },
      { served: 'raw', unserved: 'raw' },
    );
    const file = readFileSync(join(server!.dir, 'dump.rdb'));
    for (let at = 0; at < file.length; at += 1000) reader.push(file.subarray(at, at + 1000));
    reader.end();
    expect(raw).to.have.length(10);
    await real.call('FLUSHALL');
    for (const { key, type, body, expireAtMs } of raw) {
      const payload = payloadOf(type, body, reader.version);
      const ttl = String(expireAtMs ?? 0);
      expect(await said(real, 'RESTORE', key, ttl, payload, 'ABSTTL')).to.equal('+OK');
    }
    expect(await said(real, 'DEBUG', 'DIGEST')).to.equal(before);
    expect(await said(real, 'XINFO', 'STREAM', 'stream', 'FULL')).to.equal(groups);
  });
});

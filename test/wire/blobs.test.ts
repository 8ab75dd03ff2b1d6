import { expect } from 'chai';
import fc from 'fast-check';
import type { Result } from '../../src/lib/kernel/result.js';
import { readIntset } from '../../src/lib/wire/intset.js';
import { readListpack } from '../../src/lib/wire/listpack.js';
import { readZiplist } from '../../src/lib/wire/ziplist.js';
import { readZipmap } from '../../src/lib/wire/zipmap.js';
import { intsetOf, listpackOf, ziplistOf, zipmapOf } from './blobs.js';

const EDGES = [8, 13, 16, 24, 32, 64].flatMap((bits) => {
  const edge = 2n ** BigInt(bits - 1);
  return [edge - 1n, edge, -edge, -edge - 1n].map(String);
});
const integer = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  fc.integer({ min: -70_000, max: 70_000 }).map(String),
  fc.constantFrom(...EDGES.filter((text) => BigInt.asIntN(64, BigInt(text)) === BigInt(text))),
);
const text = fc.oneof(
  { weight: 4, arbitrary: integer },
  {
    weight: 4,
    arbitrary: fc.uint8Array({ maxLength: 80 }).map((b) => Buffer.from(b).latin1Slice()),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(62, 63, 64, 120, 127, 128, 253, 254, 255, 4095, 4096, 16_383, 16_384)
      .map((length) => 'x'.repeat(length)),
  },
  { weight: 1, arbitrary: fc.constantFrom('', '-0', '007', '-', '9223372036854775808', ...EDGES) },
);
const texts = fc.array(text, { maxLength: 40 });

interface Codec {
  readonly name: string;
  readonly read: (bytes: Buffer) => Result<string[]>;
  readonly write: (texts: readonly string[]) => Buffer;
  readonly contents: fc.Arbitrary<string[]>;
}

const CODECS: readonly Codec[] = [
  { name: 'listpack', read: readListpack, write: listpackOf, contents: texts },
  { name: 'ziplist', read: readZiplist, write: ziplistOf, contents: texts },
  {
    name: 'zipmap',
    read: readZipmap,
    write: zipmapOf,
    contents: texts.map((all) => all.slice(0, all.length - (all.length % 2))),
  },
  {
    name: 'intset',
    read: readIntset,
    write: intsetOf,
    contents: fc
      .uniqueArray(integer, { minLength: 1, maxLength: 40 })
      .map((all) => all.sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1))),
  },
];

for (const { name, read, write, contents } of CODECS) {
  describe(name, () => {
    it('gives back what a server put in', () => {
      fc.assert(
        fc.property(contents, (all) => {
          expect(read(write(all))).to.deep.equal({ ok: true, value: all });
        }),
        { numRuns: 300 },
      );
    });

    it('tells a blob cut anywhere, or with something behind it, from a whole one', () => {
      fc.assert(
        fc.property(contents, fc.nat(), (all, place) => {
          const whole = write(all);
          expect(read(whole.subarray(0, place % whole.length)).ok).to.equal(false);
          expect(read(Buffer.concat([whole, Buffer.from([0xff])])).ok).to.equal(false);
        }),
      );
    });

    it('survives any change of its bytes: an answer or a refusal, never a crash', () => {
      const change = fc.tuple(fc.nat(), fc.nat(255));
      fc.assert(
        fc.property(contents, fc.array(change, { minLength: 1, maxLength: 5 }), (all, changes) => {
          const blob = write(all.slice(0, 12));
          for (const [place, byte] of changes) blob[place % blob.length] = byte;
          const { ok } = read(blob);
          expect(ok).to.be.a('boolean');
        }),
        { numRuns: 1000 },
      );
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 30 }), (bytes) => void read(Buffer.from(bytes))),
      );
    });
  });
}

/** From DUMP payloads of redis-server 7.0.15, without type, length and footer. */
const CAPTURED: readonly (readonly [
  name: string,
  read: Codec['read'],
  hex: string,
  texts: string[],
])[] = [
  [
    'a hash with an integer of every width',
    readListpack,
    '8600000012008161020101816202dffb02816302c12c02816402f1ffef03816502f2409c0004816602f2ffff7f0481' +
      `6702f30000008005816802f4ffffffffffffff7f09816902bc${'78'.repeat(60)}3dff`,
    [
      ...['a', '1', 'b', '-5', 'c', '300', 'd', '-4097', 'e', '40000', 'f', '8388607'],
      ...['g', '-2147483648', 'h', '9223372036854775807', 'i', 'x'.repeat(60)],
    ],
  ],
  [
    'a hash with a text of middle length',
    readListpack,
    `710000000200816a02e064${'79'.repeat(100)}66ff`,
    ['j', 'y'.repeat(100)],
  ],
  [
    'a sorted set with scores of all kinds',
    readListpack,
    '2f0000000800836c6f7704842d696e6605836f6e650401018374776f0483322e350483626967048531652b323206ff',
    ['low', '-inf', 'one', '1', 'two', '2.5', 'big', '1e+22'],
  ],
  ['an intset of two bytes', readIntset, '0200000003000000feff01002c01', ['-2', '1', '300']],
  ['an intset of four', readIntset, '040000000200000001000000a0860100', ['1', '100000']],
  [
    'an intset of eight',
    readIntset,
    '0800000002000000001cf4abfdffffff0100000000000000',
    ['-10000000000', '1'],
  ],
  ['a node of a list', readListpack, '1200000004008161020101800182626203ff', ['a', '1', '', 'bb']],
];

describe('blobs of redis-server 7.0.15', () => {
  for (const [name, read, hex, expected] of CAPTURED) {
    it(name, () => {
      expect(read(Buffer.from(hex, 'hex'))).to.deep.equal({ ok: true, value: expected });
    });
  }
});

describe('an intset', () => {
  it('out of order, with a member twice, or of nothing is refused', () => {
    const blob = (...members: number[]): Buffer =>
      Buffer.from([2, 0, 0, 0, members.length, 0, 0, 0, ...members.flatMap((m) => [m, 0])]);
    expect(readIntset(blob(1, 2)).ok).to.equal(true);
    expect(readIntset(blob(2, 1)).ok).to.equal(false);
    expect(readIntset(blob(1, 1)).ok).to.equal(false);
    expect(readIntset(blob()).ok).to.equal(false);
  });
});

describe('a zipmap', () => {
  it('may have bytes behind a value that nobody uses', () => {
    expect(readZipmap(zipmapOf(['f', 'v', 'g', ''], 3))).to.deep.equal({
      ok: true,
      value: ['f', 'v', 'g', ''],
    });
  });
});

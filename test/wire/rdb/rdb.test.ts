import { expect } from 'chai';
import fc from 'fast-check';
import { cut, faultOf, readAll, snapshot, type StoredString, writeAll } from './support.js';

const latin1 = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).latin1Slice()),
  fc.integer().map(String),
  fc.constantFrom('', '-0', '007', '2147483647', '-2147483648', '2147483648', '127', '-129', '-'),
);
const stored: fc.Arbitrary<StoredString> = fc.record({
  db: fc.nat(3),
  key: latin1,
  value: latin1,
  expireAtMs: fc.option(fc.integer({ min: 1, max: 2 ** 45 }), { nil: undefined }),
});

const SKIP = { unserved: 'skip' } as const;

describe('rdb', () => {
  it('gives back what was written, for any chunking on both sides', () => {
    fc.assert(
      fc.property(
        fc.array(stored, { maxLength: 20 }),
        fc.array(fc.nat(), { maxLength: 20 }),
        fc.integer({ min: 64, max: 400 }),
        (strings, places, chunkBytes) => {
          const bytes = Buffer.concat(writeAll(strings, { chunkBytes }));
          const tail = Buffer.from('what follows');
          const read = readAll(cut(Buffer.concat([bytes, tail]), places));
          expect(read.strings).to.deep.equal(strings);
          expect(read.rest.toString()).to.equal('what follows');
          expect(read.aux.get('redis-ver')).to.equal('7.0.15');
        },
      ),
    );
  });

  it('reads byte by byte', () => {
    const strings = [{ db: 0, key: 'k', value: 'v'.repeat(20_000), expireAtMs: 5 }];
    const bytes = Buffer.concat(writeAll(strings));
    expect(readAll([...bytes].map((byte) => Buffer.from([byte]))).strings).to.deep.equal(strings);
  });

  it('writes zeros in place of a checksum when told so, and accepts them', () => {
    const bytes = Buffer.concat(writeAll([], { checksum: false }));
    expect(bytes.subarray(-8).every((byte) => byte === 0)).to.equal(true);
    expect(readAll([bytes]).strings).to.deep.equal([]);
  });

  it('refuses a wrong checksum, a cut file, and a version of the future', () => {
    const bytes = Buffer.concat(writeAll([{ db: 0, key: 'a', value: 'b', expireAtMs: undefined }]));
    const flipped = Buffer.from(bytes);
    flipped[flipped.length - 1]! ^= 1;
    expect(faultOf(() => readAll([flipped]))).to.match(/^checksum/);
    expect(faultOf(() => readAll([bytes.subarray(0, -9)]))).to.match(/^truncated/);
    expect(faultOf(() => readAll([snapshot('REDIS0015')]))).to.match(/^version.*15/);
    expect(faultOf(() => readAll([snapshot('VALKEY081')]))).to.match(/^version.*81/);
    expect(faultOf(() => readAll([Buffer.from('not a snapshot at all')]))).to.match(/^malformed/);
  });

  it('refuses what this node does not serve by key and type, and functions by library', () => {
    const stream = snapshot('REDIS0010', [15, 3], 'key', [0, 0, 0, 0, 0]);
    expect(faultOf(() => readAll([stream]))).to.match(
      /unsupported.*"key" holds a stream.*at byte 14/,
    );
    const library = '#!lua name=mylib\nredis';
    const code = snapshot('REDIS0010', [245, library.length], library);
    expect(faultOf(() => readAll([code]))).to.match(/unsupported.*library mylib/);
    expect(faultOf(() => readAll([snapshot('REDIS0002', [6, 1], 'a')], SKIP))).to.match(
      /unsupported.*a module value of a preview version.*how long/,
    );
  });

  it('refuses a string longer than can be kept as soon as its length is known', () => {
    const lengths = { plain: [0x80, 0x1f, 0xff, 0xff, 0xff], lzf: [0xc3, 5, 0x80, 0x20, 0, 0, 0] };
    for (const length of Object.values(lengths)) {
      const start = Buffer.concat([Buffer.from('REDIS0009'), Buffer.from([0, 1, 0x6b, ...length])]);
      expect(faultOf(() => readAll([start]))).to.match(
        /^unsupported.*a string of 53687091[12] bytes/,
      );
    }
  });

  it('passes over slot info, module records, metadata of keys, and imports of slots', () => {
    const redis = snapshot('REDIS0013', [244, 1, 2, 3], [243, 1, 9, 9, 9, 9, 2, 1, 0, 0, 1], 'k', [
      ...[1, 0x76, 247, 0x40, 0xff, 2, 1, 0],
    ]);
    expect(readAll([redis]).strings).to.have.length(1);
    const valkey = snapshot('VALKEY080', [243, 2, 0x61, 0x62, 2, 0, 5, 7, 0x40, 0x99, 0, 1], 'k', [
      ...[1, 0x76],
    ]);
    expect(readAll([valkey]).strings).to.have.length(1);
  });

  it('tells of idle times and frequencies, each for the one key behind it', () => {
    const bytes = snapshot('REDIS0010', [248, 0x41, 0, 0, 1], 'a', [1], 'v', [249, 7, 0, 1], 'b', [
      ...[1, 0x76, 0, 1, 0x63, 1, 0x76],
    ]);
    expect(readAll([bytes]).uses).to.deep.equal([
      'a {"kind":"idle","seconds":256}',
      'b {"kind":"frequency","counter":7}',
    ]);
  });

  it('survives any mutation: an RdbError or an answer, never a crash', () => {
    const good = Buffer.concat(
      writeAll([
        { db: 0, key: 'one', value: 'x'.repeat(50), expireAtMs: 77 },
        { db: 1, key: '2', value: '3', expireAtMs: undefined },
      ]),
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        fc.nat(good.length),
        (changes, length) => {
          const bytes = Buffer.from(good);
          for (const [at, byte] of changes) bytes[at] = byte;
          faultOf(() => readAll([bytes], SKIP));
          faultOf(() => readAll([bytes.subarray(0, length)], SKIP));
        },
      ),
      { numRuns: 500 },
    );
  });
});

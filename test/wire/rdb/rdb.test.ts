import { expect } from 'chai';
import fc from 'fast-check';
import { Crc64 } from '../../../src/lib/wire/crc64.js';
import { RdbError } from '../../../src/lib/wire/rdb/format.js';
import { cut, readAll, type StoredString, writeAll } from './support.js';

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

/** A snapshot of the given records, with the end mark and a right checksum. */
function snapshot(version: string, ...records: readonly (string | number[])[]): Buffer {
  const body = Buffer.concat([
    Buffer.from(version, 'latin1'),
    ...records.map((r) => (typeof r === 'string' ? Buffer.from(r, 'latin1') : Buffer.from(r))),
    Buffer.from([0xff]),
  ]);
  return Buffer.concat([body, new Crc64().update(body).digest()]);
}

function faultOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof RdbError) return `${error.fault}: ${error.message}`;
    throw error;
  }
  return 'none';
}

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
    const list = snapshot('REDIS0010', [1, 3], 'key', [1, 1], 'x');
    expect(faultOf(() => readAll([list]))).to.match(/unsupported.*"key" holds a list/);
    const library = '#!lua name=mylib\nredis';
    const code = snapshot('REDIS0010', [245, library.length], library);
    expect(faultOf(() => readAll([code]))).to.match(/unsupported.*library mylib/);
    expect(faultOf(() => readAll([snapshot('REDIS0014', [28, 1], 'a')], 'skip'))).to.match(
      /unsupported.*array/,
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

  it('finds the end of every value type, however the bytes are cut', () => {
    const id = [...Buffer.alloc(16, 1)];
    const time = [...Buffer.alloc(8, 2)];
    const group = (version: number): number[] => [
      ...[1, 0x67, 5, 6], // name, last id
      ...(version > 1 ? [0x81, ...Buffer.alloc(8, 255)] : []), // entries read: unknown
      ...[1, ...id, ...time, 3], // pending
      ...[1, 1, 0x63, ...time, ...(version === 3 ? time : []), 1, ...id], // consumers
    ];
    const stream = (version: number): number[] => [
      ...[1, 16, ...id, 2, 0x6c, 0x70], // one listpack
      ...[1, 2, 3, ...(version > 1 ? [4, 5, 6, 7, 8] : [])],
      ...[1, ...group(version)],
    ];
    const bodies: Record<number, number[]> = {
      1: [2, 1, 0x61, 0xc0, 7],
      2: [1, 1, 0x61],
      3: [3, 1, 0x61, 3, 0x31, 0x2e, 0x35, 1, 0x62, 253, 1, 0x63, 255],
      4: [1, 1, 0x61, 1, 0x62],
      5: [1, 1, 0x61, ...time],
      7: [0x81, ...id.slice(8), 1, 5, 2, 6, 3, 1, 2, 3, 4, 4, ...time, 5, 1, 0x61, 0],
      11: [4, 1, 2, 3, 4],
      14: [2, 1, 0x61, 1, 0x62],
      15: stream(1),
      18: [2, 1, 1, 0x61, 2, 1, 0x62],
      19: stream(2),
      21: stream(3),
      22: [1, 9, 1, 0x61, 1, 0x62],
      24: [...time, 1, 9, 1, 0x61, 1, 0x62],
      25: [...time, 2, 0x61, 0x62],
    };
    for (const [type, body] of Object.entries(bodies)) {
      const bytes = snapshot('REDIS0012', [Number(type), 1], 'k', body, [0, 1], 'z', [1], 'y');
      fc.assert(
        fc.property(fc.array(fc.nat(), { maxLength: 8 }), (places) => {
          const read = readAll(cut(bytes, places), 'skip');
          expect(read.skipped).to.have.length(1);
          expect(read.strings.map((entry) => entry.key)).to.deep.equal(['z']);
        }),
        { numRuns: 30 },
      );
    }
  });

  it('passes over slot info, idle times, frequencies and module records', () => {
    const bytes = snapshot('REDIS0012', [244, 1, 2, 3], [248, 5, 249, 7, 0, 1], 'k', [1], 'v', [
      ...[247, 0x40, 0xff, 2, 1, 0],
    ]);
    expect(readAll([bytes]).strings).to.have.length(1);
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
          faultOf(() => readAll([bytes], 'skip'));
          faultOf(() => readAll([bytes.subarray(0, length)], 'skip'));
        },
      ),
      { numRuns: 500 },
    );
  });
});

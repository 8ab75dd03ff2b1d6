/** Every type of value of every version: told, skipped, handed over as it is, however the bytes are cut. */
import { expect } from 'chai';
import fc from 'fast-check';
import { RdbError } from '../../../src/lib/wire/rdb/format.js';
import { RdbReader } from '../../../src/lib/wire/rdb/reader.js';
import { intsetOf, listpackOf, ziplistOf, zipmapOf } from '../blobs.js';
import { cut, faultOf, readAll, snapshot } from './support.js';

const text = (latin1: string): number[] => [latin1.length, ...Buffer.from(latin1, 'latin1')];
const blob = (bytes: Buffer): number[] => [
  0x40 | (bytes.length >> 8),
  bytes.length & 0xff,
  ...bytes,
];
const double = (value: number): number[] => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return [...bytes];
};
/** One literal and then a reference one byte back: `a` eleven times. */
const COMPRESSED = [0xc3, 5, 11, 0x00, 0x61, 0xe0, 0x01, 0x00];

const ID = [...Buffer.alloc(16, 1)];
const TIME = [...Buffer.alloc(8, 2)];
const NEVER = [...Buffer.alloc(8, 255)];

function stream(version: 1 | 2 | 3 | 4 | 5): number[] {
  const group = [
    ...text('g'),
    ...[5, 6], // last id
    ...(version > 1 ? [0x81, ...NEVER] : []), // entries read: unknown
    ...[1, ...ID, ...TIME, 3], // pending
    ...[1, ...text('c'), ...TIME, ...(version >= 3 ? TIME : []), 1, ...ID], // consumers
    ...(version >= 5 ? [2, ...ID, ...ID] : []), // given back
  ];
  return [
    ...[1, 16, ...ID, ...text('lp')], // one listpack
    ...[1, 2, 3, ...(version > 1 ? [4, 5, 6, 7, 8] : [])],
    ...[1, ...group],
    // idempotence: duration, most, one producer with two messages, counters
    ...(version >= 4
      ? [9, 9, 1, ...text('p'), 2, ...text('m'), 5, 6, ...text('n'), 5, 0x40, 0x80, 7, 8]
      : []),
  ];
}

interface Sample {
  readonly type: number;
  readonly magic?: string;
  readonly body: number[];
  readonly kind: 'list' | 'set' | 'hash' | 'zset';
  readonly elements: string[];
}

const PAIRS = ['f', 'v', 'g', '7'];
const SERVED: readonly Sample[] = [
  {
    type: 1,
    body: [3, ...text('a'), 0xc0, 7, ...COMPRESSED],
    kind: 'list',
    elements: ['a', '7', 'a'.repeat(11)],
  },
  { type: 2, body: [2, ...text('a'), ...text('')], kind: 'set', elements: ['a', ''] },
  {
    type: 3,
    body: [3, ...text('a'), ...text('1.5'), ...text('b'), 254, ...text('c'), 255],
    kind: 'zset',
    elements: ['a:1.5', 'b:Infinity', 'c:-Infinity'],
  },
  { type: 4, body: [2, ...PAIRS.flatMap(text)], kind: 'hash', elements: ['f=v', 'g=7'] },
  {
    type: 5,
    body: [2, ...text('a'), ...double(-0.1), ...text('b'), ...double(Infinity)],
    kind: 'zset',
    elements: ['a:-0.1', 'b:Infinity'],
  },
  { type: 9, body: blob(zipmapOf(PAIRS)), kind: 'hash', elements: ['f=v', 'g=7'] },
  { type: 10, body: blob(ziplistOf(PAIRS)), kind: 'list', elements: PAIRS },
  { type: 11, body: blob(intsetOf(['1', '-5'])), kind: 'set', elements: ['-5', '1'] },
  {
    type: 12,
    body: blob(ziplistOf(['a', '1', 'b', 'inf'])),
    kind: 'zset',
    elements: ['a:1', 'b:Infinity'],
  },
  { type: 13, body: blob(ziplistOf(PAIRS)), kind: 'hash', elements: ['f=v', 'g=7'] },
  {
    type: 14,
    body: [2, ...blob(ziplistOf(PAIRS)), ...blob(ziplistOf(['z']))],
    kind: 'list',
    elements: [...PAIRS, 'z'],
  },
  { type: 16, body: blob(listpackOf(PAIRS)), kind: 'hash', elements: ['f=v', 'g=7'] },
  {
    type: 17,
    body: blob(listpackOf(['a', '1e+22', 'b', '-inf'])),
    kind: 'zset',
    elements: ['a:1e+22', 'b:-Infinity'],
  },
  {
    type: 18,
    body: [3, 2, ...blob(listpackOf(PAIRS)), 1, ...text('whole'), 2, ...blob(listpackOf(['z']))],
    kind: 'list',
    elements: [...PAIRS, 'whole', 'z'],
  },
  { type: 20, body: blob(listpackOf(['a', '5'])), kind: 'set', elements: ['a', '5'] },
  {
    type: 22,
    body: [2, 0, ...text('f'), ...text('v'), 0, ...text('g'), 0xc0, 7],
    kind: 'hash',
    elements: ['f=v', 'g=7'],
  },
  {
    type: 23,
    body: blob(listpackOf(['f', 'v', '0', 'g', '7', '0'])),
    kind: 'hash',
    elements: ['f=v', 'g=7'],
  },
  { type: 24, body: [...TIME, 1, 0, ...text('f'), ...text('v')], kind: 'hash', elements: ['f=v'] },
  {
    type: 25,
    body: [...TIME, ...blob(listpackOf(['f', 'v', '0']))],
    kind: 'hash',
    elements: ['f=v'],
  },
  {
    type: 22,
    magic: 'VALKEY080',
    body: [1, ...text('f'), ...text('v'), ...NEVER],
    kind: 'hash',
    elements: ['f=v'],
  },
];

const UNSERVED: readonly (readonly [type: number, name: string, body: number[], magic?: string])[] =
  [
    [
      7,
      'module value',
      [0x81, ...ID.slice(8), 1, 5, 2, 6, 3, 1, 2, 3, 4, 4, ...TIME, 5, ...text('a'), 0],
    ],
    [15, 'stream', stream(1)],
    [19, 'stream (version 2)', stream(2)],
    [21, 'stream (version 3)', stream(3)],
    [26, 'stream (version 4)', stream(4)],
    [27, 'stream (version 5)', stream(5)],
    [
      28,
      'array',
      [
        4,
        1,
        0x40,
        0x99,
        0,
        0,
        ...text('a'),
        1,
        1,
        ...TIME,
        2,
        2,
        ...TIME,
        0x50,
        0,
        3,
        ...text('b'),
      ],
    ],
    [28, 'array', [1, 0, 0, 0, ...text('a')]],
    [22, 'hash with field expiry (preview)', [1, 9, ...text('f'), ...text('v')]],
    [23, 'hash with field expiry (preview listpack)', blob(listpackOf(['f', 'v', '9']))],
    [24, 'hash with field expiry', [...TIME, 1, 9, ...text('f'), ...text('v')]],
    [25, 'hash with field expiry (listpack)', [...TIME, ...blob(listpackOf(['f', 'v', '9']))]],
    [22, 'hash with field expiry', [1, ...text('f'), ...text('v'), ...TIME], 'VALKEY080'],
  ];

const places = fc.array(fc.nat(), { maxLength: 8 });

/** The value between two strings, so that a wrong extent shows. */
function around(type: number, body: number[], magic = 'REDIS0012'): Buffer {
  return snapshot(magic, [0, 1, 0x79, 0, type, 1], 'k', body, [0, 1], 'z', [1], 'y');
}

describe('values in an rdb', () => {
  for (const { type, magic, body, kind, elements } of SERVED) {
    const bytes = around(type, body, magic);
    it(`of type ${type}${magic ? ` of ${magic}` : ''}: a ${kind}, told or as it is`, () => {
      fc.assert(
        fc.property(places, (at) => {
          const { strings, collections } = readAll(cut(bytes, at));
          expect(strings.map(({ key }) => key)).to.deep.equal(['y', 'z']);
          expect(collections).to.deep.equal([
            { db: 0, key: 'k', kind, elements, expireAtMs: undefined, isWhole: true },
          ]);
          const { raw } = readAll(cut(bytes, at), { served: 'raw' });
          expect(raw.map(({ key }) => key)).to.deep.equal(['y', 'k', 'z']);
          expect([...raw[1]!.body]).to.deep.equal(body);
          expect(raw[1]!.type).to.equal(type);
        }),
        { numRuns: 30 },
      );
    });
  }

  for (const [type, name, body, magic] of UNSERVED) {
    const bytes = around(type, body, magic);
    it(`of type ${type}, a ${name}: refused, skipped, or as it is`, () => {
      fc.assert(
        fc.property(places, (at) => {
          expect(faultOf(() => readAll(cut(bytes, at)))).to.match(
            new RegExp(`^unsupported.*"k" holds a ${name.replace(/[()]/g, '\\$&')},.*at byte`),
          );
          const skipping = readAll(cut(bytes, at), { unserved: 'skip' });
          expect(skipping.skipped).to.deep.equal([`k: ${name}`]);
          expect(skipping.strings.map(({ key }) => key)).to.deep.equal(['y', 'z']);
          expect(skipping.collections).to.deep.equal([]);
          const { raw, strings } = readAll(cut(bytes, at), { unserved: 'raw' });
          expect(raw.map(({ body: taken }) => [...taken])).to.deep.equal([body]);
          expect(raw[0]).to.include({ key: 'k', type, typeName: name });
          expect(strings).to.have.length(2);
        }),
        { numRuns: 30 },
      );
    });
  }

  it('as they are come with their expiry and their use', () => {
    const bytes = snapshot(
      'REDIS0010',
      [252, 77, 0, 0, 0, 0, 0, 0, 0, 248, 9, 1, 1],
      'k',
      [1],
      text('a'),
    );
    expect(readAll([bytes], { served: 'raw' }).raw).to.deep.equal([
      {
        key: 'k',
        type: 1,
        typeName: 'list',
        body: Buffer.from([1, ...text('a')]),
        expireAtMs: 77,
        use: { kind: 'idle', seconds: 9 },
      },
    ]);
  });

  it('longer than anybody could take in one piece are not kept', () => {
    const element = Buffer.concat([Buffer.from([0x80, 0, 0x80, 0, 0]), Buffer.alloc(8 * 2 ** 20)]);
    const chunk = Buffer.concat(Array.from({ length: 8 }, () => element));
    const reader = new RdbReader({ string: () => undefined }, { served: 'raw' });
    reader.push(
      Buffer.concat([Buffer.from('REDIS0010'), Buffer.from([1, 1, 0x6b, 0x80, 0, 0, 1, 0])]),
    );
    expect(
      faultOf(() => {
        for (let at = 0; at < 20; at++) reader.push(chunk);
      }),
    ).to.match(/^unsupported.*in one piece/);
  });

  it('are told while they arrive: of a long list only one element is ever held back', () => {
    let told = 0;
    const reader = new RdbReader({
      string: () => undefined,
      collection: () => ({
        element: () => ++told > 0,
        field: () => false,
        member: () => false,
      }),
    });
    reader.push(Buffer.from('REDIS0010'));
    reader.push(Buffer.from([1, 1, 0x6b, 0x80, 0, 1, 0, 0]));
    for (let sent = 1; sent <= 1000; sent++) {
      reader.push(Buffer.from([1, 0x61, 1]));
      reader.push(Buffer.from([0x62]));
      expect(told).to.equal(2 * sent);
    }
  });

  const WRONG: readonly (readonly [what: string, type: number, body: number[]])[] = [
    ['a set with a member twice', 2, [2, ...text('a'), ...text('a')]],
    ['a hash with a field twice', 4, [2, ...text('f'), ...text('1'), ...text('f'), ...text('2')]],
    [
      'a sorted set with a member twice',
      5,
      [2, ...text('a'), ...double(1), ...text('a'), ...double(2)],
    ],
    ['a score that is not a number', 5, [1, ...text('a'), ...double(NaN)]],
    ['a score that is not a number, as text', 3, [1, ...text('a'), 253]],
    ['a score without digits', 3, [1, ...text('a'), ...text('x')]],
    ['a sorted set with a score of letters', 17, blob(listpackOf(['a', 'high']))],
    ['a field without a value', 16, blob(listpackOf(['f', 'v', 'g']))],
    ['a compact hash with a field twice', 16, blob(listpackOf(['f', '1', 'f', '2']))],
    [
      'a field twice among those that never expire',
      24,
      [...TIME, 2, 0, ...text('f'), ...text('1'), 0, ...text('f'), ...text('2')],
    ],
    ['fields and expiries that are no triples', 25, [...TIME, ...blob(listpackOf(['f', 'v']))]],
    ['an intset of nothing', 11, blob(Buffer.from([2, 0, 0, 0, 0, 0, 0, 0]))],
    ['a list node of an unknown kind', 18, [1, 3, ...text('a')]],
    ['a listpack that is none', 16, text('listpack')],
    ['a type that nobody knows', 99, []],
  ];
  for (const [what, type, body] of WRONG) {
    it(`${what}: malformed, with the place`, () => {
      const fault = faultOf(() => readAll([around(type, body)]));
      expect(fault).to.match(/^malformed: .*at byte \d+/);
    });
  }

  it("of nothing are told as empty; what to do with them is the listener's business", () => {
    for (const [type, body] of [
      [1, [0]],
      [4, [0]],
      [18, [0]],
      [18, [1, 2, ...blob(listpackOf([]))]],
      [16, blob(listpackOf([]))],
    ] as const) {
      const { collections } = readAll([around(type, [...body])]);
      expect(collections.map(({ elements }) => elements.length)).to.deep.equal([0]);
    }
  });

  it('survive any mutation: an RdbError or an answer, never a crash', () => {
    const samples = [
      ...SERVED,
      ...UNSERVED.map(([type, , body, magic]) => ({ type, body, magic })),
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...samples),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        places,
        fc.constantFrom('refuse', 'skip', 'raw'),
        ({ type, body, magic }, changes, at, unserved) => {
          const mutated = [...body];
          for (const [place, byte] of changes) mutated[place % mutated.length] = byte;
          try {
            readAll(cut(around(type, mutated, magic), at), { unserved });
          } catch (error) {
            if (!(error instanceof RdbError)) throw error;
          }
        },
      ),
      { numRuns: 3000 },
    );
  });
});

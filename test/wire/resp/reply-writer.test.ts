import { expect } from 'chai';
import fc from 'fast-check';
import { formatDouble } from '../../../src/lib/wire/resp/double.js';
import { ReplyWriter } from '../../../src/lib/wire/resp/reply-writer.js';

type Write = (writer: ReplyWriter) => void;

/** Around the sizes at which the writer changes its ways. */
const lengths = fc.oneof(
  fc.nat(60),
  ...[4 * 1024, 16 * 1024, 64 * 1024].map((size) => fc.integer({ min: size - 40, max: size + 40 })),
);

describe('reply writer', () => {
  const CASES: readonly (readonly [string, Write, string, string])[] = [
    ['status', (to) => to.status('OK'), '+OK\r\n', '+OK\r\n'],
    ['null', (to) => to.null(), '$-1\r\n', '_\r\n'],
    ['null array', (to) => to.nullArray(), '*-1\r\n', '_\r\n'],
    ['map', (to) => to.map(2), '*4\r\n', '%2\r\n'],
    ['set', (to) => to.set(2), '*2\r\n', '~2\r\n'],
    ['push', (to) => to.push(2), '*2\r\n', '>2\r\n'],
    ['double', (to) => to.double(1.5), '$3\r\n1.5\r\n', ',1.5\r\n'],
    ['boolean', (to) => to.boolean(true), ':1\r\n', '#t\r\n'],
    ['verbatim', (to) => to.verbatim('a'), '$1\r\na\r\n', '=5\r\ntxt:a\r\n'],
    [
      'big integer',
      (to) => to.integer(2n ** 62n),
      ':4611686018427387904\r\n',
      ':4611686018427387904\r\n',
    ],
    ['error with a line break', (to) => to.error('ERR a\r\nb'), '-ERR a  b\r\n', '-ERR a  b\r\n'],
  ];
  for (const [name, write, two, three] of CASES) {
    it(`writes ${name} in both protocols`, () => {
      for (const [protocol, expected] of [
        [2, two],
        [3, three],
      ] as const) {
        const writer = new ReplyWriter();
        writer.protocol = protocol;
        write(writer);
        expect(writer.take()).to.equal(expected);
        expect(writer.take()).to.equal('');
      }
    });
  }

  it('writes the same, of any length and in any order, as the plain text of it', () => {
    const text = fc
      .tuple(fc.integer({ min: 0, max: 255 }), lengths)
      .map(([code, length]) => String.fromCharCode(code).repeat(length));
    const number = fc.oneof(fc.integer({ min: 0, max: 2 ** 31 - 1 }), fc.nat(120));
    const pair = (write: Write, bytes: string): readonly [Write, string] => [write, bytes];
    const write = fc.oneof(
      text.map((value) => pair((to) => to.bulk(value), `$${value.length}\r\n${value}\r\n`)),
      text.map((value) => pair((to) => to.raw(value), value)),
      number.map((value) => pair((to) => to.array(value), `*${value}\r\n`)),
      fc.maxSafeInteger().map((value) => pair((to) => to.integer(value), `:${value}\r\n`)),
      number.map((value) => pair((to) => to.integer(value), `:${value}\r\n`)),
      lengths.map((length) =>
        pair((to) => to.status('x'.repeat(length)), `+${'x'.repeat(length)}\r\n`),
      ),
    );
    fc.assert(
      fc.property(fc.array(write, { maxLength: 30 }), (writes) => {
        const writer = new ReplyWriter();
        for (const [one] of writes) one(writer);
        const expected = writes.map(([, bytes]) => bytes).join('');
        expect(writer.pendingBytes).to.equal(expected.length);
        expect(writer.take() === expected).to.equal(true);
        expect(writer.isEmpty).to.equal(true);
      }),
    );
  });

  it('withdraws what was written since a mark, and nothing else', () => {
    fc.assert(
      fc.property(lengths, lengths, lengths, (before, withdrawn, after) => {
        const writer = new ReplyWriter();
        writer.raw('a'.repeat(before));
        const mark = writer.mark();
        writer.raw('b'.repeat(withdrawn));
        writer.bulk('b'.repeat(withdrawn));
        writer.withdraw(mark);
        writer.raw('c'.repeat(after));
        expect(writer.pendingBytes).to.equal(before + after);
        expect(writer.take() === 'a'.repeat(before) + 'c'.repeat(after)).to.equal(true);
      }),
    );
  });

  it('goes back to where it was, as far as that has not left', () => {
    fc.assert(
      fc.property(lengths, fc.array(lengths, { maxLength: 5 }), lengths, (before, more, after) => {
        const writer = new ReplyWriter();
        writer.raw('a'.repeat(before));
        for (const length of more) {
          writer.raw('b'.repeat(length));
          writer.bulk('b'.repeat(length));
        }
        expect(writer.rewind(before)).to.equal(true);
        writer.raw('c'.repeat(after));
        expect(writer.pendingBytes).to.equal(before + after);
        expect(writer.take() === 'a'.repeat(before) + 'c'.repeat(after)).to.equal(true);
        expect(writer.rewind(1)).to.equal(false);
      }),
    );
  });

  it("writes over no bytes that are still somebody else's", () => {
    const writer = new ReplyWriter();
    const kept: Buffer[] = [];
    for (const letter of 'abc') {
      writer.raw(letter.repeat(5_000));
      writer.leave((bytes) => {
        kept.push(bytes);
        return false;
      });
    }
    expect(Buffer.concat(kept).toString()).to.equal(
      'a'.repeat(5_000) + 'b'.repeat(5_000) + 'c'.repeat(5_000),
    );
  });

  const DOUBLES: readonly (readonly [number, string])[] = [
    [0, '0'],
    [-0, '-0'],
    [1, '1'],
    [1.5, '1.5'],
    [0.1, '0.10000000000000001'],
    [-3, '-3'],
    [1e16, '10000000000000000'],
    [1e17, '1e+17'],
    [1.5e300, '1.5000000000000001e+300'],
    [0.0001, '0.0001'],
    [0.00001, '1.0000000000000001e-05'],
    [Infinity, 'inf'],
    [-Infinity, '-inf'],
    [NaN, 'nan'],
    [3.3, '3.2999999999999998'],
    [123456789.125, '123456789.125'],
    // In the middle between two decimals: C takes the even one.
    [827420773811895.625, '827420773811895.62'],
    [-827420773811895.625, '-827420773811895.62'],
    [827420773811895.875, '827420773811895.88'],
    [1000000000000000.5, '1000000000000000.5'],
    [54708453804208632, '54708453804208632'],
  ];
  for (const [value, text] of DOUBLES) {
    it(`prints ${value} as C's %.17g does: ${text}`, () => {
      expect(formatDouble(value)).to.equal(text);
    });
  }
});

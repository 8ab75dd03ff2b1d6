import { expect } from 'chai';
import { formatDouble } from '../../../src/lib/wire/resp/double.js';
import { ReplyWriter } from '../../../src/lib/wire/resp/reply-writer.js';

type Write = (writer: ReplyWriter) => void;

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
  ];
  for (const [value, text] of DOUBLES) {
    it(`prints ${value} as C's %.17g does: ${text}`, () => {
      expect(formatDouble(value)).to.equal(text);
    });
  }
});

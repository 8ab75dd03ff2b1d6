import { expect } from 'chai';
import fc from 'fast-check';
import { AofReader } from '../../src/lib/wire/aof-reader.js';
import { encodeRequest } from '../../src/lib/wire/resp/request-encoder.js';

const word = fc
  .string({ unit: 'binary', maxLength: 12 })
  .map((text) => Buffer.from(text).latin1Slice());
const command = fc.array(word, { minLength: 1, maxLength: 5 });

/** All commands in pieces of the given sizes, and the reader after them. */
function read(text: string, sizes: readonly number[]): { commands: string[][]; reader: AofReader } {
  const reader = new AofReader();
  const commands: string[][] = [];
  const bytes = Buffer.from(text, 'latin1');
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? bytes.length;
    reader.push(bytes.subarray(at, at + size));
    for (let argv = reader.next(); argv; argv = reader.next()) commands.push(argv);
    reader.keep();
    at += size;
  }
  return { commands, reader };
}

const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });

describe('aof reader', () => {
  it('gives back the commands, however the bytes are cut, and passes over annotations', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 8 }), sizes, fc.nat(8), (all, cuts, at) => {
        const texts = all.map(encodeRequest);
        texts.splice(at, 0, '#TS:1700000000\r\n');
        const text = texts.join('');
        const { commands, reader } = read(text, cuts);
        expect(commands).to.deep.equal(all);
        expect(reader.error).to.equal(undefined);
        expect(reader.wholeBytes).to.equal(text.length);
      }),
    );
  });

  it('knows where the last whole command ends in a file cut anywhere', () => {
    fc.assert(
      fc.property(
        fc.array(command, { minLength: 1, maxLength: 5 }),
        sizes,
        fc.nat(),
        (all, cuts, cut) => {
          const texts = all.map(encodeRequest);
          const text = texts.join('');
          const length = cut % (text.length + 1);
          const { commands, reader } = read(text.slice(0, length), cuts);
          let whole = 0;
          let count = 0;
          while (count < texts.length && whole + texts[count]!.length <= length) {
            whole += texts[count++]!.length;
          }
          expect(reader.error).to.equal(undefined);
          expect(commands).to.deep.equal(all.slice(0, count));
          expect(reader.wholeBytes).to.equal(whole);
        },
      ),
    );
  });

  it('refuses what no server writes', () => {
    for (const text of [
      'SET a b\r\n',
      '*0\r\n',
      '*-1\r\n',
      '*x\r\n',
      '*01\r\n$1\r\na\r\n',
      '*1\r\n:1\r\n',
      '*1\r\n$-1\r\n',
      '*1\r\n$1\r\nab\r\n',
      '*1\r\n$99999999999\r\n',
      `*1${'0'.repeat(40)}`,
      '\0\0\0\0',
    ]) {
      const { reader } = read(`${encodeRequest(['PING'])}${text}`, [3]);
      expect(reader.error, text).to.match(/at byte \d+$/);
      expect(reader.wholeBytes).to.equal(14);
    }
  });
});

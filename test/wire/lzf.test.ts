import { expect } from 'chai';
import fc from 'fast-check';
import { LzfCompressor, lzfDecompress } from '../../src/lib/wire/lzf.js';

/** What repeats, near and far. */
const PIECES = [
  'a'.repeat(300),
  'abcabcabc',
  'x'.repeat(3),
  'the same words',
  '\0'.repeat(9000),
].map((text) => Buffer.from(text));

describe('lzf', () => {
  it('copies literals and repeats what lies behind, overlapping its own end', () => {
    // One literal 'a', then a reference one byte back of length 7+1+2.
    const input = Buffer.from([0x00, 0x61, 0xe0, 0x01, 0x00]);
    const output = lzfDecompress(input, 11);
    expect(output.ok && output.value.toString()).to.equal('a'.repeat(11));
  });

  it('reads a reference of middle distance and length', () => {
    const input = Buffer.from([0x03, ...Buffer.from('abcd'), 0x40, 0x03]);
    const output = lzfDecompress(input, 8);
    expect(output.ok && output.value.toString()).to.equal('abcdabcd');
  });

  it('gives back what one compressor made of any strings, one after the other', () => {
    const piece = fc.oneof(fc.uint8Array({ maxLength: 50 }), fc.constantFrom(...PIECES));
    const text = fc.array(piece, { maxLength: 60 }).map((pieces) => Buffer.concat(pieces));
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 4 }), fc.nat(20), (texts, at) => {
        const compressor = new LzfCompressor();
        for (const input of texts) {
          const output = Buffer.alloc(at + input.length * 2 + 4);
          const end = compressor.compress(input, output, at, input.length * 2 + 4);
          expect(end).to.be.at.least(at);
          const again = lzfDecompress(output.subarray(at, end), input.length);
          expect(again.ok && again.value.equals(input)).to.equal(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('makes long runs short, and gives up where nothing is to be saved', () => {
    const compressor = new LzfCompressor();
    const output = Buffer.alloc(20_000);
    expect(compressor.compress(Buffer.alloc(10_000, 'a'), output, 0, 10_000)).to.be.below(200);
    expect(compressor.compress(Buffer.from('abcdefghijklmnopqrstuvwxyz'), output, 0, 22)).to.equal(
      -1,
    );
  });

  it('refuses any garbage without a crash or a giant allocation', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(2 ** 31), (bytes, length) => {
        const output = lzfDecompress(bytes, length);
        if (output.ok) expect(output.value.length).to.equal(length);
      }),
    );
  });
});

import { expect } from 'chai';
import fc from 'fast-check';
import { lzfDecompress } from '../../src/lib/wire/lzf.js';

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

  it('refuses any garbage without a crash or a giant allocation', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(2 ** 31), (bytes, length) => {
        const output = lzfDecompress(bytes, length);
        if (output.ok) expect(output.value.length).to.equal(length);
      }),
    );
  });
});

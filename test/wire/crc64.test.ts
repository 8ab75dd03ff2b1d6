import { expect } from 'chai';
import fc from 'fast-check';
import { Crc64 } from '../../src/lib/wire/crc64.js';

/** The definition, bit by bit, with a BigInt: slow and plainly right. */
function crc64ByDefinition(bytes: Uint8Array): string {
  let crc = 0n;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++)
      crc = crc & 1n ? (crc >> 1n) ^ 0x95ac9329ac4bc9b5n : crc >> 1n;
  }
  return crc.toString(16).padStart(16, '0');
}

describe('crc64', () => {
  it('gives the check value of the polynomial', () => {
    expect(new Crc64().update(Buffer.from('123456789')).hex()).to.equal('e9c6d914c4b8d9ca');
  });

  it('agrees with the bitwise definition, however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(100), (bytes, cut) => {
        const at = Math.min(cut, bytes.length);
        const inTwo = new Crc64().update(bytes, 0, at).update(bytes, at);
        expect(inTwo.hex()).to.equal(crc64ByDefinition(bytes));
      }),
    );
  });
});

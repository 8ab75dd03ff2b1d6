import { expect } from 'chai';
import fc from 'fast-check';
import { fromBytes } from '../../../src/lib/kernel/bytes.js';
import { Crc64 } from '../../../src/lib/wire/crc64.js';
import { makeDump, parseDump } from '../../../src/lib/wire/rdb/dump.js';

/** A payload with a right footer around any value bytes. */
function payload(body: readonly number[], version = 9): string {
  const bytes = Buffer.from([...body, version, 0]);
  return fromBytes(Buffer.concat([bytes, new Crc64().update(bytes).digest()]));
}

describe('dump', () => {
  it('gives back any string', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20_000 }), (bytes) => {
        const value = fromBytes(bytes);
        expect(parseDump(makeDump(0, (body) => body.text(value)))).to.deep.equal({
          ok: true,
          value,
        });
      }),
    );
  });

  it('tells a bad footer, a bad value and a value it does not serve apart', () => {
    const kindOf = (text: string): string => {
      const parsed = parseDump(text);
      return parsed.ok ? 'ok' : parsed.error.kind;
    };
    expect(kindOf('short')).to.equal('footer');
    expect(kindOf(payload([0, 1, 0x61], 15))).to.equal('footer');
    expect(kindOf(payload([0, 1, 0x61]).slice(0, -1) + '\x00')).to.equal('footer');
    expect(kindOf(payload([0, 5, 0x61]))).to.equal('malformed');
    expect(kindOf(payload([0, 1, 0x61, 0x62]))).to.equal('malformed');
    expect(kindOf(payload([99, 1, 0x61]))).to.equal('malformed');
    expect(kindOf(payload([1, 1, 1, 0x61]))).to.equal('unsupported');
    expect(kindOf(payload([1, 2, 1, 0x61]))).to.equal('malformed');
  });

  it('never crashes on mutated values behind a right footer', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(255), { minLength: 1, maxLength: 40 }), (body) => {
        parseDump(payload(body));
      }),
      { numRuns: 2000 },
    );
  });
});

import { expect } from 'chai';
import fc from 'fast-check';
import { fromBytes } from '../../../src/lib/kernel/bytes.js';
import { Crc64 } from '../../../src/lib/wire/crc64.js';
import { type DumpReceiver, makeDump, parseDump } from '../../../src/lib/wire/rdb/dump.js';
import { recordingSink } from './support.js';

/** A payload with a right footer around any value bytes. */
function payload(body: readonly number[], version = 9): string {
  const bytes = Buffer.from([...body, version, 0]);
  return fromBytes(Buffer.concat([bytes, new Crc64().update(bytes).digest()]));
}

const NOWHERE: DumpReceiver = {
  string: () => undefined,
  collection: (kind) => recordingSink(kind, []),
};

function parse(text: string): string {
  const parsed = parseDump(text, NOWHERE);
  return parsed.ok ? 'ok' : parsed.error.kind;
}

/** The kind of value, and what it is made of. */
function taken(text: string): string[] {
  const told: string[] = [];
  const parsed = parseDump(text, {
    string: (value) => void told.push('string', value),
    collection: (kind) => {
      told.push(kind);
      return recordingSink(kind, told);
    },
  });
  return parsed.ok ? told : [parsed.error.kind];
}

describe('dump', () => {
  it('gives back any string', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20_000 }), (bytes) => {
        const value = fromBytes(bytes);
        const made = makeDump(0, (body) => body.text(value));
        expect(made.ok && taken(made.value)).to.deep.equal(['string', value]);
      }),
    );
  });

  it('gives back the elements of a collection, in their order', () => {
    const made = makeDump(5, (body) => {
      body.length(2);
      body.text('a');
      body.double(0.1);
      body.text('b');
      body.double(-Infinity);
    });
    expect(made.ok && taken(made.value)).to.deep.equal(['zset', 'a:0.1', 'b:-Infinity']);
  });

  it('takes the types of Valkey by its version, and those of Redis by theirs', () => {
    const behind = [22, 1, 1, 0x66, 1, 0x76, ...Buffer.alloc(8, 255)];
    expect(taken(payload(behind, 80))).to.deep.equal(['hash', 'f=v']);
    const before = [22, 1, 0, 1, 0x66, 1, 0x76];
    expect(taken(payload(before, 12))).to.deep.equal(['hash', 'f=v']);
    expect(parse(payload(before, 20))).to.equal('footer');
  });

  it('is not made when nobody could take it', function () {
    this.timeout(20_000);
    const long = 'x'.repeat(64 * 2 ** 20);
    const made = makeDump(1, (body) => {
      body.length(100);
      for (let at = 0; at < 100; at++) body.text(long);
    });
    expect(!made.ok && made.error).to.match(/longer than \d+ bytes/);
  });

  it('tells a bad footer, a bad value and a value it does not serve apart', () => {
    expect(parse('short')).to.equal('footer');
    expect(parse(payload([0, 1, 0x61], 15))).to.equal('footer');
    expect(parse(payload([0, 1, 0x61]).slice(0, -1) + '\x00')).to.equal('footer');
    expect(parse(payload([0, 5, 0x61]))).to.equal('malformed');
    expect(parse(payload([0, 1, 0x61, 0x62]))).to.equal('malformed');
    expect(parse(payload([99, 1, 0x61]))).to.equal('malformed');
    expect(parse(payload([1, 1, 1, 0x61]))).to.equal('ok');
    expect(parse(payload([1, 2, 1, 0x61]))).to.equal('malformed');
    expect(parse(payload([2, 2, 1, 0x61, 1, 0x61]))).to.equal('malformed');
    expect(parse(payload([15, 0, 0, 0, 0, 0]))).to.equal('unsupported');
    expect(parse(payload([15, 0, 0, 0, 0, 0, 0]))).to.equal('malformed');
    expect(parse(payload([28, 1, 0, 0, 0, 1, 0x61], 14))).to.equal('unsupported');
    expect(parse(payload([6, 7, 7, 7], 9))).to.equal('unsupported');
  });

  it('never crashes on mutated values behind a right footer', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(255), { minLength: 1, maxLength: 40 }), (body) => {
        parse(payload(body));
      }),
      { numRuns: 2000 },
    );
  });
});

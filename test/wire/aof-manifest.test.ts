import { expect } from 'chai';
import fc from 'fast-check';
import {
  type AofManifest,
  formatAofManifest,
  parseAofManifest,
} from '../../src/lib/wire/aof-manifest.js';

const name = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 20 })
  .map((text) => Buffer.from(text).toString('latin1').replace(/[/\\]/g, '_'));
const part = fc.record({ name, sequence: fc.integer({ min: 1, max: 1e9 }) });
const manifest: fc.Arbitrary<AofManifest> = fc.record({
  base: fc.option(part, { nil: undefined }),
  history: fc.array(part, { maxLength: 4 }),
  increments: fc
    .uniqueArray(part, { maxLength: 5, selector: ({ sequence }) => sequence })
    .map((parts) => [...parts].sort((a, b) => a.sequence - b.sequence)),
});

describe('aof manifest', () => {
  it('gives back what was written', () => {
    fc.assert(
      fc.property(manifest, (value) => {
        const text = formatAofManifest(value);
        fc.pre(text !== '');
        expect(parseAofManifest(text)).to.deep.equal({ ok: true, value });
      }),
    );
  });

  it('passes over comments and words of later versions', () => {
    const text =
      '# made by hand\nFILE a.base.rdb SEQ 2 TYPE b startoffset 12\nfile a.3.incr.aof seq 3 type i\n';
    expect(parseAofManifest(text)).to.deep.equal({
      ok: true,
      value: {
        base: { name: 'a.base.rdb', sequence: 2 },
        history: [],
        increments: [{ name: 'a.3.incr.aof', sequence: 3 }],
      },
    });
  });

  const wrong: readonly (readonly [text: string, line: number, reason: RegExp])[] = [
    ['', 1, /empty/],
    ['\n', 1, /made of/],
    ['file a seq 1 type\n', 1, /made of/],
    ['file a seq 1 type b x\n', 1, /made of/],
    ['file "a seq 1 type b\n', 1, /made of/],
    ['file a seq 1 type b\nfile c seq 2 type b\n', 2, /base already/],
    ['file a seq 2 type i\nfile c seq 2 type i\n', 2, /does not rise/],
    ['file a seq 0 type i\n', 1, /positive/],
    ['file a seq 1 type x\n', 1, /none of/],
    ['file ../a seq 1 type b\n', 1, /name of a file/],
    ['file a seq 1 type b', 1, /no end/],
    [`file ${'a'.repeat(1100)} seq 1 type b\n`, 1, /too long/],
  ];
  for (const [text, line, reason] of wrong) {
    it(`refuses ${JSON.stringify(text.slice(0, 50))}`, () => {
      const parsed = parseAofManifest(text);
      expect(parsed.ok).to.equal(false);
      if (!parsed.ok) {
        expect(parsed.error.line).to.equal(line);
        expect(parsed.error.reason).to.match(reason);
      }
    });
  }

  it('says yes or no to any text', () => {
    fc.assert(
      fc.property(manifest, fc.nat(), fc.nat(255), (value, at, byte) => {
        const text = formatAofManifest(value);
        const where = at % (text.length + 1);
        const changed = text.slice(0, where) + String.fromCharCode(byte) + text.slice(where + 1);
        expect(parseAofManifest(changed).ok).to.be.a('boolean');
        expect(parseAofManifest(text.slice(0, where)).ok).to.be.a('boolean');
      }),
    );
  });
});

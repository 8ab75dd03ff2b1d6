import { expect } from 'chai';
import fc from 'fast-check';
import { TribError } from '../../../src/lib/kernel/errors.js';
import type { Reply } from '../../../src/lib/wire/resp/reply.js';
import { encodeReply } from './encode-reply.js';
import { ReplyDecoder } from '../../../src/lib/wire/resp/reply-decoder.js';

const bytes = fc.uint8Array({ maxLength: 30 }).map((some) => Buffer.from(some).latin1Slice());
const line = bytes.map((text) => text.replace(/[\r\n]/g, '.'));

const { reply } = fc.letrec<{ reply: Reply; leaf: Reply }>((tie) => ({
  leaf: fc.oneof(
    fc.record({ kind: fc.constantFrom('status' as const, 'error' as const), text: line }),
    fc.record({ kind: fc.constantFrom('bulk' as const, 'bulk-error' as const), text: bytes }),
    fc.record({ kind: fc.constant('integer' as const), value: fc.maxSafeInteger() }),
    fc.record({ kind: fc.constant('big-number' as const), value: fc.bigInt() }),
    fc.record({ kind: fc.constant('double' as const), value: fc.double() }),
    fc.record({ kind: fc.constant('boolean' as const), value: fc.boolean() }),
    fc.record({
      kind: fc.constant('null' as const),
      form: fc.constantFrom('bulk' as const, 'array' as const, 'null' as const),
    }),
    fc.record({ kind: fc.constant('verbatim' as const), format: fc.constant('txt'), text: bytes }),
  ),
  reply: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    tie('leaf'),
    fc.record({
      kind: fc.constantFrom('array' as const, 'set' as const, 'push' as const),
      items: fc.array(tie('reply'), { maxLength: 4 }),
    }),
    fc.record({
      kind: fc.constant('map' as const),
      pairs: fc.array(fc.tuple(tie('reply'), tie('reply')), { maxLength: 3 }),
    }),
    fc.record({
      kind: fc.constant('attribute' as const),
      pairs: fc.array(fc.tuple(tie('reply'), tie('reply')), { maxLength: 2 }),
      of: tie('reply'),
    }),
  ),
}));

/** -0 and 0 are one integer on the wire. */
const normal = (value: Reply): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'bigint' ? `${inner}n` : Object.is(inner, -0) ? 0 : inner,
  );

describe('reply decoder', () => {
  it('reads back what was written, in any chunking', () => {
    fc.assert(
      fc.property(
        fc.array(reply, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 40 }),
        (replies, size) => {
          const sent = Buffer.from(replies.map(encodeReply).join(''), 'latin1');
          const decoder = new ReplyDecoder();
          const seen: Reply[] = [];
          for (let at = 0; at < sent.length; at += size) {
            const chunk = Buffer.from(sent.subarray(at, at + size));
            decoder.push(chunk);
            for (let one = decoder.next(); one; one = decoder.next()) seen.push(one);
            decoder.keep();
            chunk.fill(0xff);
          }
          expect(seen.map(normal)).to.deep.equal(replies.map(normal));
          expect(decoder.pendingBytes).to.equal(0);
        },
      ),
    );
  });

  it('answers garbage with a PROTOCOL error or waits, and nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (garbage) => {
        const decoder = new ReplyDecoder();
        decoder.push(Buffer.from(garbage));
        try {
          while (decoder.next() !== undefined);
        } catch (error) {
          expect(error).to.be.instanceOf(TribError);
          expect((error as TribError).code).to.equal('PROTOCOL');
          expect(() => decoder.next()).to.throw(TribError);
        }
      }),
    );
  });

  const WRONG = [
    '?\r\n',
    '$-2\r\n',
    '*1000000000\r\n',
    ':1.5\r\n',
    '#x\r\n',
    '_x\r\n',
    '$1\r\nabc\r\n',
    '=2\r\nab\r\n',
  ];
  for (const text of WRONG) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      const decoder = new ReplyDecoder();
      decoder.push(Buffer.from(text));
      expect(() => decoder.next()).to.throw(TribError, /does not speak RESP/);
    });
  }

  it('refuses nesting past its bound instead of growing without end', () => {
    const decoder = new ReplyDecoder();
    decoder.push(Buffer.from('*1\r\n'.repeat(1000)));
    expect(() => decoder.next()).to.throw(TribError, /nested too deep/);
  });
});

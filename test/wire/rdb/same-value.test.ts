/** One value in many forms, and values that only look alike. */
import { expect } from 'chai';
import { dumpOf, makeDump } from '../../../src/lib/wire/rdb/dump.js';
import { payloadVersion } from '../../../src/lib/wire/rdb/format.js';
import { isSameValue } from '../../../src/lib/wire/rdb/same-value.js';

const list = (type: 1 | 2, ...elements: string[]): string => payload(type, elements, 1);
const pairs = (...fields: string[]): string => payload(4, fields, 2);

function payload(type: number, words: readonly string[], perElement: number): string {
  const made = makeDump(type, (body) => {
    body.length(words.length / perElement);
    for (const word of words) body.text(word);
  });
  if (!made.ok) throw new Error(made.error);
  return made.value;
}

const string = (text: string): string => {
  const made = makeDump(0, (body) => body.text(text));
  if (!made.ok) throw new Error(made.error);
  return made.value;
};

describe('the same value', () => {
  it('is the same in another order where order means nothing, and in another encoding', () => {
    expect(isSameValue(list(2, 'a', 'b'), list(2, 'b', 'a'))).to.equal(true);
    expect(isSameValue(pairs('f', '1', 'g', '2'), pairs('g', '2', 'f', '1'))).to.equal(true);
    // 12 as a number of one byte, and as its digits.
    const number = dumpOf(0, Buffer.from([0xc0, 12]), 9);
    const digits = dumpOf(0, Buffer.from([2, 0x31, 0x32]), 10);
    expect(isSameValue(number, digits)).to.equal(true);
  });

  it('is another one when a word, its place or its kind differs', () => {
    expect(isSameValue(list(1, 'a', 'b'), list(1, 'b', 'a'))).to.equal(false);
    expect(isSameValue(list(1, 'a'), list(2, 'a'))).to.equal(false);
    expect(isSameValue(pairs('f', '1', 'g', '2'), pairs('f', '2', 'g', '1'))).to.equal(false);
    expect(isSameValue(pairs('a', 'bc'), pairs('ab', 'c'))).to.equal(false);
    expect(isSameValue(string('a'), string('b'))).to.equal(false);
    expect(isSameValue(string('a'), list(1, 'a'))).to.equal(false);
  });

  it('goes by the bytes of what cannot be opened, whatever version says so', () => {
    const stream = Buffer.from([0, 0, 0, 0, 0, 0]);
    expect(isSameValue(dumpOf(15, stream, 9), dumpOf(15, stream, 11))).to.equal(true);
    const other = Buffer.from([0, 0, 1, 0, 0, 0]);
    expect(isSameValue(dumpOf(15, stream, 9), dumpOf(15, other, 9))).to.equal(false);
  });

  it('travels with the lowest version that knows its type', () => {
    expect(
      [0, 5, 15, 16, 19, 20, 21].map((code) => payloadVersion(code, 'redis', 14)),
    ).to.deep.equal([9, 9, 9, 10, 10, 11, 11]);
    expect(payloadVersion(24, 'redis', 12)).to.equal(12);
    expect(payloadVersion(22, 'valkey', 80)).to.equal(80);
  });
});

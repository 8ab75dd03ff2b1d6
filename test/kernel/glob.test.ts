import { expect } from 'chai';
import { compileGlob } from '../../src/lib/kernel/glob.js';

describe('glob patterns over keys', () => {
  const CASES: readonly (readonly [string, string, boolean])[] = [
    ['*', '', true],
    ['a*c', 'abbc', true],
    ['a*c', 'abb', false],
    ['?', 'a', true],
    ['?', '', false],
    ['h[ae]llo', 'hello', true],
    ['h[^e]llo', 'hello', false],
    ['h[a-c]llo', 'hbllo', true],
    ['h[c-a]llo', 'hbllo', true],
    ['\\*', '*', true],
    ['\\*', 'a', false],
    ['[\\]]', ']', true],
    ['A', 'a', false],
    ['a[', 'a', false],
    ['a**b', 'ab', true],
    ['*a*b*', 'xxaxxbxx', true],
    ['\xff?', '\xff\x00', true],
    ['', '', true],
    ['', 'a', false],
  ];
  for (const [pattern, text, expected] of CASES) {
    it(`${JSON.stringify(pattern)} ${expected ? 'matches' : 'does not match'} ${JSON.stringify(text)}`, () => {
      expect(compileGlob(pattern)(text)).to.equal(expected);
    });
  }

  it('answers a hostile pattern in time that fits its length', () => {
    expect(compileGlob('a*'.repeat(200) + 'b')('a'.repeat(5000))).to.equal(false);
  });
});

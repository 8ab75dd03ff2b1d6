/** Lines of redis.conf: splitting, quoting, rewriting. */
import { expect } from 'chai';
import fc from 'fast-check';
import {
  type ConfEntry,
  parseConf,
  REWRITE_MARK,
  rewriteConf,
} from '../../src/lib/wire/redis-conf.js';
import { quoteWord, splitWords } from '../../src/lib/wire/quoted-words.js';

const anyBytes = fc
  .uint8Array({ maxLength: 24 })
  .map((bytes) => Buffer.from(bytes).toString('latin1'));

describe('lines of redis.conf', () => {
  const SPLITS: readonly (readonly [line: string, words: readonly string[] | undefined])[] = [
    ['', []],
    ['   ', []],
    ['save 900 1', ['save', '900', '1']],
    ['a\t b\v\fc', ['a', 'b', 'c']],
    ['save ""', ['save', '']],
    ['a "b c"', ['a', 'b c']],
    ['a "\\x41\\n\\t\\\\\\"\\q"', ['a', 'A\n\t\\"q']],
    ['a "\\x4"', ['a', 'x4']],
    ["a 'b \\' \\n'", ['a', "b ' \\n"]],
    ['a b"c d"', ['a', 'bc d']],
    ['a "b"c', undefined],
    ['a "b', undefined],
    ["a 'b", undefined],
    ['a b # c', ['a', 'b', '#', 'c']],
  ];
  for (const [line, words] of SPLITS) {
    it(`splits ${JSON.stringify(line)}`, () => {
      expect(splitWords(line)).to.deep.equal(words);
    });
  }

  it('reads back whatever it quoted, byte for byte', () => {
    fc.assert(
      fc.property(fc.array(anyBytes, { maxLength: 5 }), (words) => {
        expect(splitWords(words.map(quoteWord).join(' '))).to.deep.equal(words);
      }),
    );
  });

  it('never throws on any text, and counts lines from 1', () => {
    fc.assert(
      fc.property(
        fc.array(anyBytes).map((lines) => lines.join('\n')),
        (text) => {
          const parsed = parseConf(text);
          const numbers = parsed.ok
            ? parsed.value.map(({ number }) => number)
            : [parsed.error.number];
          for (const number of numbers) {
            expect(number).to.be.within(1, text.split('\n').length);
          }
        },
      ),
    );
  });

  it('passes over comments and empty lines, and takes Windows line ends', () => {
    const parsed = parseConf('# a\r\n\r\n  PORT 7000\r\n\t# b\r\n');
    expect(parsed).to.deep.equal({
      ok: true,
      value: [{ number: 3, text: 'PORT 7000', name: 'port', words: ['7000'] }],
    });
  });
});

describe('rewriting a redis.conf', () => {
  const entry = (
    name: string,
    lines: readonly (readonly string[])[],
    more: Partial<ConfEntry> = {},
  ): ConfEntry => ({
    name,
    lines,
    isDefault: false,
    saysTheSame: (old) => JSON.stringify(old) === JSON.stringify(lines),
    ...more,
  });

  it('leaves lines that say the same as they were typed', () => {
    const text = '# top\nport   7000\nhz 10 \n';
    const entries = [entry('port', [['7000']]), entry('hz', [['10']])];
    expect(rewriteConf(text, entries)).to.equal(text);
  });

  it('replaces in place, drops surplus lines, appends what is missing below the mark', () => {
    const text = '# top\nsave 1 1\n\nsave 2 2\nslaveof a 1\nunknown x\n';
    const entries = [
      entry('save', [['9', '9']]),
      entry('replicaof', [['b', '2']], { alias: 'slaveof' }),
      entry('dir', [['/with space']]),
    ];
    expect(rewriteConf(text, entries)).to.equal(
      `# top\nsave 9 9\n\nreplicaof b 2\nunknown x\n${REWRITE_MARK}\ndir "/with space"\n`,
    );
  });

  it('does not write defaults that the file does not name', () => {
    expect(rewriteConf('', [entry('hz', [['10']], { isDefault: true })])).to.equal('');
    expect(rewriteConf('hz 20\n', [entry('hz', [['10']], { isDefault: true })])).to.equal(
      'hz 10\n',
    );
  });

  it('written again it is the same', () => {
    const entries = [entry('a', [['1'], ['2']]), entry('b', [['']]), entry('c', [])];
    const once = rewriteConf('c gone\n# x\na 0', entries);
    expect(rewriteConf(once, entries)).to.equal(once);
    expect(once).to.equal(`# x\na 1\n${REWRITE_MARK}\na 2\nb ""\n`);
  });
});

import { expect } from 'chai';
import fc from 'fast-check';
import { RequestParser } from '../../../src/lib/wire/resp/request-parser.js';
import { encodeRequest } from '../../../src/lib/wire/resp/request-encoder.js';
import { splitWords } from '../../../src/lib/wire/quoted-words.js';

const latin1 = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).latin1Slice());
const argv = fc.array(latin1, { minLength: 1, maxLength: 6 });

function parseAll(chunks: readonly Buffer[], parser = new RequestParser()): string[][] {
  const commands: string[][] = [];
  for (const chunk of chunks) {
    parser.push(chunk);
    for (let command = parser.next(); command; command = parser.next()) commands.push(command);
    parser.keep();
    // The socket reuses its buffer.
    chunk.fill(0xff);
  }
  return commands;
}

function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  let at = 0;
  for (let turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length]!;
    chunks.push(Buffer.from(bytes.subarray(at, at + size)));
    at += size;
  }
  return chunks;
}

function errorOf(text: string, isTrusted = true): string | undefined {
  const parser = new RequestParser();
  parser.isTrusted = isTrusted;
  parseAll([Buffer.from(text, 'latin1')], parser);
  return parser.error;
}

describe('request parser', () => {
  it('gives the same commands for any chunking', () => {
    fc.assert(
      fc.property(
        fc.array(argv, { minLength: 1, maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 5 }),
        (commands, sizes) => {
          const bytes = Buffer.from(commands.map(encodeRequest).join(''), 'latin1');
          expect(parseAll(cut(bytes, sizes))).to.deep.equal(commands);
        },
      ),
    );
  });

  it('counts the bytes of whole commands only', () => {
    const parser = new RequestParser();
    const first = encodeRequest(['SET', 'a', '1']);
    parser.push(Buffer.from(`${first}*2\r\n$3\r\nGET\r\n`));
    expect(parser.next()).to.deep.equal(['SET', 'a', '1']);
    expect(parser.consumedBytes).to.equal(first.length);
    expect(parser.next()).to.equal(undefined);
    expect(parser.isMidCommand).to.equal(true);
    parser.keep();
    const second = encodeRequest(['GET', 'a']);
    parser.push(Buffer.from('$1\r\na\r\n'));
    expect(parser.next()).to.deep.equal(['GET', 'a']);
    expect(parser.consumedBytes).to.equal(first.length + second.length);
  });

  it('never throws on garbage and stays silent after an error', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 60 }), { maxLength: 4 }),
        (chunks) => {
          const parser = new RequestParser();
          parseAll(
            chunks.map((chunk) => Buffer.from(chunk)),
            parser,
          );
          if (parser.error !== undefined) {
            parser.push(Buffer.from('PING\r\n'));
            expect(parser.next()).to.equal(undefined);
          }
        },
      ),
    );
  });

  const LONG = 'x'.repeat(70_000);
  const WRONG: readonly (readonly [string, string])[] = [
    ['*x\r\n', 'Protocol error: invalid multibulk length'],
    ['*99999999999\r\n', 'Protocol error: invalid multibulk length'],
    ['*1\r\n+GET\r\n', "Protocol error: expected '$', got '+'"],
    ['*1\r\n$-1\r\n', 'Protocol error: invalid bulk length'],
    ['*1\r\n$01\r\n', 'Protocol error: invalid bulk length'],
    ['*1\r\n$536870913\r\n', 'Protocol error: invalid bulk length'],
    [`*${LONG}`, 'Protocol error: too big mbulk count string'],
    [`*1\r\n$${LONG}`, 'Protocol error: too big bulk count string'],
    [LONG, 'Protocol error: too big inline request'],
    ['GET "a\r\n', 'Protocol error: unbalanced quotes in request'],
  ];
  for (const [text, error] of WRONG) {
    it(`answers ${JSON.stringify(text.slice(0, 20))} as real servers do`, () => {
      expect(errorOf(text)).to.equal(error);
    });
  }

  it('lets strangers send only short things', () => {
    expect(errorOf('*11\r\n', false)).to.equal('Protocol error: unauthenticated multibulk length');
    expect(errorOf('*1\r\n$16385\r\n', false)).to.equal(
      'Protocol error: unauthenticated bulk length',
    );
    expect(errorOf('*10\r\n$16384\r\n', false)).to.equal(undefined);
  });

  it('skips empty lines, empty arrays and null arrays', () => {
    expect(parseAll([Buffer.from('\r\n*0\r\n*-1\r\nPING\r\n')])).to.deep.equal([['PING']]);
  });
});

describe('inline words', () => {
  const CASES: readonly (readonly [string, string[] | undefined])[] = [
    ['set  a\tb ', ['set', 'a', 'b']],
    ['set a "x \\x41\\n\\q"', ['set', 'a', 'x A\nq']],
    ["set a 'it\\'s \\n'", ['set', 'a', "it's \\n"]],
    ['a"b"', ['ab']],
    ['""', ['']],
    ['"a"b', undefined],
    ['"a', undefined],
    ["'a", undefined],
    ['', []],
  ];
  for (const [line, words] of CASES) {
    it(`${JSON.stringify(line)} is ${JSON.stringify(words ?? 'unbalanced')}`, () => {
      expect(splitWords(line)).to.deep.equal(words);
    });
  }
});

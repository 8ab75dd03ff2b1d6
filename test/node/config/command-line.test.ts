/** The command line of redis-server. */
import { expect } from 'chai';
import { parseCommandLine } from '../../../src/lib/node/config/command-line.js';

describe('the command line of a node', () => {
  const CASES: readonly (readonly [
    args: readonly string[],
    file: string | undefined,
    lines: string,
  ])[] = [
    [[], undefined, ''],
    [['a.conf'], 'a.conf', ''],
    [['--port', '7000'], undefined, 'port 7000'],
    [['a.conf', '--port', '7000', '--hz', '20'], 'a.conf', 'port 7000\nhz 20'],
    [['--port 7000', '--hz', '20'], undefined, 'port 7000\nhz 20'],
    [['--save', '900', '1', '300', '10'], undefined, 'save 900 1 300 10'],
    [['--save', ''], undefined, 'save ""'],
    [['--save', '--port', '1'], undefined, 'save ""\nport 1'],
    [['--port', '1', '--save'], undefined, 'port 1\nsave ""'],
    [['--requirepass', '--secret'], undefined, 'requirepass --secret'],
    [['--masterauth', 'a b'], undefined, 'masterauth "a b"'],
    [['a.conf', 'stray'], 'a.conf', 'stray'],
  ];
  for (const [args, file, lines] of CASES) {
    it(`reads ${JSON.stringify(args)}`, () => {
      expect(parseCommandLine(args)).to.deep.equal({ file, readsStdin: false, lines });
    });
  }

  it('reads more from the standard input where the last word is a dash', () => {
    expect(parseCommandLine(['-'])).to.include({ file: undefined, readsStdin: true });
    expect(parseCommandLine(['a.conf', '--hz', '5', '-'])).to.deep.equal({
      file: 'a.conf',
      readsStdin: true,
      lines: 'hz 5',
    });
  });
});

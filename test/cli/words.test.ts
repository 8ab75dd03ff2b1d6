/** What is typed, before anything is asked of a server. */
import { expect } from 'chai';
import { PassThrough } from 'node:stream';
import { normalizeWords } from '../../src/lib/cli/argv.js';
import { noSuchCommand } from '../../src/lib/cli/command-words.js';
import { completionScript } from '../../src/lib/cli/completion-scripts.js';
import { parseDuration } from '../../src/lib/cli/duration.js';
import { failureDocument, failureFrom, failureText } from '../../src/lib/cli/failure.js';
import { confirm, type Asking } from '../../src/lib/cli/prompt.js';
import { replyPlain, replyText } from '../../src/lib/cli/reply-text.js';
import { cutAtOperand } from '../../src/lib/cli/verbatim.js';
import { parseZones } from '../../src/lib/cli/zones.js';
import { AssertionFailure, TribError } from '../../src/lib/kernel/errors.js';
import type { Reply } from '../../src/lib/wire/resp/reply.js';
import { thrownBy } from '../support/thrown-by.js';
import { runTrib } from './run-trib.js';

describe('words of the command line', () => {
  const orders: readonly [string, string][] = [
    ['create a b c --replicas 1', 'create a b c --replicas 1'],
    ['--cluster create a b --cluster-replicas 1', 'create a b --cluster-replicas 1'],
    ['-a secret --cluster check a', 'check -a secret a'],
    ['--tls --cacert ca.pem --cluster info a', 'info --tls --cacert ca.pem a'],
    ['--help', '--help'],
    ['--version', '--version'],
    ['-h', '--help'],
    ['-h 10.0.0.1 -p 7000 -c --cluster check a', 'check a'],
    ['check a -h', 'help check'],
    ['lab up --help', 'help lab up'],
    ['call -h', 'help call'],
    ['call a:1 FUNCTION -h', 'call a:1 FUNCTION -h'],
    ['call -a --x a:1 ECHO --help', 'call -a --x -- a:1 ECHO --help'],
    ['node a.conf -h', 'node a.conf -h'],
    ['frob a', 'help -- frob'],
    ['--json frob a', 'help --json -- frob'],
    ['lab frob', 'help -- lab frob'],
    ['--frob', 'help -- --frob'],
    ['lab', 'lab'],
  ];
  for (const [typed, understood] of orders) {
    it(`takes "${typed}" for "${understood}"`, () => {
      expect(normalizeWords(typed.split(' ')).join(' ')).to.equal(understood);
    });
  }

  it('answers a word that is no command with the nearest one', () => {
    const error = noSuchCommand(['chek']);
    expect(error.message).to.equal('"chek" is no command of trib.');
    expect(error.hints).to.include('Did you mean trib check?');
    expect(error.exitStatus).to.equal(2);
    expect(noSuchCommand(['lab', 'dwn']).hints[0]).to.equal('Did you mean trib lab down?');
    expect(noSuchCommand(['xyzzy']).hints).to.deep.equal(['trib help lists all commands.']);
  });

  it('cuts call at the node: dashes behind it belong to the command', () => {
    const flags = { pass: { type: 'option', char: 'a' }, json: { type: 'boolean' } } as const;
    const cut = (line: string): string => cutAtOperand(line.split(' '), flags).join(' ');
    expect(cut('h:1 SET k -1')).to.equal('-- h:1 SET k -1');
    expect(cut('-a s --json h:1 ECHO --json')).to.equal('-a s --json -- h:1 ECHO --json');
    expect(cut('--pass=s h:1 X')).to.equal('--pass=s -- h:1 X');
    expect(cut('-as h:1 X')).to.equal('-as -- h:1 X');
    expect(cut('h:1 PING --cluster-only-masters')).to.equal('--cluster-only-masters -- h:1 PING');
  });

  it('tells a mistyped value in one line, whoever refused it', async () => {
    const told = async (line: string) =>
      (await runTrib(line.split(' '))).stderr.trimEnd().split('\n')[0];
    const refused = await Promise.all(
      ['reshard a:1 --pipeline 0', 'reshard a:1 --max-rate fast'].map(told),
    );
    expect(refused).to.deep.equal([
      '[ERR] --pipeline 0: give a whole number from 1 to 100000.',
      "[ERR] --max-rate: 'fast' is no rate.",
    ]);
    const folder = await runTrib(['backup', 'a:1', '']);
    expect(folder.stderr).to.match(/^\[ERR\] Which folder\?/);
    expect(folder.status).to.equal(2);
  });

  it('reads durations with units, and refuses what is none', () => {
    const table = [
      ['500', 500],
      ['500ms', 500],
      ['1.5s', 1_500],
      ['2m', 120_000],
      ['1h', 3_600_000],
      ['24h', 86_400_000],
    ] as const;
    for (const [text, durationMs] of table) expect(parseDuration(text)).to.equal(durationMs);
    for (const text of ['', 'soon', '-1s', '0', '25h', '999999m', '9'.repeat(400)]) {
      expect(() => parseDuration(text), text)
        .to.throw(TribError)
        .with.property('code', 'USAGE');
    }
    for (const text of ['0', '1441m']) {
      expect(thrownBy(() => parseDuration(text)).hints).to.deep.equal(['Give 1ms to 24h.']);
    }
  });

  it('reads zones', () => {
    expect([...parseZones(['a=x', 'b=y'])]).to.deep.equal([
      ['a', 'x'],
      ['b', 'y'],
    ]);
    expect(() => parseZones(['a'])).to.throw(TribError);
  });

  it('writes completions that name every command and option', () => {
    const commands = [
      { id: 'check', summary: "what's wrong", options: ['--json'] },
      { id: 'lab up', summary: 'start', options: ['--nodes'] },
    ];
    for (const shell of ['bash', 'zsh', 'fish'] as const) {
      const script = completionScript(shell, 'trib', commands);
      for (const word of ['check', 'json', 'lab', 'up', 'nodes']) expect(script).to.include(word);
    }
  });
});

describe('questions without a terminal', () => {
  function asking(): {
    readonly asked: Asking;
    readonly input: PassThrough;
    readonly shown: () => string;
  } {
    const input = new PassThrough();
    const output = new PassThrough();
    let shown = '';
    output.on('data', (chunk: Buffer) => (shown += chunk.toString()));
    return { asked: { stdin: input as never, output: output as never }, input, shown: () => shown };
  }

  async function codeOf(answer: Promise<void>): Promise<string> {
    try {
      await answer;
      return 'accepted';
    } catch (error) {
      return error instanceof TribError ? error.code : 'thrown';
    }
  }

  const answers: readonly [string, string][] = [
    ['yes\n', 'accepted'],
    ['YES\n', 'accepted'],
    ['yes', 'accepted'],
    ['y\n', 'DECLINED'],
    ['no\nyes\n', 'DECLINED'],
    ['', 'DECLINED'],
  ];
  for (const [typed, outcome] of answers) {
    it(`${JSON.stringify(typed)}: ${outcome}`, async () => {
      const { asked, input, shown } = asking();
      input.end(typed);
      expect(await codeOf(confirm('Sure?', asked))).to.equal(outcome);
      expect(shown()).to.include("Sure? (type 'yes' to accept): ");
    });
  }
});

describe('failures', () => {
  it('show the message and what to type, and no stack unless asked', () => {
    const failure = failureFrom(
      new TribError('NODE_UNREACHABLE', 'gone', { hint: ['look', 'again'], details: { a: 1 } }),
    );
    expect(failureText(failure, false)).to.equal('[ERR] gone\n      look\n      again');
    expect(failureText(failure, true)).to.include('at ');
    expect(failureDocument(failure)).to.deep.equal({
      schemaVersion: 1,
      kind: 'error',
      error: {
        code: 'NODE_UNREACHABLE',
        message: 'gone',
        hints: ['look', 'again'],
        details: { a: 1 },
        exitStatus: 5,
      },
    });
  });

  it('tell our own mistakes from the world, and both from wrong usage', () => {
    expect(failureFrom(new AssertionFailure('x'))).to.include({ code: 'INTERNAL', exitStatus: 1 });
    expect(failureFrom(Object.assign(new Error('x'), { oclif: {} }))).to.include({
      code: 'USAGE',
      exitStatus: 2,
    });
  });
});

describe('replies as text and as JSON', () => {
  const bulk = (text: string): Reply => ({ kind: 'bulk', text });
  const table: readonly [string, Reply, string, unknown][] = [
    ['a status', { kind: 'status', text: 'OK' }, 'OK', 'OK'],
    ['an error', { kind: 'error', text: 'ERR x' }, 'ERR x\n', { error: 'ERR x' }],
    ['null', { kind: 'null', form: 'bulk' }, '', null],
    ['an integer', { kind: 'integer', value: 7 }, '7', 7],
    ['UTF-8', bulk('\u00c3\u00bc'), '\u00c3\u00bc', 'ü'],
    ['bytes', bulk('\u00ff\u0000'), '\u00ff\u0000', { base64: '/wA=' }],
    [
      'nested arrays',
      { kind: 'array', items: [bulk('a'), { kind: 'array', items: [bulk('b'), bulk('c')] }] },
      'a\nb\nc',
      ['a', ['b', 'c']],
    ],
    ['a map', { kind: 'map', pairs: [[bulk('k'), bulk('v')]] }, 'k v', { pairs: [['k', 'v']] }],
  ];
  for (const [name, reply, text, plain] of table) {
    it(name, () => {
      expect(replyText(reply)).to.equal(text);
      expect(replyPlain(reply)).to.deep.equal(plain);
    });
  }
});

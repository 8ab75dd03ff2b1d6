/** What people type about moving slots, and what it means; wrong words get one clear error each. */
import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import { Dialogue } from '../../src/lib/cli/dialogue.js';
import { movingFrom, parseBytes, parseRate } from '../../src/lib/cli/moving-flags.js';
import { askReshard, consent, slotCountFrom } from '../../src/lib/cli/reshard-questions.js';
import { WEIGHT_WORD, splitPair, weightsFrom } from '../../src/lib/cli/weights.js';
import type { Asking } from '../../src/lib/cli/prompt.js';
import { MOVING_DEFAULTS } from '../../src/lib/execute/move/moving.js';
import { idOf, syntheticNodes, viewOf } from '../support/synthetic-view.js';
import { rejectionOf, thrownBy } from '../support/thrown-by.js';

const view = viewOf(syntheticNodes());
const never = () => Promise.resolve('fail' as const);

/** A dialogue whose input is this text, and what was shown. */
function dialogueOf(text: string): { readonly dialogue: Dialogue; readonly shown: () => string } {
  const stdin = new PassThrough();
  stdin.end(text);
  const output = new PassThrough();
  const asking = { stdin, output } as unknown as Asking;
  return {
    dialogue: new Dialogue(asking, 'Say it all.'),
    shown: () => String(output.read() ?? ''),
  };
}

describe('options about moving', () => {
  it('reads rates and sizes', () => {
    expect(parseRate('5000keys/s')).to.deep.equal({ unit: 'keys', perSecond: 5_000 });
    expect(parseRate('10MB/s')).to.deep.equal({ unit: 'bytes', perSecond: 10 << 20 });
    expect(parseRate('1.5kb/s')).to.deep.equal({ unit: 'bytes', perSecond: 1_536 });
    expect(parseBytes('512KB')).to.equal(512 << 10);
    expect(parseBytes('1048576')).to.equal(1 << 20);
    expect(parseBytes('0')).to.equal(0);
  });

  for (const text of [
    '',
    '5',
    '-5keys/s',
    '0keys/s',
    '0.5keys/s',
    '1023B/s',
    '1025GB/s',
    `${'9'.repeat(400)}keys/s`,
    'keys/s',
    '5 bananas/s',
    '5keys',
    'NaNkeys/s',
  ]) {
    it(`takes '${text}' for no rate`, () => {
      expect(thrownBy(() => parseRate(text)).code).to.equal('USAGE');
    });
  }

  for (const text of ['', '-1', 'x', '1TB2', '1.2.3', '0.1', '1025GB', '9'.repeat(400)]) {
    it(`takes '${text}' for no size`, () => {
      expect(thrownBy(() => parseBytes(text)).code).to.equal('USAGE');
    });
  }

  it('names the range of what is out of it', () => {
    const hints = (text: string) => thrownBy(() => parseRate(text)).hints.join();
    expect(hints('0.5keys/s')).to.equal('Give 1key/s to 1000000000keys/s.');
    expect(hints('1B/s')).to.equal('Give 1KB/s to 1024GB/s.');
    expect(thrownBy(() => parseBytes('9000GB')).hints.join()).to.match(/0, or 1 to 1024GB/);
    expect(thrownBy(() => splitPair(`a=${'9'.repeat(24)}`)).hints.join()).to.match(
      /0\.001 to 1000000\./,
    );
    expect(splitPair('a=0.000')).to.deep.equal(['a', 0]);
  });

  it('takes a limit of an earlier run away', () => {
    const begun = { rate: { unit: 'keys', perSecond: 5 }, guardMs: 20 } as const;
    expect(movingFrom({}, never, begun)).to.include({ ...begun });
    const freed = movingFrom({ 'max-rate': 'none', guard: 0 }, never, begun);
    expect([freed.rate, freed.guardMs]).to.deep.equal([undefined, 0]);
  });

  it('keeps the defaults where nothing is said, and what is said otherwise', async () => {
    const { journal: _, login: __, ...defaults } = MOVING_DEFAULTS;
    const plain = movingFrom({}, never);
    expect({ ...plain, bigKeys: 0, rate: 0 }).to.deep.equal({ ...defaults, bigKeys: 0, rate: 0 });
    expect(plain.bigKeys.onBigKey).to.equal('fail');
    const said = movingFrom(
      { timeout: 5, pipeline: 10, replace: true, 'on-big-key': 'skip', 'max-key-bytes': 7 },
      never,
    );
    expect(said).to.include({ migrateTimeoutMs: 5, batchKeysMax: 10, replace: true });
    expect(said.bigKeys).to.include({ limitBytes: 7, onBigKey: 'skip' });
    const asking = movingFrom({ 'on-big-key': 'ask' }, () => Promise.resolve('move'));
    expect(await asking.bigKeys.ask?.([])).to.equal('move');
    expect(movingFrom({ 'use-atomic-slot-migration': true }, never).way).to.equal('atomic');
  });
});

describe('weights', () => {
  it('are given by id, prefix or address', () => {
    const weights = weightsFrom(view, [
      `${idOf(0)}=2`,
      `${idOf(1).slice(0, 6)}=0`,
      '10.0.0.3:7002=1.5',
    ]);
    expect([...weights]).to.deep.equal([
      [idOf(0), 2],
      [idOf(1), 0],
      [idOf(2), 1.5],
    ]);
    expect(WEIGHT_WORD.test('10.0.0.3:7002=1')).to.equal(true);
    expect(WEIGHT_WORD.test('10.0.0.3:7002')).to.equal(false);
  });

  for (const pair of [
    'a=-1',
    'a=NaN',
    'a=',
    '=1',
    'a',
    'a=1e9',
    'a=Infinity',
    'a=x',
    'a=1000001',
    `a=${'9'.repeat(24)}`,
    'a=0.0009',
    `a=0.${'0'.repeat(400)}1`,
  ]) {
    it(`are refused as ${pair}`, () => {
      expect(thrownBy(() => splitPair(pair)).code).to.equal('USAGE');
    });
  }

  it('are refused for replicas, unknown and ambiguous ids, and given twice', () => {
    const code = (...pairs: string[]) => thrownBy(() => weightsFrom(view, pairs)).code;
    expect(code(`${idOf(4)}=1`)).to.equal('NOT_A_PRIMARY');
    expect(code('ffffffff=1')).to.equal('UNKNOWN_NODE');
    expect(code('a00=1')).to.equal('AMBIGUOUS_NODE');
    expect(code(`${idOf(0)}=1`, '10.0.0.1:7000=2')).to.equal('USAGE');
  });
});

describe('the questions of reshard', () => {
  it('are asked until the answers make sense, and only where no option answers them', async () => {
    const { dialogue, shown } = dialogueOf(
      `0\n-3\n7\n${idOf(4)}\n${idOf(0)}\ndone\n${idOf(0)}\n${idOf(1)}\n${idOf(1)}\ndone\nyes\n`,
    );
    const wish = await askReshard(view, {}, dialogue);
    expect(wish).to.deep.equal({ count: 7, targetId: idOf(0), sourceIds: [idOf(1)] });
    await consent(dialogue);
    const text = shown();
    expect(text.match(/How many slots/g)).to.have.length(3);
    expect(text).to.include('10.0.0.5:7004').and.to.include('is a replica');
    expect(text).to.include(
      "  Type 'all' to use all the nodes as source nodes for the hash slots.",
    );
    expect(text).to.include('Source node #2: ');
    const silent = dialogueOf('');
    const given = { count: 3, to: idOf(1), from: 'all' };
    expect(await askReshard(view, given, silent.dialogue)).to.deep.equal({
      count: 3,
      targetId: idOf(1),
      sourceIds: 'all',
    });
    expect(silent.shown()).to.equal('');
  });

  it('take all, and more sources where those named own too few', async () => {
    const all = dialogueOf(`9000\n${idOf(0)}\n${idOf(1)}\ndone\nall\n`);
    expect((await askReshard(view, {}, all.dialogue)).sourceIds).to.equal('all');
    expect(all.shown()).to.include('These own 5462 slots only, fewer than 9000.');
  });

  it('are declined by the end of input at any of them, and by anything but yes', async () => {
    const answers = ['5', idOf(0), idOf(1), 'done'];
    for (let given = 0; given < answers.length; given++) {
      const { dialogue } = dialogueOf(
        answers
          .slice(0, given)
          .map((line) => `${line}\n`)
          .join(''),
      );
      const error = await rejectionOf(askReshard(view, {}, dialogue));
      expect(error.code).to.equal('DECLINED');
      expect(error.hints).to.deep.equal(['Say it all.']);
    }
    for (const text of ['', 'no\n', 'y\n']) {
      expect((await rejectionOf(consent(dialogueOf(text).dialogue))).code).to.equal('DECLINED');
    }
  });

  it('are not asked where an option is wrong already', async () => {
    const code = async (options: Parameters<typeof askReshard>[1]) =>
      (await rejectionOf(askReshard(view, options, dialogueOf('').dialogue))).code;
    expect(await code({ to: 'ffffffff' })).to.equal('UNKNOWN_NODE');
    expect(await code({ to: idOf(4) })).to.equal('NOT_A_PRIMARY');
    expect(await code({ to: idOf(0), from: `${idOf(1)},${idOf(0)}` })).to.equal('USAGE');
    expect(await code({ from: ',' })).to.equal('USAGE');
    for (const text of ['0', '-1', '1.5', '1e3', 'x', '', '16385', '99999999999']) {
      expect(thrownBy(() => slotCountFrom(text)).code, text).to.equal('USAGE');
    }
  });
});

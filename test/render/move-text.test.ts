import { expect } from 'chai';
import type { ExecutionEvent } from '../../src/lib/execute/events.js';
import { limitsText } from '../../src/lib/render/move-text.js';
import { ProgressText } from '../../src/lib/render/progress-text.js';

const PLAIN = { color: false, width: 80 };
const [source, target] = [
  { host: '127.0.0.1', port: 7000 },
  { host: '127.0.0.1', port: 7001 },
];

const progress = (slotsDone: number, keysDone: number, elapsedMs: number): ExecutionEvent => ({
  kind: 'moves-progress',
  slotsDone,
  slotCount: 2_000,
  keysDone,
  keyCount: 73_000,
  bytes: 0,
  elapsedMs,
});
const moved: ExecutionEvent = { kind: 'slot-moved', slot: 7, source, target, keyCount: 1 };
const done: ExecutionEvent = {
  kind: 'moves-done',
  slotsDone: 2_000,
  keysDone: 73_000,
  elapsedMs: 1_400,
};

describe('slots on their way, as text', () => {
  it('is a bar at a terminal, drawn over itself, and a sum at the end', () => {
    const text = new ProgressText(PLAIN, { terminal: true });
    expect(text.next(progress(1_000, 36_500, 700))).to.equal(
      '\r[############............] 1000 of 2000 slots, 36,500 keys, 52,143 keys/s, 0.7',
    );
    const wide = new ProgressText({ ...PLAIN, width: 100 }, { terminal: true });
    expect(wide.next(progress(1_000, 36_500, 700))).to.match(/keys\/s, 0\.7 s left$/);
    expect(wide.next(progress(2_000, 73_000, 1_400))).to.match(/^\r\[#{24}\] .* 0\.0 s left *$/);
    expect(wide.next(moved)).to.equal('');
    expect(wide.next(done)).to.equal(
      '\nMoved 2000 slots with 73,000 keys in 1.4 s (52,143 keys/s).\n',
    );
  });

  it('is a line per slot in a log', () => {
    const text = new ProgressText(PLAIN);
    expect(text.next(progress(1, 1, 1))).to.equal('');
    expect(text.next(moved)).to.equal(
      'Moving slot 7 from 127.0.0.1:7000 to 127.0.0.1:7001: 1 key\n',
    );
  });

  it('says when the guard slows the moves down only to those who want to know more', () => {
    const slowed: ExecutionEvent = {
      kind: 'pace-changed',
      node: source,
      pingMs: 12.5,
      isSlowed: true,
    };
    expect(new ProgressText(PLAIN).next(slowed)).to.equal('');
    expect(new ProgressText(PLAIN, { verbose: true }).next(slowed)).to.equal(
      '127.0.0.1:7000 answers PING after 12.5 ms: moving more slowly.\n',
    );
  });
});

describe('what holds a move back, as text', () => {
  const slow = { unit: 'bytes', perSecond: 10 << 20 } as const;
  it('is a line, or nothing', () => {
    expect(limitsText({ rate: undefined, guardMs: 0 }, 'See help.')).to.deep.equal([]);
    expect(limitsText({ rate: slow, guardMs: 0 }, 'See help.')).to.deep.equal([
      'It moves no faster than 10 MB/s. See help.',
    ]);
    expect(limitsText({ rate: { ...slow, perSecond: 1_536 }, guardMs: 20 })).to.deep.equal([
      'It moves no faster than 1.5 KB/s, and more slowly when a source takes more than 20 ms for a PING.',
    ]);
  });
});

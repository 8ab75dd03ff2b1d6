import { expect } from 'chai';
import { EMPTY_MANIFEST } from '../../../src/lib/wire/aof-manifest.js';
import {
  dueGrowth,
  nextBase,
  retryMinutes,
  rewritten,
  withIncrement,
} from '../../../src/lib/node/persistence/aof-parts.js';
import { dueSavePoint, parseSavePoints } from '../../../src/lib/node/persistence/save-points.js';

describe('save points', () => {
  const points = parseSavePoints('3600 1 300 100 60 10000');
  const calm = { changes: 0, secondsSinceSave: 1e6, secondsSinceAttempt: 1e6, hasFailed: false };

  it('are pairs, and none where there are none', () => {
    expect(points[1]).to.deep.equal({ seconds: 300, changes: 100 });
    expect(parseSavePoints('')).to.deep.equal([]);
  });

  it('ask when enough has changed and enough time is over', () => {
    const due = (changes: number, seconds: number): number | undefined =>
      dueSavePoint(points, { ...calm, changes, secondsSinceSave: seconds })?.seconds;
    expect(due(0, 1e6)).to.equal(undefined);
    expect(due(1, 3600)).to.equal(undefined);
    expect(due(1, 3601)).to.equal(3600);
    expect(due(100, 301)).to.equal(300);
    expect(due(10_000, 61)).to.equal(60);
    expect(due(9999, 61)).to.equal(undefined);
  });

  it('leave a disk that failed alone for five seconds', () => {
    const failed = { ...calm, changes: 1, hasFailed: true };
    expect(dueSavePoint(points, { ...failed, secondsSinceAttempt: 5 })).to.equal(undefined);
    expect(dueSavePoint(points, { ...failed, secondsSinceAttempt: 6 })).not.to.equal(undefined);
  });
});

describe('parts of an append-only file', () => {
  it('are numbered upwards, and a rewrite makes history of all but the last', () => {
    const first = withIncrement(
      { ...EMPTY_MANIFEST, base: nextBase(EMPTY_MANIFEST, 'a', true) },
      'a',
      0,
    );
    const second = withIncrement(first.manifest, 'a', 0);
    expect(second.manifest.increments.map(({ name }) => name)).to.deep.equal([
      'a.1.incr.aof',
      'a.2.incr.aof',
    ]);
    const base = nextBase(second.manifest, 'a', false);
    expect(base).to.deep.equal({ name: 'a.2.base.aof', sequence: 2 });
    const after = rewritten(second.manifest, base, true);
    expect(after.base).to.equal(base);
    expect(after.increments).to.deep.equal([second.part]);
    expect(after.history.map(({ name }) => name)).to.deep.equal(['a.1.base.rdb', 'a.1.incr.aof']);
    const off = rewritten(second.manifest, base, false);
    expect(off.increments).to.deep.equal([]);
    expect(withIncrement(off, 'a', 0).part.sequence).to.equal(3);
    expect(withIncrement({ ...off, history: [] }, 'a', 7).part.sequence).to.equal(8);
  });

  it('are written anew when they have grown enough', () => {
    const grown = { currentBytes: 200, baseBytes: 100, percentage: 100, minBytes: 150 };
    expect(dueGrowth(grown)).to.equal(100);
    expect(dueGrowth({ ...grown, currentBytes: 199 })).to.equal(undefined);
    expect(dueGrowth({ ...grown, minBytes: 200 })).to.equal(undefined);
    expect(dueGrowth({ ...grown, percentage: 0 })).to.equal(undefined);
    expect(dueGrowth({ ...grown, baseBytes: 0 })).to.equal(19_900);
  });

  it('that cannot be rewritten are tried less and less often, once an hour at least', () => {
    expect([1, 2, 3, 4, 5, 20].map(retryMinutes)).to.deep.equal([0, 0, 1, 2, 4, 60]);
  });
});

/** Laws of sorted sets: they do what a plain array sorted after every change would do. */
import { expect } from 'chai';
import fc from 'fast-check';
import { defaultLayout } from '../../../src/lib/node/store/layout.js';
import { SortedSetValue } from '../../../src/lib/node/store/sorted-set-value.js';

type Row = readonly [member: string, score: number];

/** The same, as slowly and plainly as possible. */
class Model {
  readonly scores = new Map<string, number>();

  rows(): Row[] {
    return [...this.scores].sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1));
  }
}

function rowsOf(value: SortedSetValue): Row[] {
  const rows: Row[] = [];
  value.forEach((member, score) => rows.push([member, score]));
  return rows;
}

type Change = { readonly member: string; readonly score: number | undefined };

const change = (members: number): fc.Arbitrary<Change> =>
  fc.record({
    member: fc.nat(members).map((number) => `m${number}`),
    score: fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(0, 1, -1, 2.5, Infinity, -Infinity) },
      { weight: 4, arbitrary: fc.integer({ min: -1000, max: 1000 }) },
      { weight: 3, arbitrary: fc.constant(undefined) },
    ),
  });

function apply(value: SortedSetValue, model: Model, { member, score }: Change): void {
  if (score === undefined) {
    expect(value.delete(member)).to.equal(model.scores.delete(member));
    return;
  }
  expect(value.set(member, score)).to.equal(!model.scores.has(member));
  model.scores.set(member, score);
}

/** Everything it can be asked, against the model. */
function expectEqual(value: SortedSetValue, model: Model): void {
  const rows = model.rows();
  expect(rowsOf(value)).to.deep.equal(rows);
  expect(value.size).to.equal(rows.length);
  rows.forEach(([member, score], rank) => {
    expect(value.rank(member)).to.equal(rank);
    expect(value.score(member)).to.equal(score);
    const here: Row[] = [];
    value.ascend(rank, 1, (...row) => here.push(row));
    value.descend(rank, 1, (...row) => here.push(row));
    expect(here).to.deep.equal([rows[rank], rows[rank]]);
  });
  expect(value.rank('nobody')).to.equal(undefined);
  for (const bound of [-Infinity, -5, 0, 1, 7.5, Infinity]) {
    expect(value.countBefore((score) => score < bound)).to.equal(
      rows.filter(([, score]) => score < bound).length,
    );
  }
}

/** Members met by a whole scan in steps, with something happening between the steps. */
function scanAll(value: SortedSetValue, between: () => void): string[] {
  const met: string[] = [];
  let cursor = 0;
  do {
    cursor = value.scan(cursor, 5, (member) => met.push(member));
    between();
  } while (cursor !== 0);
  return met;
}

describe('SortedSetValue', () => {
  it('keeps what a sorted array keeps, whatever is added, moved and deleted', () => {
    const changes = fc.array(change(400), { maxLength: 900, size: 'max' });
    fc.assert(
      fc.property(changes, (all) => {
        const value = new SortedSetValue(defaultLayout());
        const model = new Model();
        for (const one of all) apply(value, model, one);
        expectEqual(value, model);
        expectEqual(value.clone(), model);
      }),
      { numRuns: 60 },
    );
  });

  it('keeps a clone apart from its original', () => {
    const changes = fc.array(change(60), { minLength: 1, maxLength: 120 });
    fc.assert(
      fc.property(changes, changes, (first, second) => {
        const value = new SortedSetValue(defaultLayout());
        const model = new Model();
        for (const one of first) apply(value, model, one);
        const copy = value.clone();
        const later = new Model();
        for (const [member, score] of model.scores) later.scores.set(member, score);
        for (const one of second) apply(copy, later, one);
        expectEqual(value, model);
        expectEqual(copy, later);
      }),
      { numRuns: 60 },
    );
  });

  for (const order of ['upwards', 'downwards', 'mixed'] as const) {
    it(`holds ten thousand members that came ${order}, and loses them from both ends`, () => {
      const value = new SortedSetValue(defaultLayout());
      const model = new Model();
      const count = 10_000;
      for (let step = 0; step < count; step++) {
        const score =
          order === 'upwards' ? step : order === 'downwards' ? count - step : (step * 7919) % count;
        apply(value, model, { member: `m${step}`, score });
      }
      const rows = model.rows();
      expect(rowsOf(value)).to.deep.equal(rows);
      for (let step = 0; step < count / 2 - 20; step++) {
        value.delete(rows[step]![0]);
        value.delete(rows[count - 1 - step]![0]);
      }
      expect(rowsOf(value)).to.deep.equal(rows.slice(count / 2 - 20, count / 2 + 20));
      expect(value.rank(rows[count / 2]![0])).to.equal(20);
    });
  }

  it('shows every member that stays throughout to a scan, however it grows and shrinks meanwhile', () => {
    fc.assert(
      fc.property(fc.nat(2000), fc.integer({ min: -40, max: 40 }), (size, step) => {
        const value = new SortedSetValue(defaultLayout());
        const staying = Array.from({ length: 150 }, (_, at) => `staying ${at}`);
        for (const member of staying) value.set(member, 0);
        for (let at = 0; at < size; at++) value.set(`leaving ${at}`, at);
        let next = step > 0 ? size : 0;
        const met = scanAll(value, () => {
          for (let times = Math.abs(step); times > 0 && next < 5000; times--, next++) {
            if (step > 0) value.set(`coming ${next}`, next);
            else value.delete(`leaving ${next}`);
          }
        });
        expect(met).to.include.members(staying);
      }),
      { numRuns: 40 },
    );
  });

  it('gives each member once to a scan that nothing disturbs', () => {
    const value = new SortedSetValue(defaultLayout());
    const members = Array.from({ length: 3000 }, (_, at) => `member ${at}`);
    for (const member of members) value.set(member, 1);
    expect(scanAll(value, () => undefined).sort()).to.deep.equal(members.sort());
  });

  it('is a listpack until it has outgrown one, and never again', () => {
    const value = new SortedSetValue(defaultLayout());
    for (let at = 0; at < 128; at++) value.set(`m${at}`, at);
    expect(value.encoding).to.equal('listpack');
    value.set('m128', 128);
    expect(value.encoding).to.equal('skiplist');
    for (let at = 0; at < 128; at++) value.delete(`m${at}`);
    expect(value.encoding).to.equal('skiplist');
    expect(value.clone().encoding).to.equal('skiplist');
    const long = new SortedSetValue(defaultLayout());
    long.set('x'.repeat(65), 1);
    expect(long.encoding).to.equal('skiplist');
  });
});

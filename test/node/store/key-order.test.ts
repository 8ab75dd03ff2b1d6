import { expect } from 'chai';
import fc from 'fast-check';
import { Prng } from '../../../src/lib/kernel/prng.js';
import { Entry } from '../../../src/lib/node/store/entry.js';
import { KeyOrder } from '../../../src/lib/node/store/key-order.js';
import { KeyTable } from '../../../src/lib/node/store/key-table.js';

/** A few thousand entries, of which some are deleted in the manner of the seed; the living, in order. */
function populate(order: KeyOrder, prng: Prng): Entry[] {
  const entries: Entry[] = [];
  const total = 1 + prng.below(6_000);
  const keptPercent = prng.below(101);
  for (let sequence = 1; sequence <= total; sequence++) {
    const entry = new Entry(`k${sequence}`, 'v', sequence, 0);
    entries.push(entry);
    order.add(entry);
    // Some go at once, so that blocks are squeezed while others are filled.
    if (prng.below(4) === 0 && prng.below(100) >= keptPercent) remove(order, entry);
  }
  for (const entry of entries) {
    if (entry.isLive && prng.below(100) >= keptPercent) remove(order, entry);
  }
  return entries.filter((entry) => entry.isLive);
}

function remove(order: KeyOrder, entry: Entry): void {
  entry.isLive = false;
  order.noteDead(entry);
}

describe('key order', () => {
  const seeds = fc.integer({ min: 1, max: 2 ** 31 - 1 });

  it('walks up and down over exactly the living, in order, in steps of any length', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 700 }), (seed, step) => {
        const order = new KeyOrder();
        const living = populate(order, new Prng(seed, 1, 1));
        expect([...order]).to.deep.equal(living);
        const down: Entry[] = [];
        let cursor = 0;
        do cursor = order.scan(cursor, step, (entry) => down.push(entry));
        while (cursor !== 0);
        expect(down.reverse()).to.deep.equal(living);
        const last = living.at(-1)?.sequence ?? 0;
        const up: Entry[] = [];
        for (let passed = 0; passed < last;) {
          const before = up.length;
          passed = order.ascend(passed, last, step, (entry) => up.push(entry));
          expect(up.length - before).to.be.at.most(step);
        }
        expect(up).to.deep.equal(living);
      }),
      { numRuns: 40 },
    );
  });

  it('a walk whose visitor deletes misses nothing that stays, and meets nothing twice', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const prng = new Prng(seed, 2, 2);
        const order = new KeyOrder();
        const living = populate(order, prng);
        const met: Entry[] = [];
        let cursor = 0;
        do {
          cursor = order.scan(cursor, 100, (entry) => {
            met.push(entry);
            for (let count = 0; count < 3; count++) {
              const victim = living[prng.below(living.length)]!;
              if (victim.isLive) remove(order, victim);
            }
          });
        } while (cursor !== 0);
        expect(new Set(met).size).to.equal(met.length);
        const missed = living.filter((entry) => entry.isLive && !met.includes(entry));
        expect(missed).to.deep.equal([]);
      }),
      { numRuns: 20 },
    );
  });

  it('draws the living evenly, however many died around them', () => {
    const prng = new Prng(7, 7, 7);
    const order = new KeyOrder();
    const entries = Array.from({ length: 10_000 }, (_, at) => new Entry('k', 'v', at + 1, 0));
    for (const entry of entries) order.add(entry);
    const kept = entries.filter((entry) => entry.sequence % 997 < 2 || entry.sequence > 9_990);
    for (const entry of entries) if (!kept.includes(entry)) remove(order, entry);
    const drawn = new Map<Entry, number>();
    const draws = kept.length * 400;
    for (let draw = 0; draw < draws; draw++) {
      const entry = order.random((bound) => prng.below(bound))!;
      drawn.set(entry, (drawn.get(entry) ?? 0) + 1);
    }
    for (const entry of kept) expect(drawn.get(entry)).to.be.within(280, 540);
  });
});

describe('key table', () => {
  const FORMS: readonly ((at: number) => string)[] = [
    (at) => `key:${String(at).padStart(12, '0')}`,
    (at) => `a:rather:long:prefix:of:a:user:${at}:profile:settings:of:the`,
    (at) => `{tag}${at}`,
    (at) => String.fromCharCode(at & 255, at >> 8),
    (at) => `session:${(Math.imul(at, 2_654_435_761) >>> 0).toString(16)}`,
  ];
  for (const form of FORMS) {
    it(`spreads keys like ${JSON.stringify(form(12_345))} and finds them again`, () => {
      const table = new KeyTable();
      const entries = Array.from({ length: 40_000 }, (_, at) => new Entry(form(at), 'v', at, 0));
      for (const entry of entries) table.add(entry);
      expect(table.size).to.equal(40_000);
      for (const entry of entries) expect(table.get(entry.key)).to.equal(entry);
      expect(Math.max(...table.partSizes())).to.be.below((5 * 40_000) / 256);
      for (const entry of entries) table.remove(entry.key);
      expect(table.size).to.equal(0);
      expect(table.has(form(1))).to.equal(false);
    });
  }
});

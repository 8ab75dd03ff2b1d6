/** Lists, sets and hashes beside the plainest models of them, and the laws of scanning and drawing. */
import { expect } from 'chai';
import fc from 'fast-check';
import { Prng } from '../../../src/lib/kernel/prng.js';
import { differentPlaces } from '../../../src/lib/node/commands/random-places.js';
import { HashValue } from '../../../src/lib/node/store/hash-value.js';
import { defaultLayout } from '../../../src/lib/node/store/layout.js';
import { ListValue } from '../../../src/lib/node/store/list-value.js';
import { SetValue } from '../../../src/lib/node/store/set-value.js';

const element = fc.constantFrom('a', 'b', 'c', 'd', 'e');

type ListStep = (list: ListValue, model: string[]) => void;

const listStep: fc.Arbitrary<ListStep> = fc.oneof(
  // Runs long enough to cross from chunk to chunk.
  fc.tuple(element, fc.integer({ min: 1, max: 200 })).map(([one, times]): ListStep => {
    return (list, model) => {
      for (let at = 0; at < times; at++) {
        list.pushHead(`${one}${at % 7}`);
        model.unshift(`${one}${at % 7}`);
      }
    };
  }),
  fc.tuple(element, fc.integer({ min: 1, max: 200 })).map(([one, times]): ListStep => {
    return (list, model) => {
      for (let at = 0; at < times; at++) {
        list.pushTail(`${one}${at % 7}`);
        model.push(`${one}${at % 7}`);
      }
    };
  }),
  fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 150 })).map(([isHead, times]): ListStep => {
    return (list, model) => {
      for (let at = 0; at < times; at++) {
        const expected = isHead ? model.shift() : model.pop();
        expect(isHead ? list.popHead() : list.popTail()).to.equal(expected);
      }
    };
  }),
  fc
    .tuple(fc.nat(), fc.integer({ min: 1, max: 150 }), element)
    .map(([where, times, one]): ListStep => {
      return (list, model) => {
        const index = where % (model.length + 1);
        for (let at = 0; at < times; at++) {
          list.insert(index, one);
          model.splice(index, 0, one);
        }
      };
    }),
  fc.tuple(fc.nat(), element).map(([where, one]): ListStep => {
    return (list, model) => {
      if (model.length === 0) return;
      list.replace(where % model.length, one);
      model[where % model.length] = one;
    };
  }),
  fc
    .tuple(element, fc.constantFrom(1, 3, 50, Infinity), fc.constantFrom('head' as const, 'tail'))
    .map(([one, limit, from]): ListStep => {
      return (list, model) => {
        const wanted = `${one}3`;
        let removed = 0;
        for (; removed < limit; removed++) {
          const at = from === 'head' ? model.indexOf(wanted) : model.lastIndexOf(wanted);
          if (at < 0) break;
          model.splice(at, 1);
        }
        expect(list.remove(wanted, limit, from)).to.equal(removed);
      };
    }),
  fc.tuple(fc.nat(), fc.nat()).map(([from, size]): ListStep => {
    return (list, model) => {
      const start = from % (model.length + 1);
      const count = size % (model.length - start + 1);
      list.trim(start, count);
      model.splice(0, start);
      model.length = count;
    };
  }),
);

describe('ListValue', () => {
  it('is an array that is cheap at both ends', () => {
    fc.assert(
      fc.property(fc.array(listStep, { maxLength: 20 }), fc.nat(), fc.nat(), (steps, a, b) => {
        const list = new ListValue();
        const model: string[] = [];
        for (const step of steps) {
          step(list, model);
          expect(list.length).to.equal(model.length);
        }
        expect([...list]).to.deep.equal(model);
        expect([...list.backwards()]).to.deep.equal(model.toReversed());
        expect([...list.clone()]).to.deep.equal(model);
        if (model.length === 0) return;
        const start = a % model.length;
        const count = b % (model.length - start + 1);
        const range: string[] = [];
        list.forRange(start, count, (one) => range.push(one));
        expect(range).to.deep.equal(model.slice(start, start + count));
        expect(list.at(start)).to.equal(model[start]);
        expect(list.indexOf(model[start]!)).to.equal(model.indexOf(model[start]!));
      }),
    );
  });

  it('changes apart from its clone', () => {
    const list = new ListValue(['a', 'b']);
    const copy = list.clone();
    list.replace(0, 'x');
    copy.pushTail('c');
    expect([[...list], [...copy]]).to.deep.equal([
      ['x', 'b'],
      ['a', 'b', 'c'],
    ]);
  });
});

const tiny = { ...defaultLayout(), setIntsetEntries: 4, hashListpackEntries: 4 };
const member = fc.integer({ min: -20, max: 20 }).map(String);

describe('SetValue', () => {
  it('is a set, and in order as long as it is an intset', () => {
    const step = fc.tuple(fc.boolean(), fc.oneof({ weight: 9, arbitrary: member }, element));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const set = new SetValue(tiny);
        const model = new Set<string>();
        for (const [adds, one] of steps) {
          if (adds) expect(set.add(one)).to.equal(!model.has(one) && model.add(one) === model);
          else expect(set.delete(one)).to.equal(model.delete(one));
          const members = [...set];
          expect(members.toSorted()).to.deep.equal([...model].sort());
          expect(set.encoding === 'intset' ? members : []).to.deep.equal(
            set.encoding === 'intset' ? members.toSorted((a, b) => Number(a) - Number(b)) : [],
          );
        }
        expect([...set.clone()]).to.deep.equal([...set]);
      }),
    );
  });

  it('has an intset that ends with the first text or the fifth member, for good', () => {
    const set = new SetValue(tiny);
    for (const one of ['3', '-9223372036854775808', '9223372036854775807', '9007199254740993']) {
      set.add(one);
    }
    expect([set.encoding, ...set]).to.deep.equal([
      ...['intset', '-9223372036854775808', '3', '9007199254740993', '9223372036854775807'],
    ]);
    set.add('5');
    expect(set.encoding).to.equal('hashtable');
    for (const one of [...set]) set.delete(one);
    expect(set.encoding).to.equal('hashtable');
  });

  it('is scanned so that whoever is there throughout is met, and no step does more than it may', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 30 }),
        fc.infiniteStream(fc.nat(400)),
        (count, draws) => {
          const set = new SetValue(tiny);
          for (let at = 0; at < 300; at++) set.add(`m${at}`);
          const stays = new Set(Array.from({ length: 100 }, (_, at) => `m${at * 3}`));
          const met = new Set<string>();
          let cursor = 0;
          let steps = 0;
          do {
            let visited = 0;
            cursor = set.scan(cursor, count, (one) => {
              met.add(one);
              visited++;
            });
            expect(visited).to.be.at.most(count);
            // Others come and go meanwhile.
            const drawn = `m${draws.next().value}`;
            if (!stays.has(drawn)) set.delete(drawn);
            set.add(`new${steps++}`);
          } while (cursor !== 0);
          for (const one of stays) expect(met.has(one), one).to.equal(true);
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('HashValue', () => {
  it('is a map, in order as long as it is a listpack', () => {
    const step = fc.tuple(
      fc.boolean(),
      element.map((one) => `f${one}`),
      member,
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.boolean(), (steps, isSmall) => {
        const hash = new HashValue(isSmall ? defaultLayout() : tiny);
        const model = new Map<string, string>();
        for (const [sets, field, value] of steps) {
          if (sets) {
            expect(hash.set(field, value)).to.equal(!model.has(field));
            model.set(field, value);
          } else expect(hash.delete(field)).to.equal(model.delete(field));
          expect(hash.size).to.equal(model.size);
        }
        const pairs: [string, string][] = [];
        hash.forEach((field, value) => pairs.push([field, value]));
        const expected = [...model];
        if (hash.encoding === 'hashtable') for (const all of [pairs, expected]) all.sort();
        expect(pairs).to.deep.equal(expected);
        for (const [field, value] of model) expect(hash.get(field)).to.equal(value);
        expect([...hash.clone().fields()]).to.deep.equal([...hash.fields()]);
      }),
    );
  });

  it('is scanned so that whatever is there throughout is met', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 30 }),
        fc.infiniteStream(fc.nat(400)),
        (count, draws) => {
          const hash = new HashValue(tiny);
          for (let at = 0; at < 300; at++) hash.set(`f${at}`, `v${at}`);
          const met = new Map<string, string>();
          let cursor = 0;
          do {
            cursor = hash.scan(cursor, count, (field, value) => met.set(field, value));
            const drawn = draws.next().value as number;
            if (drawn % 3 !== 0) hash.delete(`f${drawn}`);
          } while (cursor !== 0);
          for (let at = 0; at < 300; at += 3) expect(met.get(`f${at}`)).to.equal(`v${at}`);
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('large sets and hashes', () => {
  it('know where everything stands, however many there are and whoever goes', () => {
    const set = new SetValue(tiny);
    const hash = new HashValue(tiny);
    // Past the sizes at which names are hashed, and then spread.
    for (let at = 0; at < 40_000; at++) {
      set.add(`m${at}`);
      hash.set(`f${at}`, String(at));
    }
    let deleted = 0;
    for (let at = 0; at < 40_000; at += 3) {
      if (set.delete(`m${at}`) && hash.delete(`f${at}`)) deleted++;
    }
    expect(deleted).to.equal(13_334);
    const copies = [set.clone(), hash.clone()] as const;
    const wrong: number[] = [];
    for (let at = 0; at < 40_000; at++) {
      const isThere = at % 3 !== 0;
      const value = isThere ? String(at) : undefined;
      if (set.has(`m${at}`) !== isThere || copies[0].has(`m${at}`) !== isThere) wrong.push(at);
      if (hash.get(`f${at}`) !== value || copies[1].get(`f${at}`) !== value) wrong.push(at);
    }
    expect(wrong).to.deep.equal([]);
    expect([set.size, new Set(set).size, hash.size]).to.deep.equal([26_666, 26_666, 26_666]);
  });
});

describe('drawing different places', () => {
  it('draws as many as asked for, each once and each as likely as any other', () => {
    const prng = new Prng(7);
    const drawn = new Array<number>(10).fill(0);
    const firsts = new Array<number>(10).fill(0);
    for (let round = 0; round < 10_000; round++) {
      const places = differentPlaces(prng, 10, 3);
      expect(new Set(places).size).to.equal(3);
      for (const place of places) drawn[place]!++;
      firsts[places[0]!]!++;
    }
    // 3000 and 1000 expected; seven standard deviations away is no chance.
    for (const times of drawn) expect(times).to.be.within(2680, 3320);
    for (const times of firsts) expect(times).to.be.within(790, 1210);
  });
});

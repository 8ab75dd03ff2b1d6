import { expect } from 'chai';
import fc from 'fast-check';
import { slotOfKey } from '../../../src/lib/kernel/slot.js';
import type { Database } from '../../../src/lib/node/store/database.js';
import { Keyspace } from '../../../src/lib/node/store/keyspace.js';

const NOW_MS = 1_000_000;

type Step =
  | { readonly kind: 'set' | 'delete' | 'expire'; readonly key: string }
  | { readonly kind: 'doom'; readonly tag: string }
  | { readonly kind: 'free'; readonly limit: number }
  | { readonly kind: 'spare' };

/** Few slots with several keys each. */
const tag = fc.constantFrom('a', 'b', 'c');
const key = fc.tuple(tag, fc.nat(5)).map(([slot, at]) => `{${slot}}${at}`);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: key.map((name) => ({ kind: 'set' as const, key: name })) },
  { weight: 2, arbitrary: key.map((name) => ({ kind: 'delete' as const, key: name })) },
  { weight: 1, arbitrary: key.map((name) => ({ kind: 'expire' as const, key: name })) },
  { weight: 2, arbitrary: tag.map((slot) => ({ kind: 'doom' as const, tag: slot })) },
  { weight: 2, arbitrary: fc.nat(4).map((limit) => ({ kind: 'free' as const, limit })) },
);

const slotOf = (name: string): number => slotOfKey(`{${name}}`);

/** Everything that can be seen of a database, each way of looking compared with the model. */
function expectSame(db: Database, model: ReadonlyMap<string, string>): void {
  const keys = [...model.keys()].sort();
  const seen = {
    size: db.size,
    looked: keys.map((name) => db.lookup(name, NOW_MS)?.value),
    raw: keys.map((name) => db.raw(name)?.value),
    iterated: [...db].map((entry) => entry.key).sort(),
    scanned: [] as string[],
    ascended: [] as string[],
    bySlot: ['a', 'b', 'c'].map((name) => db.countKeysInSlot(slotOf(name))),
    inSlots: ['a', 'b', 'c'].flatMap((name) => db.keysInSlot(slotOf(name), Infinity)).sort(),
  };
  for (let cursor = db.scan(0, 3, (entry) => seen.scanned.push(entry.key)); cursor !== 0;) {
    cursor = db.scan(cursor, 3, (entry) => seen.scanned.push(entry.key));
  }
  db.walk()(0, db.lastSequence, Infinity, (entry) => seen.ascended.push(entry.key));
  const random = db.random((bound) => Math.floor(Math.random() * bound));
  expect({ ...seen, scanned: seen.scanned.sort(), ascended: seen.ascended.sort() }).to.deep.equal({
    size: keys.length,
    looked: keys.map((name) => model.get(name)),
    raw: keys.map((name) => model.get(name)),
    iterated: keys,
    scanned: keys,
    ascended: keys,
    bySlot: ['a', 'b', 'c'].map((name) => keys.filter((one) => one.startsWith(`{${name}}`)).length),
    inSlots: keys,
  });
  expect(random === undefined ? keys.length === 0 : model.has(random.key)).to.equal(true);
}

describe('slots that went away', () => {
  it('have no key from then on, whatever is written, freed and looked at in between', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const db = new Keyspace({ databases: 1, indexesSlots: true }).db(0);
        const model = new Map<string, string>();
        let count = 0;
        let doomed = 0;
        let freed = 0;
        for (const one of steps) {
          if (one.kind === 'set') {
            model.set(one.key, String(++count));
            db.set(one.key, String(count), NOW_MS);
          } else if (one.kind === 'delete') {
            expect(db.delete(one.key)).to.equal(model.delete(one.key));
          } else if (one.kind === 'expire') {
            const entry = db.lookup(one.key, NOW_MS);
            if (entry !== undefined) db.setExpiry(entry, NOW_MS + 1000);
          } else if (one.kind === 'doom') {
            for (const name of [...model.keys()]) {
              if (!name.startsWith(`{${one.tag}}`)) continue;
              model.delete(name);
              doomed++;
            }
            db.doomSlot(slotOf(one.tag), () => freed++);
          } else if (one.kind === 'free') db.freeDoomed(one.limit);
          expectSame(db, model);
        }
        while (db.freeDoomed(3));
        expectSame(db, model);
        expect(freed).to.equal(doomed);
        expect(db.expiringCount).to.be.at.most(model.size);
      }),
    );
  });

  it('are back with what was not freed when they are spared', () => {
    const db = new Keyspace({ databases: 1, indexesSlots: true }).db(0);
    for (let at = 0; at < 10; at++) db.set(`{a}${at}`, String(at), NOW_MS);
    db.doomSlot(slotOf('a'), () => undefined);
    db.freeDoomed(4);
    db.set('{a}0', 'new', NOW_MS);
    db.spareDoomed();
    expect(db.size).to.equal(6);
    expect(db.countKeysInSlot(slotOf('a'))).to.equal(6);
    expect(db.lookup('{a}0', NOW_MS)?.value).to.equal('new');
    for (const name of db.keysInSlot(slotOf('a'), Infinity)) expect(db.delete(name)).to.equal(true);
    expect(db.size).to.equal(0);
    expect(db.countKeysInSlot(slotOf('a'))).to.equal(0);
  });
});

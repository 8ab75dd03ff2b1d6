import { expect } from 'chai';
import fc from 'fast-check';
import { Prng } from '../../../src/lib/kernel/prng.js';
import { slotOfKey } from '../../../src/lib/kernel/slot.js';
import { NEVER } from '../../../src/lib/node/store/entry.js';
import { Keyspace } from '../../../src/lib/node/store/keyspace.js';

const newKeyspace = (): Keyspace => new Keyspace({ databases: 1, indexesSlots: true });

type Operation =
  | { kind: 'set'; key: string }
  | { kind: 'delete'; key: string }
  | { kind: 'expire'; key: string; at: number }
  | { kind: 'pass'; ms: number }
  | { kind: 'clear' };

const key = fc.constantFrom('a', 'b', 'c', '{a}x', '{a}y', 'k1', 'k2', 'k3');
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('set' as const), key }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('delete' as const), key }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('expire' as const),
      key,
      at: fc.integer({ min: 1, max: 200 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('pass' as const),
      ms: fc.integer({ min: 0, max: 40 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'clear' as const }) },
);

describe('keyspace', () => {
  it('agrees with a plain map, by key, by slot, by count and by scan', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 300 }), (operations) => {
        const keyspace = newKeyspace();
        const db = keyspace.db(0);
        const model = new Map<string, number>();
        let nowMs = 0;
        for (const one of operations) {
          if (one.kind === 'set') {
            db.setExpiry(db.set(one.key, 'v', nowMs), NEVER);
            model.set(one.key, NEVER);
          } else if (one.kind === 'delete')
            expect(db.delete(one.key)).to.equal(model.delete(one.key));
          else if (one.kind === 'expire') {
            const entry = db.lookup(one.key, nowMs);
            if (entry) {
              db.setExpiry(entry, nowMs + one.at);
              model.set(one.key, nowMs + one.at);
            }
          } else if (one.kind === 'pass') {
            nowMs += one.ms;
            while (keyspace.expireCycle(nowMs));
            for (const [name, at] of model) if (at <= nowMs) model.delete(name);
          } else {
            db.clear();
            model.clear();
          }
        }
        const scanned: string[] = [];
        let cursor = 0;
        do cursor = db.scan(cursor, 2, (entry) => scanned.push(entry.key));
        while (cursor !== 0);
        const expected = [...model.keys()].sort();
        expect(scanned.sort()).to.deep.equal(expected);
        expect(db.size).to.equal(model.size);
        expect(db.expiringCount).to.equal([...model.values()].filter((at) => at !== NEVER).length);
        const slot = slotOfKey('{a}');
        const inSlot = expected.filter((name) => slotOfKey(name) === slot);
        expect(db.countKeysInSlot(slot)).to.equal(inSlot.length);
        expect(db.keysInSlot(slot, 100).sort()).to.deep.equal(inSlot);
        expect(db.keysInSlot(slot, 1).length).to.equal(Math.min(1, inSlot.length));
      }),
    );
  });

  it('scan returns every key present throughout, once, and ends however fast others write', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 50 }), (seed, count) => {
        const prng = new Prng(seed);
        const db = newKeyspace().db(0);
        for (let at = 0; at < 300; at++) db.set(`stay:${at}`, 'v', 0);
        for (let at = 0; at < 300; at++) db.set(`go:${at}`, 'v', 0);
        const seen: string[] = [];
        let cursor = 0;
        let steps = 0;
        do {
          cursor = db.scan(cursor, count, (entry) => seen.push(entry.key));
          for (let more = 0; more < 100; more++) db.set(`new:${steps}:${more}`, 'v', 0);
          for (let gone = 0; gone < 20; gone++) db.delete(`go:${prng.below(300)}`);
          steps++;
        } while (cursor !== 0 && steps < 5000);
        expect(cursor).to.equal(0);
        const stayed = seen.filter((name) => name.startsWith('stay:'));
        expect(stayed.length).to.equal(300);
        expect(new Set(stayed).size).to.equal(300);
      }),
      { numRuns: 20 },
    );
  });

  it('a primary deletes what expired and tells, a replica only hides it', () => {
    const keyspace = newKeyspace();
    const db = keyspace.db(0);
    const told: string[] = [];
    keyspace.onExpired = (_, name) => told.push(name);
    db.setExpiry(db.set('a', 'v', 0), 100);
    keyspace.expiryMode = 'hide';
    expect(db.lookup('a', 100)).to.equal(undefined);
    expect(db.size).to.equal(1);
    expect(keyspace.expireCycle(100)).to.equal(false);
    keyspace.expiryMode = 'ignore';
    expect(db.lookup('a', 100)?.value).to.equal('v');
    keyspace.expiryMode = 'delete';
    expect(db.lookup('a', 99)?.value).to.equal('v');
    expect(db.lookup('a', 100)).to.equal(undefined);
    expect(told).to.deep.equal(['a']);
    expect(db.size).to.equal(0);
  });

  it('expires in bounded slices', () => {
    const keyspace = newKeyspace();
    const db = keyspace.db(0);
    for (let at = 0; at < 1200; at++) db.setExpiry(db.set(`k${at}`, 'v', 0), 10);
    expect(keyspace.expireCycle(10)).to.equal(true);
    expect(db.size).to.equal(700);
    expect(keyspace.expireCycle(10)).to.equal(true);
    expect(keyspace.expireCycle(10)).to.equal(false);
    expect(db.size).to.equal(0);
    expect(keyspace.expiredCount).to.equal(1200);
  });

  it('keeps nothing for an expiry that is renewed a hundred thousand times', () => {
    const db = newKeyspace().db(0);
    const entry = db.set('a', 'v', 0);
    for (let at = 1; at <= 100_000; at++) db.setExpiry(entry, at);
    expect(db.expiringCount).to.equal(1);
    expect(db.expireDue(99_999, 10)).to.equal(0);
    expect(db.expireDue(100_000, 10)).to.equal(1);
  });

  it('draws every key sooner or later, also after most were deleted', () => {
    const prng = new Prng(7);
    const db = newKeyspace().db(0);
    for (let at = 0; at < 1000; at++) db.set(`k${at}`, 'v', 0);
    for (let at = 0; at < 990; at++) db.delete(`k${at}`);
    const seen = new Set<string>();
    for (let draw = 0; draw < 500; draw++) seen.add(db.random((bound) => prng.below(bound))!.key);
    expect(seen.size).to.equal(10);
  });

  it('a watched key that changes, goes or is cleared makes the watcher dirty, others do not', () => {
    for (const change of ['set', 'delete', 'clear', 'other'] as const) {
      const db = newKeyspace().db(0);
      db.set('a', '1', 0);
      const watcher = { isDirty: false };
      db.watch('a', watcher);
      if (change === 'set') db.set('a', '2', 0);
      if (change === 'delete') db.delete('a');
      if (change === 'clear') db.clear();
      if (change === 'other') db.set('b', '2', 0);
      expect(watcher.isDirty, change).to.equal(change !== 'other');
      db.unwatch('a', watcher);
    }
  });
});

import { expect } from 'chai';
import fc from 'fast-check';
import { Snapshot } from '../../../src/lib/node/persistence/snapshot.js';
import { Keyspace } from '../../../src/lib/node/store/keyspace.js';
import { RdbReader } from '../../../src/lib/wire/rdb/reader.js';

type Contents = Map<string, string>;

function contentsOf(keyspace: Keyspace): Contents {
  const contents: Contents = new Map();
  for (const db of keyspace.databases) {
    for (const { key, value, expireAtMs } of db) {
      contents.set(`${db.index}:${key}`, `${value} ${expireAtMs}`);
    }
  }
  return contents;
}

function contentsOfFile(file: Buffer): Contents {
  const contents: Contents = new Map();
  let selected = 0;
  const reader = new RdbReader({
    selectDb: (db) => void (selected = db),
    string: (key, value, expireAtMs) => {
      const name = `${selected}:${key}`;
      // A real server refuses a snapshot that has a key twice.
      if (contents.has(name)) throw new Error(`${name} is there twice`);
      contents.set(name, `${value} ${expireAtMs ?? Infinity}`);
    },
  });
  reader.push(file);
  expect(reader.isDone).to.equal(true);
  return contents;
}

type Change = (keyspace: Keyspace) => void;
const db = fc.nat(1);
const key = fc.nat(30).map(String);
const change: fc.Arbitrary<Change> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.tuple(db, key, fc.string({ maxLength: 3 })).map(
      ([at, name, value]): Change =>
        (keyspace) =>
          void keyspace.db(at).set(name, value, 0),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(db, key).map(
      ([at, name]): Change =>
        (keyspace) =>
          void keyspace.db(at).delete(name),
    ),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(db, key, fc.integer({ min: 1, max: 9 }))
      .map(([at, name, expireAtMs]): Change => (keyspace) => {
        const entry = keyspace.db(at).raw(name);
        if (entry) keyspace.db(at).setExpiry(entry, expireAtMs);
      }),
  },
  {
    weight: 1,
    arbitrary: db.map(
      (at): Change =>
        (keyspace) =>
          keyspace.db(at).clear(),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constant<Change>((keyspace) => keyspace.adopt(keyspace.stage())),
  },
);

describe('a snapshot', () => {
  it('shows the one moment at which it began, whatever changes while it is written', () => {
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 80 }),
        fc.array(fc.tuple(fc.nat(6), fc.array(change, { maxLength: 6 })), { maxLength: 20 }),
        (before, meanwhile) => {
          const keyspace = new Keyspace({ databases: 2, indexesSlots: true });
          for (const apply of before) apply(keyspace);
          const moment = contentsOf(keyspace);
          const chunks: Buffer[] = [];
          const snapshot = new Snapshot({
            keyspace,
            databases: keyspace.databases,
            checksum: true,
            aux: [],
            emit: (chunk) => chunks.push(chunk),
          });
          let isDone = false;
          for (const [entries, changes] of meanwhile) {
            if (!isDone) isDone = snapshot.advance(entries);
            for (const apply of changes) apply(keyspace);
          }
          while (!isDone) isDone = snapshot.advance(5);
          expect(contentsOfFile(Buffer.concat(chunks))).to.deep.equal(moment);
          expect(keyspace.observer).to.equal(undefined);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('two at once show two moments', () => {
    const keyspace = new Keyspace({ databases: 1, indexesSlots: false });
    const files: Buffer[][] = [[], []];
    const begin = (at: number): Snapshot =>
      new Snapshot({
        keyspace,
        databases: keyspace.databases,
        checksum: false,
        aux: [],
        emit: (chunk) => files[at]!.push(chunk),
      });
    for (let at = 0; at < 10; at++) keyspace.db(0).set(String(at), 'old', 0);
    const first = begin(0);
    first.advance(3);
    keyspace.db(0).set('9', 'new', 0);
    const second = begin(1);
    keyspace.db(0).delete('9');
    keyspace.db(0).delete('0');
    while (!first.advance(2));
    while (!second.advance(2));
    expect(contentsOfFile(Buffer.concat(files[0]!)).get('0:9')).to.equal('old Infinity');
    expect(contentsOfFile(Buffer.concat(files[1]!)).get('0:9')).to.equal('new Infinity');
    expect(contentsOfFile(Buffer.concat(files[1]!)).size).to.equal(10);
  });
});

import { expect } from 'chai';
import fc from 'fast-check';
import { Snapshot } from '../../../src/lib/node/persistence/snapshot.js';
import { StagedLoad } from '../../../src/lib/node/persistence/staged-load.js';
import type { Entry } from '../../../src/lib/node/store/entry.js';
import { HashValue } from '../../../src/lib/node/store/hash-value.js';
import { Keyspace } from '../../../src/lib/node/store/keyspace.js';
import { ListValue } from '../../../src/lib/node/store/list-value.js';
import { SetValue } from '../../../src/lib/node/store/set-value.js';
import { SortedSetValue } from '../../../src/lib/node/store/sorted-set-value.js';
import { cloneValue, sizeOf, type Value } from '../../../src/lib/node/store/value.js';
import { RdbReader } from '../../../src/lib/wire/rdb/reader.js';

/** Everything, in a form that can be compared. */
type Contents = Map<string, string>;

function textOf(value: Value): string {
  if (typeof value === 'string') return value;
  switch (value.kind) {
    case 'list':
      return `list ${[...value].join(' ')}`;
    case 'set':
      return `set ${[...value].sort().join(' ')}`;
    case 'hash': {
      const fields = [...value.fields()].sort();
      return `hash ${fields.map((field) => `${field}=${value.get(field)}`).join(' ')}`;
    }
    case 'zset': {
      const members: string[] = [];
      value.forEach((member, score) => members.push(`${member}:${score}`));
      return `zset ${members.join(' ')}`;
    }
  }
}

function contentsOf(keyspace: Keyspace): Contents {
  const contents: Contents = new Map();
  for (const db of keyspace.databases) {
    for (const { key, value, expireAtMs } of db) {
      contents.set(`${db.index}:${key}`, `${textOf(value)} ${expireAtMs}`);
    }
  }
  return contents;
}

function newKeyspace(): Keyspace {
  return new Keyspace({ databases: 2, indexesSlots: true });
}

/** What a node has that loads the file, which refuses a key that is there twice. */
function contentsOfFile(file: Buffer): Contents {
  const keyspace = newKeyspace();
  const load = new StagedLoad(keyspace, 0);
  const reader = new RdbReader(load);
  reader.push(file);
  expect(reader.isDone).to.equal(true);
  load.adopt();
  return contentsOf(keyspace);
}

/** Longer than what is written in one go. */
const LARGE = 1500;

function fill(value: Exclude<Value, string>, from: number, count: number): void {
  for (let at = from; at < from + count; at++) {
    if (value.kind === 'list') value.pushTail(`e${at}`);
    else if (value.kind === 'set') value.add(`e${at}`);
    else if (value.kind === 'hash') value.set(`e${at}`, `v${at}`);
    else value.set(`e${at}`, at % 7);
  }
}

/** One of the ways in which commands change a collection in place. */
function changeInPlace(value: Exclude<Value, string>, what: number): void {
  const name = `e${what % (sizeOf(value) + 2)}`;
  const isRemoval = what % 3 === 0;
  switch (value.kind) {
    case 'list':
      if (isRemoval) value.popHead();
      else if (what % 3 === 1) value.pushHead(`h${what}`);
      else value.popTail();
      return;
    case 'set':
      if (isRemoval) value.delete(name);
      else value.add(`n${what}`);
      return;
    case 'hash':
      if (isRemoval) value.delete(name);
      else value.set(what % 3 === 1 ? name : `n${what}`, `w${what}`);
      return;
    case 'zset':
      if (isRemoval) value.delete(name);
      else value.set(what % 3 === 1 ? name : `n${what}`, what);
  }
}

type Change = (keyspace: Keyspace) => void;
const db = fc.nat(1);
const key = fc.nat(12).map(String);

/** Something that happens to one entry, if there is one under the key. */
const withEntry = (
  weight: number,
  apply: (keyspace: Keyspace, at: number, entry: Entry, what: number) => void,
): { weight: number; arbitrary: fc.Arbitrary<Change> } => ({
  weight,
  arbitrary: fc.tuple(db, key, fc.nat(2000)).map(([at, name, what]): Change => (keyspace) => {
    const entry = keyspace.db(at).raw(name);
    if (entry) apply(keyspace, at, entry, what);
  }),
});

function put(
  keyspace: Keyspace,
  at: number,
  name: string,
  value: Value,
  expireAtMs?: number,
): void {
  keyspace.db(at).delete(name);
  const entry = keyspace.db(at).set(name, value, 0);
  if (expireAtMs !== undefined) keyspace.db(at).setExpiry(entry, expireAtMs);
}

const change: fc.Arbitrary<Change> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(db, key, fc.string({ maxLength: 3 })).map(
      ([at, name, value]): Change =>
        (keyspace) =>
          void keyspace.db(at).set(name, value, 0),
    ),
  },
  {
    weight: 6,
    arbitrary: fc
      .tuple(db, key, fc.nat(3), fc.constantFrom(1, 5, LARGE))
      .map(([at, name, kind, size]): Change => (keyspace) => {
        const { layout } = keyspace;
        const value = [
          () => new ListValue(),
          () => new SetValue(layout),
          () => new HashValue(layout),
          () => new SortedSetValue(layout),
        ][kind]!();
        fill(value, 0, size);
        put(keyspace, at, name, value);
      }),
  },
  withEntry(12, (keyspace, at, entry, what) => {
    const { value } = entry;
    if (typeof value === 'string') return;
    keyspace.db(at).willChange(entry);
    changeInPlace(value, what);
    if (sizeOf(value) === 0) keyspace.db(at).delete(entry.key);
    else keyspace.db(at).touch(entry.key);
  }),
  withEntry(3, (keyspace, at, entry) => void keyspace.db(at).delete(entry.key)),
  // RENAME and MOVE: the value itself goes on under another entry.
  withEntry(4, (keyspace, at, entry, what) => {
    const { value, expireAtMs } = entry;
    keyspace.db(at).delete(entry.key);
    put(keyspace, what % 2, String(what % 13), value, expireAtMs);
  }),
  // COPY.
  withEntry(3, (keyspace, _at, entry, what) => {
    put(keyspace, what % 2, String(what % 13), cloneValue(entry.value), entry.expireAtMs);
  }),
  withEntry(3, (keyspace, at, entry, what) => keyspace.db(at).setExpiry(entry, 1 + (what % 9))),
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
  { weight: 2, arbitrary: fc.constant<Change>((keyspace) => keyspace.swap(0, 1)) },
);

const units = fc.oneof(fc.nat(6), fc.constantFrom(100, 1000));

describe('a snapshot', () => {
  it('shows the one moment at which it began, whatever changes while it is written', () => {
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 40 }),
        fc.array(fc.tuple(units, fc.array(change, { maxLength: 6 })), { maxLength: 20 }),
        (before, meanwhile) => {
          const keyspace = newKeyspace();
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
          for (const [steps, changes] of meanwhile) {
            if (!isDone) isDone = snapshot.advance(steps);
            for (const apply of changes) apply(keyspace);
          }
          while (!isDone) isDone = snapshot.advance(200);
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

  it('stops in the middle of a large collection, and writes what changed meanwhile behind it', () => {
    const keyspace = newKeyspace();
    const large = new SetValue(keyspace.layout);
    fill(large, 0, 10_000);
    keyspace.db(0).set('large', large, 0);
    keyspace.db(0).set('other', 'old', 0);
    const moment = contentsOf(keyspace);
    const chunks: Buffer[] = [];
    const snapshot = new Snapshot({
      keyspace,
      databases: keyspace.databases,
      checksum: true,
      aux: [],
      emit: (chunk) => chunks.push(chunk),
    });
    snapshot.advance(2000);
    const entry = keyspace.db(0).raw('large')!;
    keyspace.db(0).set('other', 'new', 0);
    keyspace.db(0).willChange(entry);
    large.delete('e9999');
    large.add('late');
    let steps = 1;
    for (; !snapshot.advance(1000); steps++);
    expect(steps).to.be.greaterThan(7);
    expect(contentsOfFile(Buffer.concat(chunks))).to.deep.equal(moment);
  });
});

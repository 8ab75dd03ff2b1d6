import { expect } from 'chai';
import { dataSetDigest, valueDigest } from '../../../src/lib/node/commands/digest.js';
import { Keyspace } from '../../../src/lib/node/store/keyspace.js';

const NOW_MS = 1_700_000_000_000;

function keyspaceOf(pairs: readonly (readonly [key: string, value: string])[]): Keyspace {
  const keyspace = new Keyspace({ databases: 2, indexesSlots: false });
  for (const [key, value] of pairs) keyspace.db(0).set(key, value, NOW_MS);
  return keyspace;
}

const digestOf = (keyspace: Keyspace): string => dataSetDigest(keyspace.databases);

describe('digest', () => {
  it('is zeros for nothing', () => {
    expect(digestOf(keyspaceOf([]))).to.equal('0'.repeat(40));
    expect(valueDigest(undefined)).to.equal('0'.repeat(40));
  });

  it('is what redis-server 7.0 says of the same data', () => {
    const keyspace = keyspaceOf([
      ['a', '1'],
      ['b', '2'],
    ]);
    expect(digestOf(keyspace)).to.equal('7dff4aa4711992a6870417c26949f355d23a7cac');
    expect(valueDigest(keyspace.db(0).raw('a'))).to.equal(
      'b4fc66738120fba0b5aa500ab5c2bf89cea1c5da',
    );
  });

  it('does not depend on the order in which keys were made', () => {
    const forth = keyspaceOf([
      ['a', '1'],
      ['b', '2'],
    ]);
    const back = keyspaceOf([
      ['b', '2'],
      ['a', '1'],
    ]);
    expect(digestOf(forth)).to.equal(digestOf(back));
  });

  it('depends on the key, the value, the database and on whether a key expires, not when', () => {
    const base = keyspaceOf([['a', '1']]);
    const elsewhere = keyspaceOf([]);
    elsewhere.db(1).set('a', '1', NOW_MS);
    const soon = keyspaceOf([['a', '1']]);
    soon.db(0).setExpiry(soon.db(0).raw('a')!, NOW_MS + 1000);
    const later = keyspaceOf([['a', '1']]);
    later.db(0).setExpiry(later.db(0).raw('a')!, NOW_MS + 9000);
    const digests = [base, keyspaceOf([['b', '1']]), keyspaceOf([['a', '2']]), elsewhere, soon];
    expect(new Set(digests.map(digestOf)).size).to.equal(digests.length);
    expect(digestOf(soon)).to.equal(digestOf(later));
  });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type LabState, LabStore } from '../../src/lib/lab/state.js';

describe('what is known of labs', () => {
  let home: string;
  let store: LabStore;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'trib-state-'));
    store = new LabStore({ XDG_STATE_HOME: home });
  });
  afterEach(() => rmSync(home, { recursive: true, force: true }));

  const stateOf = (name: string): LabState => ({
    version: 1,
    name,
    pid: 1,
    startedAt: '2026-01-01T00:00:00.000Z',
    server: 'embedded',
    replicas: 1,
    nodes: [{ id: 'a'.repeat(40), address: { host: '127.0.0.1', port: 7000 }, pid: 1 }],
    folder: store.folderOf(name),
  });

  it('is nothing at first, and is no error', () => {
    expect(store.list()).to.deep.equal([]);
    expect(store.read('default')).to.equal(undefined);
  });

  it('comes back as written, by name, and is gone once removed', () => {
    store.write(stateOf('second'));
    store.write(stateOf('first'));
    expect(store.list().map(({ name }) => name)).to.deep.equal(['first', 'second']);
    expect(store.read('first')).to.deep.equal(stateOf('first'));
    store.remove('first');
    expect(store.list().map(({ name }) => name)).to.deep.equal(['second']);
  });

  it('is not believed when the file is no record of ours', () => {
    store.write(stateOf('odd'));
    writeFileSync(join(store.folderOf('odd'), 'lab.json'), '{"version": 1');
    expect(store.read('odd')).to.equal(undefined);
  });

  it('never leaves its folder, whatever a lab is called', () => {
    expect(() => store.folderOf('../../etc')).to.throw('cannot be named');
    expect(() => store.folderOf('')).to.throw('cannot be named');
  });
});

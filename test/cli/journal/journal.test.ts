/** Journals on a real disk: what is on it when, and what is made of a file that is not as it was written. */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import {
  isFinished,
  lastSittingOf,
  parseJournal,
  JournalError,
  type JournalHeader,
} from '../../../src/lib/cli/journal/log.js';
import {
  JournalStore,
  readBounded,
  type StoredJournal,
} from '../../../src/lib/cli/journal/store.js';
import { Journal } from '../../../src/lib/cli/journal/journal.js';
import { newRunId } from '../../../src/lib/cli/journal/run-id.js';
import { isRunning, processMark } from '../../../src/lib/cli/journal/process-mark.js';
import { fingerprint } from '../../../src/lib/cluster/fingerprint.js';
import { pictureOf } from '../../../src/lib/cluster/picture.js';
import { membersOf } from '../../../src/lib/cluster/view.js';
import { refOfMember } from '../../../src/lib/plan/node-ref.js';
import { syntheticNodes, viewOf } from '../../support/synthetic-view.js';
import { rejectionOf, thrownBy } from '../../support/thrown-by.js';

const view = viewOf(syntheticNodes());
const [source, target] = membersOf(view).map(refOfMember);
const cluster = pictureOf(view);

function header(id = newRunId()): JournalHeader {
  const slots = [{ first: 0, last: 99 }];
  return {
    kind: 'trib-journal',
    schemaVersion: 1,
    id,
    command: 'reshard',
    started: '2026-01-02T03:04:05.678Z',
    host: 'here',
    pid: 77,
    entry: { host: '10.0.0.1', port: 7000 },
    plan: {
      command: 'reshard',
      fingerprint: fingerprint(view),
      stages: [
        {
          title: 'Moving',
          steps: [{ kind: 'move-slots', node: target!, source: source!, slots, why: 'asked for' }],
          settled: { kind: 'at-once' },
        },
      ],
      remarks: [],
    },
    cluster,
    moving: {
      way: 'auto',
      migrateTimeoutMs: 1,
      batchKeysMax: 2,
      batchBytesMax: 3,
      windowSlots: 4,
      replace: false,
      guardMs: 0,
      rate: { unit: 'keys', perSecond: 5 },
    },
  };
}

const move = (slot: number) => ({
  source: source!,
  target: target!,
  slots: [{ first: slot, last: slot }],
});

describe('a journal', () => {
  let folder: string;
  let store: JournalStore;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'trib-journal-'));
    store = new JournalStore({ XDG_STATE_HOME: folder });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const only = (): StoredJournal => {
    const found = store.runsOf(cluster);
    expect(found).to.have.length(1);
    return found[0]!;
  };

  it('has on the disk what it promised, of many at once as well, and belongs to its owner alone', async () => {
    const journal = await store.create(header());
    await Promise.all([...Array(200).keys()].map((slot) => journal.opening(move(slot))));
    const { path, log } = only();
    expect(log.entries).to.have.length(200);
    if (process.platform !== 'win32') {
      expect(statSync(path).mode & 0o777).to.equal(0o600);
      expect(statSync(dirname(path)).mode & 0o777).to.equal(0o700);
    }
    journal.moved(move(7));
    await journal.end('done');
    await journal.close();
    expect(only().log.entries.slice(-2)).to.deep.equal([
      { kind: 'moved', source: source!.id, target: target!.id, slots: [{ first: 7, last: 7 }] },
      only().log.entries.at(-1)!,
    ]);
    expect(isFinished(only().log)).to.equal(true);
  });

  it('is read as far as it goes when its last line is torn, and goes on from there', async () => {
    const journal = await store.create(header());
    await journal.opening(move(1));
    await journal.close();
    const { path } = only();
    appendFileSync(path, '{"sum":"0123","kind":"mov');
    expect(only().log.entries).to.have.length(1);
    const again = await Journal.reopen(path, only().log);
    expect(again.hasBegun).to.equal(true);
    const { id, command, started, host } = header();
    await again.append({ kind: 'sitting', id, command, started, host, pid: 99 });
    await again.close();
    expect(only().log.entries).to.have.length(2);
    expect(lastSittingOf(only().log).pid).to.equal(99);
  });

  it('is damaged when any line but a torn last one is altered, gone or foreign', async () => {
    const journal = await store.create(header());
    for (const slot of [1, 2, 3]) await journal.opening(move(slot));
    await journal.end('interrupted');
    await journal.close();
    const { path } = only();
    const text = readFileSync(path, 'utf8');
    const lines = text.split('\n').slice(0, -1);
    const asText = (all: readonly string[]) => Buffer.from(`${all.join('\n')}\n`);
    for (const [at] of lines.slice(0, -1).entries()) {
      const without = lines.filter((_, index) => index !== at);
      expect(() => parseJournal(asText(without)), `without ${at}`).to.throw(JournalError);
    }
    expect(() => parseJournal(asText([...lines, 'hello']))).to.throw(/line 6 is no JSON/);
    expect(() => parseJournal(asText([...lines, '{"a":1}']))).to.throw(/no line of a journal/);
    expect(() => parseJournal(Buffer.from('{"kind"'))).to.throw(/first line/);
    fc.assert(
      fc.property(fc.nat(text.length - 2), (at) => {
        const altered = `${text.slice(0, at)}${text[at] === '1' ? '2' : '1'}${text.slice(at + 1)}`;
        expect(() => parseJournal(Buffer.from(altered)), `at ${at}`).to.throw(JournalError);
      }),
      { numRuns: 200 },
    );
    writeFileSync(path, text.replace('"first":2', '"first":1'));
    expect(store.runsOf(cluster)).to.deep.equal([]);
    expect(store.all()).to.have.length(1);
    expect(store.all()[0]).to.have.property('problem');
  });

  it('keeps the last few finished ones, and every one that can be gone on with', async () => {
    for (let count = 0; count < 9; count++) {
      const id = newRunId(new Date(1_000_000_000_000 + count));
      const journal = await store.create(header(id));
      await journal.end(count === 0 ? 'interrupted' : 'done');
      await journal.close();
    }
    store.prune(cluster);
    const kept = store.runsOf(cluster);
    expect(kept.filter(({ log }) => isFinished(log))).to.have.length(5);
    expect(kept.at(-1)!.run).to.match(/^20010909T014640000-/);
  });

  it('that cannot be written is one clear error', async () => {
    writeFileSync(join(folder, 'trib'), 'a file where a folder should be');
    const error = await rejectionOf(store.create(header()));
    expect(error.code).to.equal('JOURNAL');
    expect(error.message).to.match(/^The journal .* cannot be written: /);
  });

  it('that has no folder to be in is one clear error, at once', async function () {
    if (!existsSync('/proc/self')) this.skip();
    const error = await rejectionOf(new JournalStore({ XDG_STATE_HOME: '/proc' }).create(header()));
    expect(error.code).to.equal('JOURNAL');
    expect(error.hints.join()).to.contain('XDG_STATE_HOME');
  });

  it('that cannot be looked for is one clear error: a run may be at work there', () => {
    mkdirSync(join(folder, 'trib'));
    symlinkSync('journals', join(folder, 'trib', 'journals'));
    const error = thrownBy(() => store.runsOf(cluster));
    expect(error.code).to.equal('JOURNAL');
    expect(error.message).to.match(/^The journals in .* cannot be read: ELOOP/);
  });

  it('is read no further than any journal goes, also where there is no end', function () {
    if (process.platform === 'win32') this.skip();
    expect(() => readBounded('/dev/zero')).to.throw(/more than trib writes/);
    expect(readBounded('/dev/null')).to.have.length(0);
  });

  it('knows a living process from one that has its number by chance', () => {
    expect(isRunning(process.pid, processMark(process.pid))).to.equal(true);
    expect(isRunning(process.pid, undefined)).to.equal(true);
    if (processMark(process.pid) !== undefined) expect(isRunning(process.pid, '1')).to.equal(false);
    expect(isRunning(2 ** 22 + 5, undefined)).to.equal(false);
  });
});

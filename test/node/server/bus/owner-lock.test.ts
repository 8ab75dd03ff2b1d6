import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { releaseOwnerLock, takeOwnerLock } from '../../../../src/lib/node/server/bus/owner-lock.js';
import { waitUntil } from '../../../support/wait.js';

/** No process has this number, and none started at that tick. */
const DEAD = '4194304 1\n';
const RIVALS = 2;
/** Of so many a careless takeover gives several to two owners; one lock alone would mostly go well. */
const LOCKS = 800;
/** A second or two on a machine of its own; many times that where the disk is shared. */
const PATIENCE_MS = 60_000;

describe('the lock of a file with one owner', () => {
  let dir: string;
  const children: ChildProcess[] = [];

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'trib-lock-'));
  });

  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  });

  it('is taken once, and again after it was given up', () => {
    const path = join(dir, 'lock');
    expect(takeOwnerLock(path)).to.be.true;
    expect(takeOwnerLock(path)).to.be.false;
    releaseOwnerLock(path);
    expect(takeOwnerLock(path)).to.be.true;
  });

  it('is inherited from the dead, also where an heir died while inheriting, and leaves nothing behind', () => {
    const path = join(dir, 'lock');
    writeFileSync(path, DEAD);
    writeFileSync(`${path}.heir`, DEAD);
    expect(takeOwnerLock(path)).to.be.true;
    expect(takeOwnerLock(path)).to.be.false;
    expect(readdirSync(dir)).to.deep.equal(['lock']);
  });

  it('has one owner when several processes find a dead one at the same moment', async function () {
    this.timeout(PATIENCE_MS);
    const paths = Array.from({ length: LOCKS }, (_, index) => join(dir, `lock-${index}`));
    for (const path of paths) writeFileSync(path, DEAD);
    const rivals = Array.from({ length: RIVALS }, () => startRival());
    children.push(...rivals.map(({ child }) => child));
    const lines = (count: number) => () => rivals.every((rival) => rival.lines().length === count);
    await waitUntil('all rivals are ready', lines(1));
    for (const { child } of rivals) child.stdin!.write(`${JSON.stringify(paths)}\n`);
    await waitUntil('all rivals have tried every lock', lines(2), PATIENCE_MS);
    const taken = rivals.flatMap((rival) => JSON.parse(rival.lines()[1]!) as string[]);
    expect(taken.sort()).to.deep.equal(paths.sort());
  });
});

/** Goes down a row of locks and says which it got. Whoever loses one is faster at the next: they stay close. */
function startRival(): { child: ChildProcess; lines: () => string[] } {
  const source = new URL('../../../../src/lib/node/server/bus/owner-lock.ts', import.meta.url);
  const code = `
    import { createInterface } from 'node:readline';
    import { takeOwnerLock } from ${JSON.stringify(source.href)};
    console.log('ready');
    for await (const line of createInterface(process.stdin)) {
      console.log(JSON.stringify(JSON.parse(line).filter((path) => takeOwnerLock(path))));
    }`;
  const args = ['--import', 'tsx', '--input-type=module', '-e', code];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return { child, lines: () => output.split('\n').slice(0, -1) };
}

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { releaseOwnerLock, takeOwnerLock } from '../../../../src/lib/node/server/bus/owner-lock.js';
import { waitUntil } from '../../../support/wait.js';

/** No process has this number, and none started at that tick. */
const DEAD = '4194304 1\n';
const RIVALS = 4;
const ROUNDS = 10;

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

  it('has one owner when several processes find a dead one at the same moment', async () => {
    const rivals = Array.from({ length: RIVALS }, () => startRival());
    children.push(...rivals.map(({ child }) => child));
    await waitUntil('all rivals are ready', () =>
      rivals.every(({ lines }) => lines().length === 1),
    );
    for (let round = 1; round <= ROUNDS; round++) {
      const path = join(dir, `lock-${round}`);
      writeFileSync(path, DEAD);
      // A little ahead, so that the slowest rival has read its order by then.
      const atMs = Date.now() + 50;
      for (const { child } of rivals) child.stdin!.write(`${JSON.stringify({ path, atMs })}\n`);
      await waitUntil('all rivals have tried', () =>
        rivals.every(({ lines }) => lines().length === round + 1),
      );
      const answers = rivals.map(({ lines }) => lines()[round]);
      expect(
        answers.filter((answer) => answer === 'true'),
        `round ${round}`,
      ).to.have.length(1);
    }
  });
});

function startRival(): { child: ChildProcess; lines: () => string[] } {
  const source = new URL('../../../../src/lib/node/server/bus/owner-lock.ts', import.meta.url);
  const code = `
    import { createInterface } from 'node:readline';
    import { takeOwnerLock } from ${JSON.stringify(source.href)};
    console.log('ready');
    for await (const line of createInterface(process.stdin)) {
      const { path, atMs } = JSON.parse(line);
      while (Date.now() < atMs);
      console.log(takeOwnerLock(path));
    }`;
  const args = ['--import', 'tsx', '--input-type=module', '-e', code];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return { child, lines: () => output.split('\n').slice(0, -1) };
}

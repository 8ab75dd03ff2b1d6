/** `npm start`, as somebody types it who has just cloned the repository. */
import { execFile, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { isListening } from './support/is-listening.js';
import { waitUntil } from './support/wait.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);

describe('npm start', function () {
  this.timeout(120_000);

  it('--once makes a cluster of six embedded nodes, checks it, and ends with 0', async () => {
    const env = { ...process.env, NODE_ENV: 'production' };
    const { stdout } = await run(process.execPath, ['scripts/start.mjs', '--once'], {
      cwd: root,
      env,
    });
    expect(stdout).to.contain('>>> Starting 6 embedded nodes on 127.0.0.1');
    expect(stdout).to.contain('[OK] All 16384 slots covered.');
    expect(stdout).to.contain('[OK] The cluster is healthy.');
  });

  it('stays up until Ctrl-C, then leaves nothing behind', async () => {
    const child = spawn(process.execPath, ['scripts/start.mjs'], {
      cwd: root,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    try {
      await waitUntil('it tells how to talk to it', () => output.includes('Ctrl-C stops'), 60_000);
      const port = Number(/check 127\.0\.0\.1:(\d+)/.exec(output)?.[1]);
      expect(await isListening(port)).to.equal(true);
      // To the whole process group, as a terminal does it.
      process.kill(-child.pid!, 'SIGINT');
      expect(await ended).to.equal(0);
      expect(await isListening(port)).to.equal(false);
    } finally {
      if (child.exitCode === null) process.kill(-child.pid!, 'SIGKILL');
    }
  });
});

/** A lab in the background, through its whole life, on embedded nodes and on real servers. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { PROGRAM } from '../../cli/run-trib.js';
import { hasRedisServer } from '../../support/real-server.js';
import { waitUntil } from '../../support/wait.js';

interface Run {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

describe('lab', function () {
  this.timeout(120_000);
  let home: string;
  beforeEach(() => (home = mkdtempSync(join(tmpdir(), 'trib-lab-test-'))));
  afterEach(async () => {
    await lab('down', '--all');
    rmSync(home, { recursive: true, force: true });
  });

  const lab = (...words: readonly string[]): Promise<Run> =>
    new Promise((resolve) => {
      const env = { ...process.env, XDG_STATE_HOME: home };
      const child = execFile(
        process.execPath,
        [PROGRAM, 'lab', ...words],
        { env },
        (_, stdout, stderr) => resolve({ status: child.exitCode ?? 1, stdout, stderr }),
      );
    });
  const record = (name = 'default'): { pid: number; nodes: { address: { port: number } }[] } =>
    JSON.parse(readFileSync(join(home, 'trib', 'lab', name, 'lab.json'), 'utf8'));

  for (const server of ['embedded', 'redis-server']) {
    describe(`of ${server}`, () => {
      before(function () {
        if (server === 'redis-server' && !hasRedisServer()) this.skip();
      });

      const up = (...words: readonly string[]): Promise<Run> =>
        lab('up', '--nodes', '3', '--replicas', '0', '--server', server, ...words);

      it('comes up, tells of itself, refuses a second one, goes down and is gone', async () => {
        const started = await up('--detach');
        expect(started.stderr).to.equal('');
        expect(started.status).to.equal(0);
        expect(started.stdout).to.contain('[OK] All 16384 slots covered.');
        const status = await lab('status', '--json');
        expect(status.status).to.equal(0);
        const [shown] = JSON.parse(status.stdout).labs;
        expect(shown.state).to.equal('up');
        expect(shown.nodes.map((node: any) => node.clusterState)).to.deep.equal(['ok', 'ok', 'ok']);
        const second = await up('--detach');
        expect(second.status).to.equal(1);
        expect(second.stderr).to.contain('is up already');
        expect((await lab('down')).stdout).to.contain('is down: 3 nodes stopped');
        expect((await lab('status')).stdout).to.contain('No lab runs in the background');
        expect(readdirSync(join(home, 'trib', 'lab'))).to.deep.equal([]);
      });

      it('whose holder was killed is not believed to be up, and down cleans after it', async () => {
        const named = await up('--detach', '--name', 'named');
        expect(named.stdout).to.contain('`trib lab down --name named` ends it');
        process.kill(record('named').pid, 'SIGKILL');
        await waitUntil('the status says so', async () => (await lab('status')).status === 1);
        expect((await lab('down', '--name', 'named')).status).to.equal(0);
        expect(existsSync(join(home, 'trib', 'lab', 'named'))).to.equal(false);
      });

      it('stops by itself with --once', async () => {
        const once = await up('--once');
        expect(once.status).to.equal(0);
        expect(once.stdout).to.contain('[OK] All 16384 slots covered.');
      });
    });
  }

  it('that cannot come up says why, in the background as well, and leaves nothing', async () => {
    for (const mode of ['--detach', '--once']) {
      const failed = await lab('up', '--server', 'no-such-server', mode);
      expect(failed.status).to.equal(1);
      expect(failed.stderr).to.contain('no-such-server');
    }
    expect((await lab('status')).stdout).to.contain('No lab runs in the background');
  });

  it('down without a lab has nothing to do', async () => {
    const down = await lab('down');
    expect(down.status).to.equal(0);
    expect(down.stdout).to.contain('nothing to do');
  });
});

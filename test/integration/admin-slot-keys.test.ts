/** Keys in slots of others, on real servers: what `--search-multiple-owners` looks for. */
import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import { hasRedisServer, redisCli } from '../support/real-server.js';
import { runTrib, tribJson } from '../cli/run-trib.js';
import { ServerPool, addressOf, idOf } from './real-cluster.js';

describe('check --search-multiple-owners', function () {
  this.timeout(60_000);
  const pool = new ServerPool();
  before(function () {
    if (!hasRedisServer()) this.skip();
  });
  after(() => pool.stop());

  it('finds a key that a broken move left behind, in either spelling, and not without being asked', async () => {
    const servers = await pool.start(3, { nodeTimeoutMs: 2_000 });
    const entry = addressOf(servers[0]!);
    const made = await runTrib(['create', '--yes', ...servers.map(addressOf)]);
    expect(made.status, made.stderr).to.equal(0);
    const option = '--cluster-search-multiple-owners';
    const clean = await runTrib(['check', entry, option]);
    expect(clean.status, clean.stdout).to.equal(0);
    expect(clean.stdout).to.include('>>> Check for multiple slot owners...');
    expect(clean.stdout).to.include('[OK] No multiple owners found.');

    // `foo` is in slot 12182, which the third node owns; the first is made to take a copy.
    const { port } = servers[0]!;
    redisCli(port, 'CLUSTER', 'SETSLOT', '12182', 'IMPORTING', idOf(servers[2]!));
    // One connection: ASKING holds for the next command on it.
    execFileSync('redis-cli', ['-p', String(port)], { input: 'ASKING\nSET foo bar\n' });
    redisCli(port, 'CLUSTER', 'SETSLOT', '12182', 'STABLE');
    expect((await runTrib(['check', entry])).status).to.equal(0);
    const found = await runTrib(['check', entry, option]);
    expect(found.status).to.equal(1);
    expect(found.stdout).to.include('[WARNING] Slot 12182 has 2 owners:');
    const { status, document } = await tribJson(['check', entry, '--search-multiple-owners']);
    expect(status).to.equal(1);
    expect(document.findings[0]).to.include({ id: 'keys-in-foreign-slot', subject: '12182' });
  });
});

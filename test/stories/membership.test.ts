/** What people told of members that come and go, on real servers: each story with the end trib gives it. */
import { expect } from 'chai';
import { ServerPool, addressOf, clusterInfo, idOf, isBlank } from '../integration/real-cluster.js';
import { hasRedisServer, redisCli } from '../support/real-server.js';
import { waitUntil } from '../support/wait.js';
import { runTrib, tribJson } from '../cli/run-trib.js';
import { heldForDead, lineAt, makeCluster, serves, writeTo } from './story-cluster.js';

describe('stories of members', function () {
  this.timeout(120_000);
  const pool = new ServerPool();
  before(function () {
    if (!hasRedisServer()) this.skip();
  });
  afterEach(() => pool.stop());

  it('story 25: forget tells every node at once, and names the one that could not be told', async () => {
    const { servers, entry } = await makeCluster(pool, 6);
    const [dead, frozen] = [servers[5]!, servers[4]!];
    const id = idOf(dead);
    await dead.stop();
    await heldForDead(id, servers.slice(0, 3));
    frozen.signal('SIGSTOP');
    const { document } = await tribJson(['forget', entry, id, '--yes', '--deadline', '1s']);
    frozen.signal('SIGCONT');
    expect(document.plan.remarks.join()).to.match(
      new RegExp(`${addressOf(frozen)} .*keeps ${id.slice(0, 8)} in mind`),
    );
    // The frozen one still gossips about it; those who were told do not listen for a minute.
    for (const server of servers.slice(0, 4)) expect(lineAt(server, id)).to.equal(undefined);
    const again = await runTrib(['forget', entry, id, '--yes']);
    expect(again.status, again.stderr).to.equal(0);
    for (const server of servers.slice(0, 5)) expect(lineAt(server, id)).to.equal(undefined);
  });

  it('story 26: a living node is not forgotten but removed, and reset before the others forget it', async () => {
    const { servers, entry } = await makeCluster(pool, 3);
    const [newcomer] = await pool.start(1, { nodeTimeoutMs: 2_000 });
    await runTrib(['add-node', addressOf(newcomer!), entry]);
    const id = idOf(newcomer!);
    const refused = await tribJson(['forget', entry, id, '--yes']);
    expect(refused.document.error.code).to.equal('REFUSED');
    expect(refused.document.error.message).to.include('trib del-node');
    const removed = await runTrib(['del-node', entry, id]);
    expect(removed.status, removed.stderr).to.equal(0);
    expect(clusterInfo(newcomer!, 'cluster_known_nodes')).to.equal('1');
    for (const server of servers) expect(lineAt(server, id)).to.equal(undefined);
  });

  it('story 27: the replicas of a primary that leaves get a new one first', async () => {
    const { servers, entry } = await makeCluster(pool, 3);
    const [primary, replica] = await pool.start(2, { nodeTimeoutMs: 2_000 });
    await runTrib(['add-node', addressOf(primary!), entry]);
    const asReplica = ['--slave', '--master-id', idOf(primary!)];
    const added = await runTrib(['add-node', addressOf(replica!), entry, ...asReplica]);
    expect(added.status, added.stderr).to.equal(0);
    const id = idOf(primary!);
    const removed = await runTrib(['del-node', entry, id]);
    expect(removed.status, removed.stderr).to.equal(0);
    const home = lineAt(replica!, idOf(replica!))!.split(' ')[3]!;
    expect(servers.map(idOf)).to.include(home);
    expect(redisCli(replica!.port, 'INFO', 'replication')).to.include('master_link_status:up');
    for (const server of [...servers, replica!]) expect(lineAt(server, id)).to.equal(undefined);
  });

  it('story 28: a dead primary is not forgotten while a replica could still take over', async () => {
    const { servers, entry } = await makeCluster(pool, 6, { nodeTimeoutMs: 30_000 });
    const [, dead, , , replica] = servers;
    writeTo(dead!, 6_000);
    const id = idOf(dead!);
    await dead!.stop();
    const refused = await tribJson(['forget', entry, id, '--yes']);
    expect(refused.document.error.code).to.equal('REFUSED');
    expect(refused.document.error.hints).to.deep.equal([
      `trib failover ${addressOf(replica!)} --force`,
    ]);
    const forced = await tribJson(['failover', addressOf(replica!), '--force', '--yes']);
    expect(forced.status, JSON.stringify(forced.document)).to.equal(0);
    const forgotten = await runTrib(['forget', entry, id, '--yes']);
    expect(forgotten.status, forgotten.stderr).to.equal(0);
  });

  it('story 30: a handshake that never ends is shown by its address, whatever its id is by now', async () => {
    const { servers, entry } = await makeCluster(pool, 3, { nodeTimeoutMs: 15_000 });
    redisCli(servers[1]!.port, 'CLUSTER', 'MEET', '127.0.0.1', '1', '2');
    const { document } = await tribJson(['check', entry]);
    const finding = document.findings.find(({ id }: { id: string }) => id === 'handshake-lasting');
    expect(finding.subject).to.equal('127.0.0.1:1');
    expect(finding.evidence.join()).to.include(`${addressOf(servers[1]!)} lists`);
    expect(finding.evidence.join()).to.include('bus port 2');
  });

  it('story 31: slots left behind by a create that broke off are told, and the cure given is one', async () => {
    const servers = await pool.start(3, { nodeTimeoutMs: 2_000 });
    redisCli(servers[1]!.port, 'CLUSTER', 'ADDSLOTS', '7185');
    const refused = await tribJson(['create', '--yes', ...servers.map(addressOf)]);
    expect(refused.document.error.code).to.equal('NODE_NOT_EMPTY');
    expect(refused.document.error.message).to.include('it owns 1 slots: 7185');
    expect(isBlank(servers[0]!)).to.equal(true);
    const cure = `trib reset ${addressOf(servers[1]!)} --hard`;
    expect(refused.document.error.hints).to.include(cure);
    await runTrib([...cure.split(' ').slice(1), '--yes']);
    const made = await runTrib(['create', '--yes', ...servers.map(addressOf)]);
    expect(made.status, made.stderr).to.equal(0);
  });

  it('story 38: names and IPv6 addresses make clusters; nodes are introduced by IP address', async () => {
    const named = await pool.start(3, { nodeTimeoutMs: 2_000 });
    const made = await runTrib([
      ...['create', '--yes', '-4'],
      ...named.map(({ port }) => `localhost:${port}`),
    ]);
    expect(made.status, made.stderr).to.equal(0);
    expect(lineAt(named[0]!, idOf(named[1]!))).to.include(` ${addressOf(named[1]!)}@`);
    await pool.stop();
    const six = await pool.start(3, { nodeTimeoutMs: 2_000, host: '::1' });
    for (const form of [({ port }: { port: number }) => `[::1]:${port}`]) {
      const created = await runTrib(['create', '--yes', ...six.map(form)]);
      expect(created.status, created.stderr).to.equal(0);
    }
    const { document } = await tribJson(['check', `::1:${six[2]!.port}`]);
    expect(document.healthy).to.equal(true);
    expect(document.nodes.map(({ address }: { address: string }) => address)).to.have.members(
      six.map(({ port }) => `[::1]:${port}`),
    );
  });

  it('story 40: what was done is not done twice', async () => {
    const { servers, entry } = await makeCluster(pool, 6);
    const before = redisCli(servers[0]!.port, 'CLUSTER', 'INFO').match(/cluster_current_epoch:\d+/);
    const create = await tribJson([
      'create',
      '--replicas',
      '1',
      '--yes',
      ...servers.map(addressOf),
    ]);
    expect(create.document.outcome).to.equal('already-created');
    const added = await tribJson(['add-node', addressOf(servers[4]!), entry, '--slave']);
    expect(added.document.outcome).to.equal('already-member');
    await runTrib(['del-node', entry, idOf(servers[5]!)]);
    const gone = await tribJson(['del-node', entry, idOf(servers[5]!)]);
    expect(gone.document.error.code).to.equal('UNKNOWN_NODE');
    const after = redisCli(servers[0]!.port, 'CLUSTER', 'INFO').match(/cluster_current_epoch:\d+/);
    expect(after![0]).to.equal(before![0]);
    await waitUntil('five are left', () => clusterInfo(servers[0]!, 'cluster_known_nodes') === '5');
  });

  it('story 58: the exit status of create is that of its final check', async () => {
    const servers = await pool.start(6, { nodeTimeoutMs: 2_000, config: { requirepass: 'pass' } });
    // Without masterauth the replicas never get their data; all slots are covered all the same.
    const made = await tribJson([
      ...['create', '--replicas', '1', '--yes', '-a', 'pass', '--deadline', '6s'],
      ...servers.map(addressOf),
    ]);
    expect(made.status).to.equal(1);
    expect(JSON.stringify(made.document.error)).to.include('no link to its primary');
  });

  it('story 59: of two who create at once one makes the cluster, the other leaves it alone', async () => {
    const servers = await pool.start(6);
    const args = ['create', '--replicas', '1', ...servers.map(addressOf)];
    const runs = await Promise.all([1, 2, 3].map(() => runTrib(args, { input: 'yes\n' })));
    const told = runs.map(({ status, stdout, stderr }) => `${status}\n${stdout}${stderr}`);
    expect(
      runs.map(({ status }) => status),
      told.join('\n'),
    ).to.include(0);
    for (const text of told.filter((text) => !text.startsWith('0'))) {
      // Too late from the start, overtaken, or one that found the cluster there and still settling.
      expect(text).to.match(/not empty|have changed|not healthy/);
      expect(text).to.not.include('Undoing');
    }
    for (const server of servers) await serves(server);
    const check = await tribJson(['check', addressOf(servers[0]!)]);
    expect(check.document.healthy, JSON.stringify(check.document.findings)).to.equal(true);
    for (const { port } of servers) {
      expect(redisCli(port, 'CONFIG', 'GET', 'cluster-node-timeout')).to.include('15000');
    }
  });
});

/** `trib create` on real servers: what it promises, and what becomes of it when the world misbehaves. */
import { expect } from 'chai';
import { freePort } from '../support/free-port.js';
import { hasRedisServer, redisCli } from '../support/real-server.js';
import { waitUntil } from '../support/wait.js';
import { runTrib, startTrib, tribJson } from '../cli/run-trib.js';
import { ServerPool, addressOf, clusterInfo, isBlank, nodeTimeoutOf } from './real-cluster.js';

describe('create, on real servers', function () {
  this.timeout(60_000);
  const pool = new ServerPool();
  before(function () {
    if (!hasRedisServer()) this.skip();
  });
  afterEach(() => pool.stop());

  it('makes a cluster that is healthy at once, restores what it changed, and does nothing when run again', async () => {
    const servers = await pool.start(6);
    const addresses = servers.map(addressOf);
    const first = await runTrib(['create', '--replicas', '1', ...addresses], { input: 'yes\n' });
    expect(first.status, first.stderr).to.equal(0);
    const promised = [
      '>>> Performing hash slots allocation on 6 nodes...',
      '>>> Nodes configuration updated',
      '>>> Assign a different config epoch to each node',
      '>>> Sending CLUSTER MEET messages to join the cluster',
      'Waiting for the cluster to join.',
      '[OK] All nodes agree about slots configuration.',
      '>>> Check for open slots...',
      '>>> Check slots coverage...',
      '[OK] All 16384 slots covered.',
    ];
    const lines = first.stdout.split('\n');
    expect(lines.filter((line) => promised.includes(line))).to.deep.equal(promised);
    for (const server of servers) {
      expect(clusterInfo(server, 'cluster_state')).to.equal('ok');
      expect(nodeTimeoutOf(server)).to.equal(15_000);
    }
    const check = await tribJson(['check', addresses[5]!]);
    expect(check.status).to.equal(0);
    expect(check.document).to.include({ healthy: true, agreed: true, schemaVersion: 1 });
    const again = await tribJson(['create', '--cluster-replicas', '1', ...addresses]);
    expect(again.status).to.equal(0);
    expect(again.document.outcome).to.equal('already-created');
  });

  it('takes the end of input for a refusal that names --yes, and any other word for a no', async () => {
    const servers = await pool.start(3);
    const addresses = servers.map(addressOf);
    const silent = await runTrib(['create', ...addresses]);
    expect(silent.status).to.equal(3);
    expect(silent.stderr).to.include('--yes');
    const other = await runTrib(['create', ...addresses], { input: 'y\n' });
    expect(other.status).to.equal(3);
    for (const server of servers) expect(isBlank(server)).to.equal(true);
    const environment = await tribJson(['create', ...addresses], {
      env: { REDISCLI_CLUSTER_YES: '1' },
    });
    expect(environment.document.outcome).to.equal('created');
  });

  it('notices that the nodes changed while it asked, and leaves them to whoever was faster', async () => {
    const servers = await pool.start(3);
    const addresses = servers.map(addressOf);
    const slow = startTrib(['create', ...addresses], { keepOpen: true });
    await waitUntil('it asks', () => slow.stderr().includes('to accept'));
    const fast = await runTrib(['create', '--yes', ...addresses]);
    expect(fast.status, fast.stderr).to.equal(0);
    slow.process.stdin!.end('yes\n');
    const { status, stderr } = await slow.ended;
    expect(status, stderr).to.equal(4);
    expect((await tribJson(['check', addresses[0]!])).document.healthy).to.equal(true);
  });

  it('streams one line of JSON per event with --events, the document last', async () => {
    const servers = await pool.start(3);
    const { status, stdout } = await runTrib([
      ...['create', '--yes', '--events'],
      ...servers.map(addressOf),
    ]);
    expect(status).to.equal(0);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.at(-1)).to.include({ kind: 'create', outcome: 'created', healthy: true });
    // The lowered node timeout of the join is no fact about the cluster that was made.
    expect(stdout).not.to.contain('node-timeout-low');
    const kinds = lines.slice(0, -1).map(({ event }) => event.kind);
    expect(kinds.slice(0, 2)).to.deep.equal(['stage-started', 'step-done']);
    expect(kinds).to.include('wait-done');
  });

  it('plans without touching anything with --dry-run', async () => {
    const servers = await pool.start(3);
    const dry = await tribJson(['create', '--dry-run', ...servers.map(addressOf)]);
    expect(dry.status).to.equal(0);
    expect(dry.document.plan.stages.map(({ title }: { title: string }) => title)).to.include(
      'Nodes configuration updated',
    );
    for (const server of servers) expect(isBlank(server)).to.equal(true);
  });

  it('undoes everything when a bus port cannot be reached, and names the link that is missing', async () => {
    const reachable = await pool.start(2);
    const deafPort = await freePort();
    const [deaf] = await pool.start(1, {
      config: { 'cluster-announce-bus-port': String(deafPort) },
    });
    const servers = [...reachable, deaf!];
    const outcome = await tribJson([
      ...['create', '--yes', '--deadline', '3s'],
      ...servers.map(addressOf),
    ]);
    expect(outcome.status).to.equal(1);
    const { error } = outcome.document;
    expect(error.code).to.equal('JOIN_FAILED');
    expect(error.details.missingLinks).to.deep.include.members([
      { ...error.details.missingLinks[0], to: addressOf(deaf!), busPort: deafPort },
    ]);
    expect(error.hints.join('\n')).to.include(`bus port ${deafPort} of node ${addressOf(deaf!)}`);
    for (const server of servers) {
      expect(isBlank(server), addressOf(server)).to.equal(true);
      expect(nodeTimeoutOf(server)).to.equal(15_000);
    }
  });

  it('names a node that announces an address nobody can reach', async () => {
    const reachable = await pool.start(2);
    const [lost] = await pool.start(1, { config: { 'cluster-announce-ip': '127.99.99.99' } });
    const servers = [...reachable, lost!];
    const { status, stderr } = await runTrib([
      ...['create', '--yes', '--deadline', '3s'],
      ...servers.map(addressOf),
    ]);
    // Loopback answers on every 127.x address, so the servers bound to 127.0.0.1 refuse there.
    expect(status).to.equal(1);
    expect(stderr).to.match(/announces 127\.99\.99\.99@\d+: check its cluster-announce-ip/);
    for (const server of servers) expect(isBlank(server), addressOf(server)).to.equal(true);
  });

  it('is undone by Ctrl-C: empty nodes that stay empty, restored timeouts, exit status 130', async () => {
    const reachable = await pool.start(2);
    const [deaf] = await pool.start(1, {
      config: { 'cluster-announce-bus-port': String(await freePort()) },
    });
    const servers = [...reachable, deaf!];
    const running = startTrib(['create', '--yes', ...servers.map(addressOf)]);
    await waitUntil('the join has begun', () =>
      running.stdout().includes('Waiting for the cluster'),
    );
    running.process.kill('SIGINT');
    const { status, stderr } = await running.ended;
    expect(status).to.equal(130);
    expect(stderr).to.include('Everything was undone');
    for (const server of servers) {
      expect(isBlank(server), addressOf(server)).to.equal(true);
      expect(nodeTimeoutOf(server)).to.equal(15_000);
    }
  });

  it('ends by its deadline when a node is stopped, and names that node', async () => {
    const servers = await pool.start(3);
    servers[1]!.signal('SIGSTOP');
    const { status, document } = await tribJson([
      ...['create', '--yes', '--deadline', '1s'],
      ...servers.map(addressOf),
    ]);
    servers[1]!.signal('SIGCONT');
    expect(status).to.equal(5);
    expect(document.error.code).to.equal('NO_ANSWER');
    expect(document.error.message).to.include(addressOf(servers[1]!));
    for (const server of servers) expect(isBlank(server)).to.equal(true);
  });

  it('joins at the pace of the servers where CONFIG is refused, and says so', async () => {
    const servers = await pool.start(3, { nodeTimeoutMs: 1_000 });
    for (const { port } of servers) redisCli(port, 'ACL', 'SETUSER', 'default', '-config');
    const { status, stdout, stderr } = await runTrib([
      'create',
      '--yes',
      ...servers.map(addressOf),
    ]);
    expect(status, stderr).to.equal(0);
    expect(stdout).to.include('CONFIG is not available on 3 of 3 nodes');
  });

  describe('refuses, and leaves the nodes alone:', () => {
    const refusals: readonly [string, number, string, (addresses: string[]) => string[]][] = [
      ['an address that is none', 2, 'BAD_ADDRESS', (all) => ['127.0.0.1:70000', ...all]],
      ['a node given twice', 1, 'DUPLICATE_NODE', (all) => [...all, all[0]!]],
      ['too few nodes', 1, 'TOO_FEW_NODES', (all) => all.slice(0, 2)],
      ['too few nodes for the replicas', 1, 'TOO_FEW_NODES', (all) => ['--replicas', '1', ...all]],
      ['a port where nobody listens', 5, 'NODE_UNREACHABLE', (all) => [...all, '127.0.0.1:1']],
      ['an option nobody knows', 2, 'USAGE', (all) => ['--frobnicate', ...all]],
    ];
    for (const [what, status, code, args] of refusals) {
      it(what, async () => {
        const servers = await pool.start(3);
        const outcome = await tribJson(['create', '--yes', ...args(servers.map(addressOf))]);
        expect(outcome.document.error.code).to.equal(code);
        expect(outcome.status).to.equal(status);
        for (const server of servers) expect(isBlank(server)).to.equal(true);
      });
    }

    it('a server that is no cluster node', async () => {
      const servers = [...(await pool.start(2)), ...(await pool.start(1, { cluster: false }))];
      const { document } = await tribJson(['create', '--yes', ...servers.map(addressOf)]);
      expect(document.error.code).to.equal('NOT_CLUSTER_NODE');
      expect(document.error.message).to.include(addressOf(servers[2]!));
    });

    it('a node with keys in it, telling how many and where', async () => {
      const servers = await pool.start(3);
      redisCli(servers[2]!.port, 'CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
      await waitUntil('the node serves', () => clusterInfo(servers[2]!, 'cluster_state') === 'ok');
      redisCli(servers[2]!.port, 'SET', 'leftover', '1');
      const { document } = await tribJson(['create', '--yes', ...servers.map(addressOf)]);
      expect(document.error.code).to.equal('NODE_NOT_EMPTY');
      expect(document.error.message).to.include('database 0 holds 1 key');
      expect(document.error.hints.join()).to.include(`trib reset ${addressOf(servers[2]!)}`);
    });
  });
});

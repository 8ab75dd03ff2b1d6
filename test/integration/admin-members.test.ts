/** Members that join, leave and take over, on real servers: the commands after `create`. */
import { expect } from 'chai';
import { freePort } from '../support/free-port.js';
import { type RealServer, hasRedisServer, redisCli } from '../support/real-server.js';
import { slotOfKey } from '../../src/lib/kernel/slot.js';
import { waitUntil } from '../support/wait.js';
import { runTrib, tribJson } from '../cli/run-trib.js';
import {
  ServerPool,
  addressOf,
  clusterInfo,
  idOf,
  isBlank,
  nodeTimeoutOf,
} from './real-cluster.js';

/** What one node says of another: the line of CLUSTER NODES, or undefined. */
function lineAt(server: RealServer, id: string): string | undefined {
  const lines = redisCli(server.port, 'CLUSTER', 'NODES').split('\n');
  return lines.find((line) => line.startsWith(id));
}

/** A key in this slot or one of the next few hundred: the first number whose slot fits a primary's range. */
function keyIn(firstSlot: number): string {
  for (let candidate = 0; ; candidate++) {
    const slot = slotOfKey(String(candidate));
    if (slot >= firstSlot && slot < firstSlot + 5_000) return String(candidate);
  }
}

describe('members of a cluster of real servers', function () {
  this.timeout(60_000);
  const pool = new ServerPool();
  let servers: RealServer[] = [];
  let entry = '';

  before(function () {
    if (!hasRedisServer()) this.skip();
  });
  beforeEach(async () => {
    servers = await pool.start(6, { nodeTimeoutMs: 2_000 });
    entry = addressOf(servers[0]!);
    const { status, stderr } = await runTrib([
      ...['create', '--replicas', '1', '--yes'],
      ...servers.map(addressOf),
    ]);
    expect(status, stderr).to.equal(0);
  });
  afterEach(() => pool.stop());

  it('adds a replica of the primary named, in all spellings, known to everybody and linked when done', async () => {
    const [first, second] = await pool.start(2);
    const primaryId = idOf(servers[1]!);
    const trib = await runTrib([
      ...['add-node', '--slave', '--master-id', primaryId],
      ...[addressOf(first!), entry],
    ]);
    expect(trib.status, trib.stderr).to.equal(0);
    expect(trib.stdout).to.include(`>>> Configure node as replica of ${addressOf(servers[1]!)}.`);
    expect(trib.stdout).to.include('[OK] New node added correctly.');
    const cli = await runTrib([
      ...['add-node', addressOf(second!), entry],
      ...['--cluster-slave', '--cluster-master-id', primaryId.slice(0, 10)],
    ]);
    expect(cli.status, cli.stderr).to.equal(0);
    for (const newcomer of [first!, second!]) {
      expect(redisCli(newcomer.port, 'INFO', 'replication')).to.include('master_link_status:up');
      expect(nodeTimeoutOf(newcomer)).to.equal(15_000);
      for (const server of servers) {
        expect(lineAt(server, idOf(newcomer))).to.include(`slave ${primaryId}`);
      }
    }
  });

  it('adds a primary with the functions of the others, and removes it again', async () => {
    redisCli(
      servers[0]!.port,
      'FUNCTION',
      'LOAD',
      "#!lua name=lib\nredis.register_function('one', function() return 1 end)",
    );
    const [newcomer] = await pool.start(1);
    const added = await runTrib(['add-node', addressOf(newcomer!), entry]);
    expect(added.status, added.stderr).to.equal(0);
    expect(redisCli(newcomer!.port, 'FUNCTION', 'LIST')).to.include('lib');
    const id = idOf(newcomer!);
    const again = await tribJson(['add-node', addressOf(newcomer!), entry]);
    expect(again.document.outcome).to.equal('already-member');
    const removed = await runTrib(['del-node', entry, id]);
    expect(removed.status, removed.stderr).to.equal(0);
    for (const server of servers) expect(lineAt(server, id)).to.equal(undefined);
    expect(clusterInfo(newcomer!, 'cluster_known_nodes')).to.equal('1');
  });

  it('refuses to add a node of another cluster, a node with keys, an unknown or replica master', async () => {
    const others = await pool.start(3);
    await runTrib(['create', '--yes', ...others.map(addressOf)]);
    const foreign = await tribJson(['add-node', addressOf(others[0]!), entry]);
    expect(foreign.document.error.code).to.equal('FOREIGN_CLUSTER');
    const [fresh] = await pool.start(1);
    const at = addressOf(fresh!);
    const unknown = await tribJson([
      'add-node',
      at,
      entry,
      '--slave',
      '--master-id',
      'f'.repeat(40),
    ]);
    expect(unknown.document.error.code).to.equal('UNKNOWN_NODE');
    const replica = await tribJson([
      'add-node',
      at,
      entry,
      '--slave',
      '--master-id',
      addressOf(servers[5]!),
    ]);
    expect(replica.document.error.code).to.equal('NOT_A_PRIMARY');
    expect(isBlank(fresh!)).to.equal(true);
    expect(clusterInfo(servers[0]!, 'cluster_known_nodes')).to.equal('6');
  });

  it('takes a newcomer back whose bus port cannot be reached, and names the port', async () => {
    const busPort = await freePort();
    const [deaf] = await pool.start(1, {
      config: { 'cluster-announce-bus-port': String(busPort) },
    });
    const { status, document } = await tribJson([
      ...['add-node', addressOf(deaf!), entry, '--deadline', '3s'],
    ]);
    expect(status).to.equal(1);
    expect(document.error.code).to.equal('JOIN_FAILED');
    expect(document.error.hints.join('\n')).to.include(`bus port ${busPort}`);
    await waitUntil('nobody is in handshake', () =>
      servers.every((server) => clusterInfo(server, 'cluster_known_nodes') === '6'),
    );
    expect(clusterInfo(deaf!, 'cluster_known_nodes')).to.equal('1');
  });

  it('removes a dead replica, and a dead node does not hold up add-node', async () => {
    const dead = servers[4]!;
    const id = idOf(dead);
    await dead.stop();
    await waitUntil('the cluster holds it for dead', () =>
      [0, 1, 2].every((at) => lineAt(servers[at]!, id)?.includes(',fail ') === true),
    );
    const check = await tribJson(['check', entry]);
    expect(check.status).to.equal(1);
    expect(check.document.findings.map((finding: any) => finding.id)).to.include('node-failed');
    const [fresh] = await pool.start(1);
    const added = await runTrib(['add-node', addressOf(fresh!), entry, '--slave']);
    expect(added.status, added.stderr).to.equal(0);
    const removed = await runTrib(['del-node', entry, id.slice(0, 12)]);
    expect(removed.status, removed.stderr).to.equal(0);
    for (const server of servers.filter((server) => server !== dead)) {
      expect(lineAt(server, id)).to.equal(undefined);
    }
  });

  it('refuses to remove a node that owns slots, an unknown one with the nearest match', async () => {
    const owner = await tribJson(['del-node', entry, idOf(servers[1]!)]);
    expect(owner.document.error.code).to.equal('NODE_NOT_EMPTY');
    const id = idOf(servers[4]!);
    const typo = `${id.slice(0, 39)}${id.endsWith('0') ? '1' : '0'}`;
    const unknown = await tribJson(['del-node', entry, typo]);
    expect(unknown.document.error.code).to.equal('UNKNOWN_NODE');
    expect(unknown.document.error.hints[0]).to.include(id);
  });

  it('forgets a dead node everywhere, asking first', async () => {
    const dead = servers[5]!;
    const id = idOf(dead);
    await dead.stop();
    await waitUntil('the cluster holds it for dead', () =>
      [0, 1, 2].every((at) => lineAt(servers[at]!, id)?.includes(',fail ') === true),
    );
    const unasked = await runTrib(['forget', entry, '--all-failed']);
    expect(unasked.status).to.equal(3);
    const outcome = await runTrib(['forget', entry, '--all-failed', '--yes']);
    expect(outcome.status, outcome.stderr).to.equal(0);
    for (const server of servers.slice(0, 5)) expect(lineAt(server, id)).to.equal(undefined);
  });

  /** Something to copy, and copied: a replica at offset 0 is not promoted. */
  function writeEverywhere(): void {
    for (const server of servers.slice(0, 3)) {
      const slots = redisCli(server.port, 'CLUSTER', 'NODES')
        .split('\n')
        .find((line) => line.includes('myself'))!;
      const first = /connected (\d+)/.exec(slots)![1]!;
      redisCli(server.port, 'SET', keyIn(Number(first)), 'value');
      expect(redisCli(server.port, 'WAIT', '1', '5000')).to.equal('1');
    }
  }

  it('fails over gracefully: the replica named is primary, the old one follows, slots have moved', async () => {
    writeEverywhere();
    const { document: before } = await tribJson(['check', entry]);
    const replica = before.nodes.find((node: any) => node.role === 'replica');
    const outcome = await tribJson(['failover', replica.address]);
    expect(outcome.status).to.equal(0);
    expect(outcome.document).to.include({ promoted: replica.id, demoted: replica.primary });
    const promoted = servers.find((server) => addressOf(server) === replica.address)!;
    expect(redisCli(promoted.port, 'ROLE')).to.match(/^master/);
    const demoted = servers.find((server) => idOf(server) === replica.primary)!;
    expect(redisCli(demoted.port, 'INFO', 'replication')).to.include('master_link_status:up');
    expect((await tribJson(['wait', entry])).status).to.equal(0);
  });

  it('chooses the replica of a primary, and promotes by force and by takeover only when asked twice', async () => {
    writeEverywhere();
    const primaryId = idOf(servers[1]!);
    for (const mode of ['--force', '--takeover']) {
      const unasked = await runTrib(['failover', entry, primaryId, mode]);
      expect(unasked.status, mode).to.equal(3);
    }
    const forced = await tribJson(['failover', entry, primaryId, '--force', '--yes']);
    expect(forced.status).to.equal(0);
    const back = await tribJson(['failover', entry, primaryId, '--takeover', '--yes']);
    expect(back.status).to.equal(0);
    expect(back.document.promoted).to.equal(primaryId);
    expect(redisCli(servers[1]!.port, 'ROLE')).to.match(/^master/);
  });

  it('promotes by takeover when the majority of primaries is dead, and refuses anything less', async () => {
    writeEverywhere();
    const [, second, third] = servers;
    const { document } = await tribJson(['check', entry]);
    const replica = document.nodes.find((node: any) => node.primary === idOf(second!));
    await Promise.all([second!.stop(), third!.stop()]);
    await waitUntil(
      'the cluster is down',
      () => clusterInfo(servers[0]!, 'cluster_state') === 'fail',
    );
    const forced = await tribJson(['failover', replica.address, '--force', '--yes']);
    expect(forced.document.error.code).to.equal('FAILOVER_FAILED');
    expect(forced.document.error.hints.join('\n')).to.include('--takeover');
    const taken = await tribJson(['failover', replica.address, '--takeover', '--yes']);
    expect(taken.status, JSON.stringify(taken.document)).to.equal(0);
  });

  it('resets a node: hard gives a new id, keys need --flush', async () => {
    const [alone] = await pool.start(1);
    redisCli(alone!.port, 'CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    await waitUntil('it serves', () => clusterInfo(alone!, 'cluster_state') === 'ok');
    redisCli(alone!.port, 'SET', 'key', 'value');
    const at = addressOf(alone!);
    const id = idOf(alone!);
    const refused = await tribJson(['reset', at, '--hard', '--yes']);
    expect(refused.document.error.code).to.equal('NODE_NOT_EMPTY');
    expect((await runTrib(['reset', at, '--hard', '--flush'])).status).to.equal(3);
    const done = await runTrib(['reset', at, '--hard', '--flush', '--yes']);
    expect(done.status, done.stderr).to.equal(0);
    expect(isBlank(alone!)).to.equal(true);
    expect(idOf(alone!)).to.not.equal(id);
  });

  it('sets the node timeout everywhere, and counts what failed', async () => {
    const { status, stdout } = await runTrib(['set-timeout', entry, '3000']);
    expect(status).to.equal(0);
    expect(stdout).to.include('>>> New node timeout set. 6 OK, 0 ERR.');
    for (const server of servers) expect(nodeTimeoutOf(server)).to.equal(3_000);
    expect((await runTrib(['set-timeout', entry, '99'])).status).to.equal(2);
  });

  it('calls every node, or only the primaries, and passes dashes on', async () => {
    const all = await runTrib(['call', '--json', entry, 'PING']);
    expect(all.status).to.equal(0);
    expect(JSON.parse(all.stdout).replies).to.have.length(6);
    const primaries = await runTrib(['call', entry, 'ECHO', '--json', '--cluster-only-masters']);
    expect(primaries.status).to.equal(0);
    expect(primaries.stdout.match(/^127\.0\.0\.1:\d+: --json$/gm)).to.have.length(3);
    const wrong = await runTrib(['call', entry, 'NOSUCHCOMMAND']);
    expect(wrong.status).to.equal(1);
    expect(wrong.stdout).to.include('ERR unknown command');
  });

  it('looks at a cluster with a stopped node within its deadline, and names the node', async () => {
    servers[3]!.signal('SIGSTOP');
    const check = await tribJson(['check', entry, '--deadline', '1s']);
    servers[3]!.signal('SIGCONT');
    expect(check.status).to.equal(1);
    const silent = check.document.nodes.find((node: any) => node.silent !== null);
    expect(silent.address).to.equal(addressOf(servers[3]!));
    expect(silent.silent).to.include('did not answer');
  });
});
